"""Polygons of a scene as the viewer's layers show them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray

from pipeline.artifacts import Item
from pipeline.config.dataset import Dataset
from pipeline.files import hash_file
from pipeline.imagery.tiles import TiledScene
from pipeline.imagery.transform import moved_points
from pipeline.mapping.geojson import read_objects
from pipeline.mapping.scores.scoring import Polygons
from pipeline.reporting.viewer.shapes import Shapes
from pipeline.stages.overview import on_grid, read_ignored, truths_of

LABELS = "labels.json"
NO_CLASS: Final = -1
"""Code that no class has."""
TruthReader = Callable[[str], Polygons | None]


def predicted_shapes(polygons: Item, tile: TiledScene) -> list[Shapes]:
    """Objects of a scene of stage ``polygons``, with their areas and probabilities.

    Args:
        polygons: The scene's item.
        tile: The scene on the working grid that they are shown on.

    Raises:
        ArtifactError: If the item's file is no such thing.
    """
    objects = read_objects(polygons.path("polygons.geojson"))
    to_grid = ~tile.to_map
    return [
        Shapes(code, _moved(found.parts, to_grid), found.area, found.probability)
        for code, found in sorted(objects.items())
    ]


def true_shapes(truth: Polygons, tile: TiledScene) -> list[Shapes]:
    """True polygons in map units, by class code, as the viewer shows them."""
    grid = on_grid(truth, tile)
    return [Shapes.of(code, whole, tile.metres) for code, whole in sorted(grid.items())]


def unknown_shapes(scene: Item, tile: TiledScene) -> list[Shapes] | None:
    """Ground of which the labels of a scene say nothing; None where they speak of all."""
    ignored = read_ignored(scene) if LABELS in scene.files else None
    return None if ignored is None else true_shapes({NO_CLASS: ignored}, tile)


def truth_keys(dataset: Dataset, scenes: Mapping[str, Item]) -> dict[str, str]:
    """What the truth of each scene is made from, by id; of those that may have one."""
    found = {name: item.digest for name, item in scenes.items() if LABELS in item.files}
    if dataset.solution is None or not (dataset.folder / dataset.solution).is_file():
        return found
    solution = hash_file(dataset.folder / dataset.solution)
    return {name: found.get(name, solution) for name in scenes}


def truth_reader(dataset: Dataset, scenes: Mapping[str, Item]) -> TruthReader:
    """Gives the true polygons of a scene in map units, None where they are not known.

    The solution is read once, and only if a scene without labels is asked for.

    Args:
        dataset: For its solution and classes.
        scenes: Items of stage ``scenes``.
    """
    bare = {name for name, item in scenes.items() if LABELS not in item.files}
    path = None if dataset.solution is None else dataset.folder / dataset.solution
    solution = path if path is not None and path.is_file() else None

    @cache
    def of_solution() -> dict[str, Polygons]:
        return truths_of(scenes, bare, solution, dataset.classes)

    def read(scene: str) -> Polygons | None:
        if scene in bare:
            return of_solution().get(scene)
        return truths_of(scenes, (scene,), None, dataset.classes)[scene]

    return read


def _moved(parts: NDArray[np.object_], affine: Affine) -> NDArray[np.object_]:
    """Geometries with every vertex sent through an affine."""
    found: NDArray[np.object_] = shapely.transform(parts, lambda xy: moved_points(xy, affine))
    return found
