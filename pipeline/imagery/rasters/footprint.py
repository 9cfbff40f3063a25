"""Whether files show the same ground, and how large they are."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pipeline.errors import ImageryError
from pipeline.imagery.rasters import header
from pipeline.imagery.rasters.group_files import WebTile
from pipeline.imagery.rasters.header import Place
from pipeline.imagery.rasters.source import Source
from pipeline.imagery.rasters.web_tiles import tile_transform


def check_same(sources: Sequence[Source]) -> None:
    """Check that files of single bands have one size and one place.

    Raises:
        ImageryError: Naming two that differ.
    """
    first = sources[0]
    for other in sources[1:]:
        same_size = other.shape == first.shape
        if same_size and _same_place(first.place, other.place, first.shape):
            continue
        raise ImageryError(
            f"{other.path}: bands of different footprints: {_described(other)}, and "
            f"{first.path} {_described(first)}; make each size of pixels a group of its own in "
            "dataset.groups, or bring the files onto one grid"
        )


def limit_size(source: Source, bands: int) -> None:
    """Refuse what no image of the ground has.

    Raises:
        ImageryError: Naming what is too large.
    """
    height, width = source.shape
    if max(source.shape) > header.MAX_SIDE or height * width * bands > header.MAX_SAMPLES:
        raise ImageryError(
            f"{source.path}: claims {bands} x {height} x {width} values, more than "
            f"{header.MAX_SAMPLES} or than {header.MAX_SIDE} along a side; cut the image into "
            "smaller scenes"
        )
    rows, columns = source.block
    if rows * columns * 8 > header.MAX_BLOCK:
        raise ImageryError(
            f"{source.path}: stores blocks of {rows} x {columns} pixels, each of which must be "
            "unpacked whole; store it in tiles, as with: gdal_translate -co TILED=YES old.tif "
            "new.tif"
        )


def placed(source: Source, tile: WebTile | None) -> Place:
    """Where an image lies: what the file says, else where its tile of a web map lies."""
    if source.place.to_map is not None or tile is None:
        return source.place
    return Place(*tile_transform(tile, source.shape))


def _same_place(one: Place, other: Place, shape: tuple[int, int]) -> bool:
    """Whether two images of one size differ by less than a hundredth of a pixel."""
    if one.crs != other.crs or (one.to_map is None) != (other.to_map is None):
        return False
    if one.to_map is None or other.to_map is None:
        return True
    height, width = shape
    between = ~one.to_map @ other.to_map
    corners = ((0, 0), (width, 0), (0, height), (width, height))
    return all(math.dist(between @ corner, corner) < 0.01 for corner in corners)


def _described(source: Source) -> str:
    height, width = source.shape
    size = f"has {height} x {width} pixels"
    to_map, crs = source.place.to_map, source.place.crs
    if to_map is None:
        return f"{size} and no coordinates"
    corners = [to_map @ corner for corner in ((0, 0), (width, height))]
    spread = " to ".join(f"({x:.10g}, {y:.10g})" for x, y in corners)
    return f"{size} from {spread} in {crs or 'an unknown reference system'}"
