"""``augment``: folds by place, sampling plans, and sheets that show what augmentation does.

Items: ``folds`` (folds.json), and per model ``plan-<model>`` (plan.csv) and
``contact-sheet-<model>`` (contact-sheet.png). All are made from the labelled scenes alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.errors import RasterioError
from rasterio.warp import transform

from pipeline.artifacts import Item, StageFolder
from pipeline.config.models import ModelRow
from pipeline.errors import ConfigError
from pipeline.files import read_json, write_bytes, write_json
from pipeline.imagery.bit_field import unpack
from pipeline.imagery.patches import Window, cut_mask
from pipeline.imagery.tiles import MASK, TiledScene
from pipeline.learning.folds import check_regions, folds_record, ground_cell, make_folds
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
from pipeline.reporting.score_table import show_table
from pipeline.stages.grids import Tile, labelled_tiles
from pipeline.stages.job import PLAN, Job

SHEET = "contact-sheet.png"


def run(job: Job) -> None:
    """Make folds, and a plan and a contact sheet per model."""
    if job.config.ensemble.trained is not None:
        with job.open("augment"):
            say(
                f"augment: nothing to plan, the networks are those of {job.config.ensemble.trained}"
            )
        return
    tiles = labelled_tiles(job)
    check_regions(job.scenes("tiles"), job.config.augment.same_place)
    windows = 0
    with job.open("augment") as folder:
        folds = _make_folds(job, folder, tiles)
        for row in job.config.models:
            own = labelled_tiles(job, row)
            plan = _make_plan(job, folder, row, own)
            _make_sheet(job, folder, row, own, plan)
            windows += len(plan.weights)
        made, items = len(folder.built), 1 + 2 * len(job.config.models)
    _show_folds(job, folds)
    say(
        f"augment: {windows} windows in {len(tiles)} labelled scenes, "
        f"{job.config.augment.folds} folds, {made or 'none'} of {items} items made"
    )


def _common(tiles: Mapping[str, Tile], codes: Sequence[int]) -> dict[str, Any]:
    """What both folds and plans depend on."""
    return {"masks": {s: tile.file(MASK) for s, tile in tiles.items()}, "codes": list(codes)}


def _make_folds(job: Job, folder: StageFolder, tiles: Mapping[str, Tile]) -> Item:
    settings, codes = job.config.augment, job.config.dataset.codes

    cells = _cells(job, tiles)

    def build(target: Path) -> None:
        areas = {scene: _areas(tile.open()) for scene, tile in tiles.items()}
        folds = make_folds(areas, settings.folds, settings.same_place, cells)
        write_json(target / "folds.json", folds_record(folds, codes))

    pairs = [list(pair) for pair in settings.same_place]
    inputs = {**_common(tiles, codes), "folds": settings.folds, "same_place": pairs}
    return folder.item("folds", {**inputs, "cells": cells}, build)


def _cells(job: Job, scenes: Iterable[str]) -> dict[str, str]:
    """Square of the ground that each scene's centre lies in, if folds go by squares.

    A scene without coordinates has none, and none whose coordinates lead to no place on Earth.
    """
    side = job.config.augment.cell
    if side is None:
        return {}
    cells, items = {}, job.scenes("scenes")
    for scene in scenes:
        record = read_json(items[scene].path("scene.json"))
        centre = _centre(record)
        if centre is not None:
            cells[scene] = ground_cell(*centre, side)
    if not cells:
        raise ConfigError(
            f"augment.cell: {side:g} metres on the ground, but no labelled scene has coordinates "
            "on the Earth; remove the key"
        )
    return cells


def _centre(record: Mapping[str, Any]) -> tuple[float, float] | None:
    """(longitude, latitude) of a scene's centre, degrees; None without coordinates."""
    if record.get("crs") is None:
        return None
    height, width = record["shape"]
    x, y = Affine(*record["to_map"]) @ (width / 2, height / 2)
    try:
        (longitude,), (latitude,), *_ = transform(record["crs"], "EPSG:4326", [x], [y])
    except RasterioError:
        return None
    known = math.isfinite(longitude) and math.isfinite(latitude)
    return (longitude, latitude) if known else None


def _areas(scene: TiledScene) -> NDArray[np.int64]:
    """(K + 1,) pixels of each class of a scene, and last all valid ones."""
    masks, valid = unpack(scene.mask, scene.classes)
    return np.array([*((masks & valid).sum(axis=(1, 2))), valid.sum()], np.int64)


def _show_folds(job: Job, folds: Item) -> None:
    """Print what each fold holds: the share of every class in its valid ground."""
    record, codes = read_json(folds.path("folds.json")), job.config.dataset.codes

    def shares(number: str) -> list[float]:
        return [record["shares"][number][str(code)] for code in codes]

    rows = [
        (
            number,
            ", ".join(scenes),
            *(f"{100 * share:.2f}" if share else "-" for share in shares(number)),
        )
        for number, scenes in record["folds"].items()
    ]
    names = [row.name for row in job.config.dataset.classes]
    show_table("What each fold holds out, % of its valid ground", ("", "scenes", *names), rows)


def _make_plan(job: Job, folder: StageFolder, row: ModelRow, tiles: Mapping[str, Tile]) -> Plan:
    settings, places = row.augment, job.config.places_of(row)
    codes = job.config.codes_of(row)

    def windows(tile: Tile) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        scene = tile.open()
        corners = scene_windows(scene.shape, settings.patch, settings.stride)
        masks, valid = unpack(scene.mask, scene.classes)
        return corners, window_counts(masks[places], valid, corners, settings.patch)

    def build(target: Path) -> None:
        scenes = track(list(tiles.items()), "planning windows")
        plan = make_plan({scene: windows(tile) for scene, tile in scenes}, settings.rare)
        write_bytes(target / "plan.csv", plan_text(plan, codes).encode())

    inputs = {name: getattr(settings, name) for name in ("patch", "stride", "rare")}
    item = folder.item(f"{PLAN}{row.name}", {**_common(tiles, codes), **inputs}, build)
    return read_plan(item.path("plan.csv"))


def _make_sheet(
    job: Job, folder: StageFolder, row: ModelRow, tiles: Mapping[str, Tile], plan: Plan
) -> None:
    """Show the window with the most variety."""
    patch, places = row.augment.patch, job.config.places_of(row)
    classes = [job.config.dataset.classes[place] for place in places]
    best = int(np.sqrt(plan.counts[:, :-1]).sum(axis=1).argmax())
    name = plan.names[plan.scenes[best]]
    top, left = (int(value) for value in plan.corners[best])
    window = Window(top, left, patch, patch)

    def build(target: Path) -> None:
        scene = tiles[name].open()
        masks, valid = cut_mask(scene, window)
        metres = patch * scene.metres
        title = f"scene {name}, row {top}, column {left}: {patch} pixels = {metres:.0f} m"
        sheet = contact_sheet(_picture(scene, window), masks[places], valid, classes, title)
        sheet.save(target / SHEET, optimize=True)

    inputs = {
        "tile": tiles[name].digest,
        "window": [top, left, patch],
        "classes": [item.model_dump(mode="json") for item in classes],
    }
    folder.item(f"contact-sheet-{row.name}", inputs, build)


def _picture(scene: TiledScene, window: Window) -> Picture:
    """A window as people see it, (PANEL, PANEL, 3), from the scene's finest group."""
    closer = Affine.scale(PANEL / window.width) @ Affine.translation(-window.col, -window.row)
    groups = {
        name: replace(group, to_working=closer @ group.to_working)
        for name, group in scene.groups.items()
    }
    return colour_picture(replace(scene, shape=(PANEL, PANEL), groups=groups))
