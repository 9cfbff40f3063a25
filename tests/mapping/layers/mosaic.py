"""A mask cut into scenes, and their objects on the map."""

from collections.abc import Iterator
from typing import TypeVar

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray

from pipeline.mapping.geometry.simplification import Parts
from pipeline.mapping.layers.footprints import Footprint
from pipeline.mapping.layers.map_objects import MapObjects

Pixel = TypeVar("Pixel", np.bool_, np.uint8)
TO_MAP = Affine(10, 0, 500_000, 0, -10, 5_000_000)
TURNED = Affine.translation(500_000, 5_000_000) @ Affine.rotation(30) @ Affine.scale(10, -10)


def on_map(parts: Parts, to_map: Affine) -> Parts:
    moved: Parts = shapely.transform(
        parts, lambda points: np.column_stack(to_map @ (points[:, 0], points[:, 1]))
    )
    return moved


def objects(parts: Parts, scene: str, code: int = 3, probability: float = 0.5) -> MapObjects:
    count = len(parts)
    return MapObjects(
        parts,
        np.full(count, code),
        np.full(count, probability),
        shapely.area(parts),
        np.full(count, scene, object),
    )


def footprints(shape: tuple[int, int], side: int, to_map: Affine = TO_MAP) -> list[Footprint]:
    """Scenes of a side, in rows from the upper left."""
    return [
        Footprint(
            f"s_{row:04d}_{column:04d}",
            to_map @ Affine.translation(column, row),
            (min(side, shape[0] - row), min(side, shape[1] - column)),
        )
        for row in range(0, shape[0], side)
        for column in range(0, shape[1], side)
    ]


def cut(
    mask: NDArray[Pixel], scenes: list[Footprint], to_map: Affine = TO_MAP
) -> Iterator[tuple[Footprint, NDArray[Pixel]]]:
    """Each scene and its part of a mask."""
    for one in scenes:
        column, row = (round(value) for value in ~to_map @ (one.to_map.c, one.to_map.f))
        yield one, mask[row : row + one.shape[0], column : column + one.shape[1]]
