"""What probabilities are worth at every threshold, counted once on labelled scenes.

Item ``levels`` holds levels.npz: ``positives`` and ``negatives`` (F, K, 256), pixels per level of
each fold, and the counts of :class:`~pipeline.reporting.report.confusion.ClassConfusion`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from pipeline.artifacts import Item, StageFolder
from pipeline.errors import ArtifactError
from pipeline.imagery.tiles import open_tiles
from pipeline.learning.metrics import Counts, LevelCounts
from pipeline.mapping.masks.postprocessing import Cleaning, cleaning_of
from pipeline.mapping.prediction.raster import open_levels
from pipeline.progress import track
from pipeline.reporting.page.blocks import Section
from pipeline.reporting.report.confusion import ClassConfusion
from pipeline.reporting.report.held_out_levels import HeldOutLevels
from pipeline.reporting.report.threshold_section import threshold_section
from pipeline.reporting.viewer.palette import viewer_classes
from pipeline.stages.evidence.chapter import Chapter, finished
from pipeline.stages.evidence.level_counts import count_scene
from pipeline.stages.held_out import folds_of, thresholds_of
from pipeline.stages.job import Job

_FILE: Final = "levels.npz"
_NO_SCENE: Final = ""
"""Stands for every scene without labels: thresholds of all folds."""


def chapter(job: Job, folder: StageFolder) -> Chapter | None:
    """Section ``thresholds``; None where no scene is both labelled and predicted."""
    known = [finished(job, stage) for stage in ("predict", "tiles", "evaluate")]
    if any(items is None for items in known):
        return None
    predictions, tiles = job.scenes("predict"), job.scenes("tiles")
    held_out = bool(folds_of(job))
    folds = _present(folds_of(job) if held_out else [_labelled(tiles)], predictions, tiles)
    if not folds:
        return None
    cuts = _Cuts(job)
    pairs = {scene: (predictions[scene], tiles[scene]) for fold in folds for scene in fold}
    inputs: dict[str, Any] = {
        "folds": folds,
        "codes": list(job.config.dataset.codes),
        "scenes": {
            scene: [*(item.digest for item in items), cuts.record(scene)]
            for scene, items in pairs.items()
        },
    }

    def build(target: Path) -> None:
        _write(target / _FILE, _count(folds, pairs, cuts))

    item = folder.item("levels", inputs, build)
    rows = job.config.dataset.classes

    def write() -> list[Section]:
        counts, confusion = _read(item)
        by_fold = [cuts.levels(fold[0]) for fold in folds]
        return [
            threshold_section(
                HeldOutLevels(
                    counts,
                    cuts.levels(_NO_SCENE),
                    by_fold,
                    confusion,
                    viewer_classes(rows),
                    len(pairs),
                    held_out,
                )
            )
        ]

    chosen = [cuts.record(_NO_SCENE), held_out, [row.model_dump(mode="json") for row in rows]]
    return Chapter("levels", {"levels": item.digest, "chosen": chosen}, write)


class _Cuts:
    """How each scene's levels are smoothed and cut, one cleaning per class."""

    def __init__(self, job: Job) -> None:
        self._settings, self._codes = job.config.polygons, job.config.dataset.codes
        self._levels = thresholds_of(job)

    def of(self, scene: str) -> list[Cleaning]:
        pairs = zip(self._codes, self._levels(scene), strict=True)
        return [cleaning_of(self._settings, code, level) for code, level in pairs]

    def levels(self, scene: str) -> Counts:
        """(K,) thresholds."""
        return np.array([cleaning.level for cleaning in self.of(scene)], np.int64)

    def record(self, scene: str) -> list[list[float]]:
        """All that counts depend on, as JSON."""
        return [[row.level, row.smooth, row.median] for row in self.of(scene)]


def _labelled(tiles: Mapping[str, Item]) -> list[str]:
    return [scene for scene, item in sorted(tiles.items()) if open_tiles(item.folder).labelled]


def _present(
    folds: Iterable[Sequence[str]], predictions: Mapping[str, Item], tiles: Mapping[str, Item]
) -> list[list[str]]:
    """Scenes of each fold that are there; folds without any are left out."""
    found = [[scene for scene in fold if scene in predictions and scene in tiles] for fold in folds]
    return [fold for fold in found if fold]


def _count(
    folds: Sequence[Sequence[str]], pairs: Mapping[str, tuple[Item, Item]], cuts: _Cuts
) -> tuple[list[LevelCounts], ClassConfusion]:
    """Counts of each fold and confusion of all, one scene after the other."""
    classes = len(cuts.of(_NO_SCENE))
    counts = [LevelCounts.empty(classes) for _ in folds]
    fold_of = {scene: fold for fold, scenes in enumerate(folds) for scene in scenes}
    confusion = ClassConfusion.empty(classes)
    for scene, (prediction, tiled) in track(pairs.items(), "counting levels"):
        tile, path = open_tiles(tiled.folder), prediction.path("probability.tif")
        with open_levels(path) as levels:
            if levels.shape != (classes, *tile.shape):
                raise ArtifactError(
                    f"{path}: is of shape {levels.shape}, but the masks are of "
                    f"{(classes, *tile.shape)}; run `predict`"
                )
            into = counts[fold_of[scene]]
            count_scene(levels, tile.mask, cuts.of(scene), tile.metres, into, confusion)
    return counts, confusion


def _write(path: Path, counted: tuple[list[LevelCounts], ClassConfusion]) -> None:
    counts, confusion = counted
    arrays: dict[str, Any] = {
        "positives": np.stack([fold.positives for fold in counts]),
        "negatives": np.stack([fold.negatives for fold in counts]),
        **confusion.arrays(),
    }
    np.savez(path, **arrays)


def _read(item: Item) -> tuple[list[LevelCounts], ClassConfusion]:
    with np.load(item.path(_FILE), allow_pickle=False) as stored:
        arrays = dict(stored)
    folds = zip(arrays["positives"], arrays["negatives"], strict=True)
    return [LevelCounts(*fold) for fold in folds], ClassConfusion.of_arrays(arrays)
