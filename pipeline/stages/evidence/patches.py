"""The worst and best patches of each class.

Item ``patches`` holds patches.json and a picture of each patch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.artifacts import StageFolder
from pipeline.config.dataset import BandGroupRow
from pipeline.config.report import Composite
from pipeline.files import read_json, write_bytes, write_json
from pipeline.imagery.patches import Window
from pipeline.imagery.tiles import TiledScene
from pipeline.imagery.transform import Shape
from pipeline.mapping.prediction.raster import LevelsFile, open_levels
from pipeline.mapping.thresholds import probability_of
from pipeline.progress import track
from pipeline.reporting.page.blocks import Section
from pipeline.reporting.picture import Picture
from pipeline.reporting.report.patch_choice import (
    Choice,
    SceneCounts,
    count_windows,
    worst_and_best,
)
from pipeline.reporting.report.patch_facts import Patch
from pipeline.reporting.report.patch_photo import photographs
from pipeline.reporting.report.patch_reasons import reasons_text
from pipeline.reporting.report.patch_sheet import SIDE, draw_patch
from pipeline.reporting.report.patch_words import errors_text
from pipeline.reporting.report.patches import ClassPatches, PatchRecord, patches_section
from pipeline.reporting.viewer.composites import composites, draw_composite
from pipeline.stages.evidence.chapter import Chapter
from pipeline.stages.evidence.judged import JudgedScenes, judged_scenes
from pipeline.stages.job import Job

_FILE: Final = "patches.json"
_SIDES: Final = (64, 128)
"""Least and greatest side of a patch, working pixels."""
_REASONS: Final = (2, 1)
"""Reasons told of a patch among the worst, and among the best."""
_PART: Final = 0.18
"""Part of the report that pictures of patches may take."""


def chapter(job: Job, folder: StageFolder) -> Chapter | None:
    """Section ``patches``; None where no truth is known, or none are wanted."""
    count = job.config.report.patches
    ground = judged_scenes(job) if count else None
    if ground is None:
        return None
    side = min(max(job.config.augment.patch // 2, _SIDES[0]), _SIDES[1])
    camera = _Camera.of(job)
    inputs = {**ground.inputs, "count": count, "side": side, "picture": camera.inputs()}
    item = folder.item(
        "patches", inputs, partial(_write, ground=ground, camera=camera, count=count, side=side)
    )
    limit = job.config.report.megabytes * 1e6 * _PART

    def write() -> list[Section]:
        classes = [ClassPatches.from_json(row) for row in read_json(item.path(_FILE))]
        pictures = {name: item.path(name).read_bytes() for name in item.files if name != _FILE}
        words = f"about {side} pixels ({side * job.config.tiles.metres:,.3g} m)"
        return [patches_section(classes, pictures, ground.of, words, limit)]

    return Chapter("patches", {"patches": item.digest, "limit": limit}, write)


@dataclass(frozen=True)
class _Camera:
    """The first picture of each scene, as the viewer shows it."""

    composite: Composite
    groups: tuple[BandGroupRow, ...]

    @classmethod
    def of(cls, job: Job) -> Self:
        used = job.config.used_groups()
        groups = tuple(row for row in job.config.dataset.groups if row.name in used)
        return cls(composites(job.config.report, groups)[0], groups)

    def inputs(self) -> list[Any]:
        rows = [[row.name, list(row.bands)] for row in self.groups]
        return [self.composite.model_dump(mode="json"), rows]

    def take(self, scene: TiledScene, longer: int) -> Picture:
        return draw_composite(scene, self.composite, self.groups, longer)


def _write(target: Path, ground: JudgedScenes, camera: _Camera, count: int, side: int) -> None:
    """Choose, draw and explain."""
    counts = []
    for scene in track(list(ground.scenes), "counting patches"):
        tile, read = ground.open(scene)
        counts.append(count_windows(scene, tile.shape, len(ground.classes), side, read))
    chosen = [worst_and_best(counts, place, count) for place in range(len(ground.classes))]
    told = {
        one: count
        for pair in chosen
        for kind, count in zip(pair, _REASONS, strict=True)
        for one in kind
    }
    records = _records(target, ground, camera, told)
    rows = []
    for place, (row, (worst, best)) in enumerate(zip(ground.classes, chosen, strict=True)):
        shown = (tuple(records[one] for one in kind) for kind in (worst, best))
        rows.append(asdict(ClassPatches(row.code, row.name, _total(counts, place), *shown)))
    write_json(target / _FILE, rows)


def _total(counts: Sequence[SceneCounts], place: int) -> tuple[int, int, int]:
    tp, fp, fn = (sum(int(row.total[place, kind]) for row in counts) for kind in range(3))
    return tp, fp, fn


def _records(
    target: Path, ground: JudgedScenes, camera: _Camera, choices: Mapping[Choice, int]
) -> dict[Choice, PatchRecord]:
    """Draw patches, one scene after the other, and say what each shows with so many reasons."""
    records: dict[Choice, PatchRecord] = {}
    for scene in track(sorted({one.scene for one in choices}), "drawing patches"):
        own = [one for one in choices if one.scene == scene]
        tile, read = ground.open(scene)
        photos = photographs(tile, [one.window for one in own], SIDE, camera.take)
        with open_levels(ground.scenes[scene].prediction.path("probability.tif")) as levels:
            for one, photo in zip(own, photos, strict=True):
                window, seen = one.window, read(one.window)
                patch = Patch(
                    truth=seen.truth,
                    found=seen.found,
                    valid=seen.valid,
                    place=one.place,
                    names=tuple(row.name for row in ground.classes),
                    probability=_probability(levels, one),
                    threshold=ground.scenes[scene].thresholds[one.place],
                    picture=_shrunk(photo, window),
                    metres=tile.metres,
                    margins=_margins(window, tile.shape),
                )
                name = f"patch-{len(records):04d}.webp"
                write_bytes(target / name, draw_patch(photo, patch.true, patch.said, patch.valid))
                records[one] = _record(one, patch, name, choices[one])
    return records


def _record(one: Choice, patch: Patch, name: str, most: int) -> PatchRecord:
    window = one.window
    box = (window.col, window.row, window.col + window.width, window.row + window.height)
    why = reasons_text(patch, most)
    return PatchRecord(one.scene, box, one.jaccard, errors_text(patch), why, name)


def _probability(levels: LevelsFile, one: Choice) -> NDArray[np.float32]:
    """(h, w) of the patch's class; 0 where there is no answer."""
    window = one.window
    rows = levels.read(one.place, slice(window.row, window.row + window.height))
    own = rows[:, window.col : window.col + window.width]
    return own.astype(np.float32) * np.float32(probability_of(1))


def _shrunk(photo: Picture, window: Window) -> Picture:
    """A photograph with a pixel per working pixel."""
    size = (window.width, window.height)
    return np.asarray(Image.fromarray(photo).resize(size, Image.Resampling.BOX))


def _margins(window: Window, shape: Shape) -> tuple[int, int, int, int]:
    """Pixels from a window's top, left, bottom and right to the scene's border."""
    bottom, right = window.row + window.height, window.col + window.width
    return window.row, window.col, shape[0] - bottom, shape[1] - right
