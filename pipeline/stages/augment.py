"""``augment``: folds by place, the sampling plan, and a sheet that shows what augmentation does.

Items: ``folds`` (folds.json), ``plan`` (plan.csv) and ``contact-sheet`` (contact-sheet.png). All
are made from the labelled scenes alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray

from pipeline.artifacts import Item, StageFolder
from pipeline.files import write_bytes, write_json
from pipeline.imagery.patches import Window, cut_mask
from pipeline.imagery.tiles import TiledScene, open_tiles, unpack
from pipeline.learning.folds import check_regions, folds_record, make_folds
from pipeline.learning.plan import (
    Plan,
    make_plan,
    plan_text,
    read_plan,
    scene_windows,
    window_counts,
)
from pipeline.progress import say, track
from pipeline.reporting.contact_sheet import PANEL, contact_sheet
from pipeline.reporting.picture import Picture, colour_picture
from pipeline.stages.job import Job
from pipeline.stages.labelled import MASK, labelled_tiles

SHEET = "contact-sheet.png"


def run(job: Job) -> None:
    """Make folds, plan and contact sheet."""
    tiles = labelled_tiles(job)
    check_regions(job.scenes("tiles"), job.config.augment.same_place)
    masks = {scene: item.files[MASK].sha256 for scene, item in tiles.items()}
    common = {"masks": masks, "codes": list(job.config.dataset.codes)}
    with job.open("augment") as folder:
        _make_folds(job, folder, tiles, common)
        plan = _make_plan(job, folder, tiles, common)
        _make_sheet(job, folder, tiles, plan)
        made = len(folder.built)
    say(
        f"augment: {len(plan.weights)} windows in {len(tiles)} labelled scenes, "
        f"{job.config.augment.folds} folds, {made or 'none'} of 3 items made"
    )


def _make_folds(
    job: Job, folder: StageFolder, tiles: Mapping[str, Item], common: Mapping[str, Any]
) -> None:
    settings, codes = job.config.augment, job.config.dataset.codes

    def build(target: Path) -> None:
        areas = {scene: _areas(item) for scene, item in tiles.items()}
        folds = make_folds(areas, settings.folds, settings.same_place)
        write_json(target / "folds.json", folds_record(folds, codes))

    pairs = [list(pair) for pair in settings.same_place]
    folder.item("folds", {**common, "folds": settings.folds, "same_place": pairs}, build)


def _areas(item: Item) -> NDArray[np.int64]:
    """(K + 1,) pixels of each class of a scene, and last all valid ones."""
    scene = open_tiles(item.folder)
    masks, valid = unpack(scene.mask, scene.classes)
    return np.array([*((masks & valid).sum(axis=(1, 2))), valid.sum()], np.int64)


def _make_plan(
    job: Job, folder: StageFolder, tiles: Mapping[str, Item], common: Mapping[str, Any]
) -> Plan:
    settings = job.config.augment

    def windows(item: Item) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        scene = open_tiles(item.folder)
        corners = scene_windows(scene.shape, settings.patch, settings.stride)
        masks, valid = unpack(scene.mask, scene.classes)
        return corners, window_counts(masks, valid, corners, settings.patch)

    def build(target: Path) -> None:
        scenes = track(list(tiles.items()), "planning windows")
        plan = make_plan({scene: windows(item) for scene, item in scenes}, settings.rare)
        write_bytes(target / "plan.csv", plan_text(plan, job.config.dataset.codes).encode())

    inputs = {name: getattr(settings, name) for name in ("patch", "stride", "rare")}
    return read_plan(folder.item("plan", {**common, **inputs}, build).path("plan.csv"))


def _make_sheet(job: Job, folder: StageFolder, tiles: Mapping[str, Item], plan: Plan) -> None:
    """Show the window with the most variety."""
    classes, patch = job.config.dataset.classes, job.config.augment.patch
    best = int(np.sqrt(plan.counts[:, :-1]).sum(axis=1).argmax())
    name = plan.names[plan.scenes[best]]
    row, col = (int(value) for value in plan.corners[best])
    window = Window(row, col, patch, patch)

    def build(target: Path) -> None:
        scene = open_tiles(tiles[name].folder)
        masks, valid = cut_mask(scene, window)
        metres = patch * scene.metres
        title = f"scene {name}, row {row}, column {col}: {patch} pixels = {metres:.0f} m"
        sheet = contact_sheet(_picture(scene, window), masks, valid, classes, title)
        sheet.save(target / SHEET, optimize=True)

    inputs = {
        "tile": tiles[name].digest,
        "window": [row, col, patch],
        "classes": [item.model_dump(mode="json") for item in classes],
    }
    folder.item("contact-sheet", inputs, build)


def _picture(scene: TiledScene, window: Window) -> Picture:
    """A window as people see it, (PANEL, PANEL, 3), from the scene's finest group."""
    closer = Affine.scale(PANEL / window.width) @ Affine.translation(-window.col, -window.row)
    groups = {
        name: replace(group, to_working=closer @ group.to_working)
        for name, group in scene.groups.items()
    }
    return colour_picture(replace(scene, shape=(PANEL, PANEL), groups=groups))
