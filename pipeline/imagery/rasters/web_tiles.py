"""Tiles of web maps: where the image of a tile lies."""

from __future__ import annotations

import math
from typing import Final

from affine import Affine

from pipeline.errors import ImageryError
from pipeline.imagery.rasters.group_files import WebTile
from pipeline.imagery.transform import Shape

MAX_ZOOM: Final = 30
_HALF: Final = math.pi * 6_378_137.0
"""Half the width of the web map, metres of EPSG:3857: pi times the ellipsoid's semi-major axis."""


def tile_transform(tile: WebTile, shape: Shape) -> tuple[Affine, str]:
    """Transform of the image of a tile, and its reference system.

    At zoom z the square world map, 2 pi R wide, is cut into 2^z by 2^z tiles, counted from its
    north-western corner (OGC 17-083r4, Two Dimensional Tile Matrix Set, annex D.1,
    WebMercatorQuad).

    Args:
        tile: Which tile; rows are counted from the north, as in x/y/z addresses, not as in TMS.
        shape: (H, W) of its image in pixels.

    Returns:
        Pixel edges to metres of EPSG:3857, and ``EPSG:3857``.

    Raises:
        ImageryError: If the map has no such tile.
    """
    check_tile(tile)
    side = 2 * _HALF / 2**tile.z
    corner = Affine.translation(tile.x * side - _HALF, _HALF - tile.y * side)
    return corner @ Affine.scale(side / shape[1], -side / shape[0]), "EPSG:3857"


def check_tile(tile: WebTile) -> None:
    """Check that a web map has a tile.

    Raises:
        ImageryError: If it has none.
    """
    if not 0 <= tile.z <= MAX_ZOOM:
        raise ImageryError(
            f"tile z={tile.z}, x={tile.x}, y={tile.y}: the zoom must be from 0 to {MAX_ZOOM}; "
            "is the order of {z}, {x} and {y} right in dataset.groups?"
        )
    if not (0 <= tile.x < 2**tile.z and 0 <= tile.y < 2**tile.z):
        raise ImageryError(
            f"tile z={tile.z}, x={tile.x}, y={tile.y}: at this zoom x and y go from 0 to "
            f"{2**tile.z - 1}; is the order of {{z}}, {{x}} and {{y}} right in dataset.groups?"
        )
