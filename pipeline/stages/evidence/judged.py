"""Scenes beside their truth, window by window: polygons as they are handed in, as masks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio.features import rasterize
from shapely.geometry.base import BaseGeometry

from pipeline.artifacts import Item
from pipeline.config.dataset import ClassRow
from pipeline.files import hash_file
from pipeline.imagery.outlines import made_valid
from pipeline.imagery.patches import Window, cut_mask
from pipeline.imagery.tiles import TiledScene, open_tiles
from pipeline.imagery.transform import moved_points
from pipeline.mapping.geojson import read_geojson
from pipeline.mapping.masks.finishing import finish_of
from pipeline.mapping.thresholds import probability_of
from pipeline.mapping.vectors.sources import Source
from pipeline.reporting.report.patch_choice import Judged, Masks, Reader
from pipeline.reporting.report.patches import HELD_OUT, LABELS, SOLUTION
from pipeline.stages.evidence.chapter import finished
from pipeline.stages.held_out import thresholds_of
from pipeline.stages.job import Job

_NEEDED: Final = ("tiles", "evaluate", "predict", "polygons")


class PolygonMasks:
    """Masks of polygons, drawn window by window.

    Args:
        polygons: By class code, in map units; a code that is missing is empty.
        codes: The K classes.
        to_map: Pixel edges of the working grid to map units.
    """

    def __init__(
        self, polygons: Mapping[int, BaseGeometry], codes: Sequence[int], to_map: Affine
    ) -> None:
        self._parts: list[NDArray[np.object_]] = []
        for code in codes:
            parts = shapely.get_parts(polygons.get(code, shapely.MultiPolygon()))
            whole = parts[~shapely.is_empty(parts)]
            self._parts.append(shapely.transform(whole, lambda xy: moved_points(xy, ~to_map)))
        self._trees = [shapely.STRtree(parts) for parts in self._parts]

    def read(self, window: Window) -> Masks:
        """(K, h, w); a pixel is of a polygon that holds its centre."""
        shape = (window.height, window.width)
        masks = np.zeros((len(self._parts), *shape), np.bool_)
        box = shapely.box(
            window.col, window.row, window.col + window.width, window.row + window.height
        )
        place = Affine.translation(window.col, window.row)
        for mask, parts, tree in zip(masks, self._parts, self._trees, strict=True):
            inside = parts[np.sort(tree.query(box))]
            if len(inside):
                mask[:] = rasterize(inside, out_shape=shape, transform=place, dtype=np.uint8)
        return masks


def _labels_of(scene: TiledScene) -> Callable[[Window], Masks]:
    """The true masks (K, h, w) of a labelled scene, as training and scores see them."""
    return lambda window: cut_mask(scene, window)[0]


def _judged(scene: TiledScene, found: PolygonMasks, truth: Callable[[Window], Masks]) -> Reader:
    """Gives any window of a scene with what is found and true there."""

    def read(window: Window) -> Judged:
        _, valid = cut_mask(scene, window)
        return Judged(truth(window) & valid, found.read(window) & valid, valid)

    return read


@dataclass(frozen=True)
class JudgedScene:
    """A scene to be judged: its items, and the least probability of each of the K classes."""

    tile: Item
    prediction: Item
    polygons: Item
    thresholds: tuple[float, ...]

    def inputs(self) -> list[Any]:
        """All that its masks and numbers depend on, as JSON."""
        items = (self.tile, self.prediction, self.polygons)
        return [*(item.digest for item in items), list(self.thresholds)]


@dataclass(frozen=True)
class JudgedScenes:
    """Scenes whose truth is known.

    Attributes:
        of: What tells it.
        scenes: Scenes by id.
        classes: The run's.
        solution: File of the true polygons; None where the scenes have labels.
    """

    of: str
    scenes: Mapping[str, JudgedScene]
    classes: tuple[ClassRow, ...]
    solution: Path | None = None

    @property
    def inputs(self) -> dict[str, Any]:
        """All that its masks depend on, as JSON."""
        return {
            "of": self.of,
            "classes": [[row.code, row.name] for row in self.classes],
            "scenes": {scene: row.inputs() for scene, row in self.scenes.items()},
            "solution": None if self.solution is None else hash_file(self.solution),
        }

    @cached_property
    def _solved(self) -> dict[str, dict[int, BaseGeometry]]:
        """True polygons in map units by scene and class, of the solution."""
        found: dict[str, dict[int, BaseGeometry]] = {scene: {} for scene in self.scenes}
        if self.solution is not None:
            for entry in Source(self.solution, self.classes).entries():
                if entry.image in found:
                    found[entry.image][entry.code] = made_valid(entry.geometry())
        return found

    def open(self, scene: str) -> tuple[TiledScene, Reader]:
        """A scene, and what gives any window of it with its truth."""
        row, codes = self.scenes[scene], [row.code for row in self.classes]
        tile = open_tiles(row.tile.folder)
        found = read_geojson(row.polygons.path("polygons.geojson"))
        truth: Callable[[Window], Masks] = _labels_of(tile)
        if self.solution is not None:
            truth = PolygonMasks(self._solved[scene], codes, tile.to_map).read
        return tile, _judged(tile, PolygonMasks(found, codes, tile.to_map), truth)


def judged_scenes(job: Job) -> JudgedScenes | None:
    """Labelled scenes, or those of the solution where none is; None where no truth is known.

    Raises:
        ArtifactError: If a stage before was damaged.
    """
    if any(finished(job, stage) is None for stage in _NEEDED):
        return None
    return _labelled(job) or _solved(job)


def _labelled(job: Job) -> JudgedScenes | None:
    """Labelled scenes that are predicted."""
    scenes = _scenes(
        job,
        (name for name, item in job.scenes("tiles").items() if open_tiles(item.folder).labelled),
    )
    of = HELD_OUT if job.config.ensemble.trained is None else LABELS
    return JudgedScenes(of, scenes, job.config.dataset.classes) if scenes else None


def _solved(job: Job) -> JudgedScenes | None:
    """Scenes of the solution, where there is one."""
    dataset = job.config.dataset
    solution = None if dataset.solution is None else dataset.folder / dataset.solution
    if solution is None or not solution.exists() or solution.is_dir():
        return None
    scenes = _scenes(job, Source(solution, dataset.classes).scenes())
    return JudgedScenes(SOLUTION, scenes, dataset.classes, solution) if scenes else None


def _scenes(job: Job, names: Iterable[str]) -> dict[str, JudgedScene]:
    """The scenes of these that have polygons."""
    tiles, predictions, polygons = (job.scenes(stage) for stage in ("tiles", "predict", "polygons"))
    chosen = thresholds_of(job)
    found = {}
    for scene in sorted(set(names) & set(tiles) & set(predictions) & set(polygons)):
        finish = finish_of(job.config.polygons, job.config.dataset.classes, chosen(scene))
        least = tuple(probability_of(cleaning.level) for cleaning in finish.cleanings)
        found[scene] = JudgedScene(tiles[scene], predictions[scene], polygons[scene], least)
    return found
