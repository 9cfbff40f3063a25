"""Drift between images and map where the tiles of a region were cut in whole pixels.

The contest cut each region's image into five by five tiles of equal whole numbers of pixels, and
its map grid into equal parts. For the coarse bands a tile is not a whole number of pixels wide: the
image of column c starts at pixel ``c * W``, its map at ``c * Xmax / unit``, so the image drifts by
up to an eighth of a pixel to a pixel per column (``unit`` is a pixel in map units, ``W`` the width
of the full tiles). The last column holds what is left. Seen on the contest's short-wave infrared
files, where the labels confirm it: a region of 135.6 pixels per tile cut every 136 drifts 0.36
pixels per column.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.imagery.transform import Shape

_GRID_ID = re.compile(r"(?P<region>[A-Za-z0-9]+)_(?P<row>\d+)_(?P<column>\d+)", re.ASCII)


@dataclass(frozen=True)
class GridId:
    """A scene's id of the form ``region_row_column``, for offsets, drift and folds alike."""

    region: str
    row: int
    column: int

    @classmethod
    def of(cls, scene_id: str) -> GridId | None:
        """Parts of an id, or None if it has another form."""
        found = _GRID_ID.fullmatch(scene_id)
        if found is None:
            return None
        return cls(found["region"], int(found["row"]), int(found["column"]))


def region_of(scene_id: str) -> str:
    """Region of a scene; an id of another form is a region of its own."""
    place = GridId.of(scene_id)
    return scene_id if place is None else place.region


def full_tiles(shapes: Mapping[str, Shape]) -> dict[str, Shape]:
    """(H, W) of the full tiles per region: the largest of its images.

    Args:
        shapes: (H, W) of each scene's image.
    """
    full: dict[str, Shape] = {}
    for scene_id, (height, width) in shapes.items():
        known = full.get(region_of(scene_id), (0, 0))
        full[region_of(scene_id)] = (max(known[0], height), max(known[1], width))
    return full


def drift(scene_id: str, full: Shape, extent: tuple[float, float]) -> tuple[float, float]:
    """How far a scene's image lies past where its map begins, (rows, columns) in its pixels.

    Args:
        scene_id: Id of the scene.
        full: (H, W) of its region's full tiles.
        extent: (height, width) of the scene's map in pixels, fractions included.
    """
    place = GridId.of(scene_id)
    if place is None:
        return 0.0, 0.0
    return place.row * (full[0] - extent[0]), place.column * (full[1] - extent[1])
