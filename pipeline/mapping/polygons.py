"""Outlines of binary masks along pixel edges.

Every vertex is a pixel corner, so drawing the outlines gives back the mask to the pixel. Parts
are 4-connected: pixels that meet in a corner only are two parts that touch in a point, which keeps
every polygon valid.
"""

from __future__ import annotations

from itertools import chain
from typing import Any

import numpy as np
import rasterio.features
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon

from pipeline.mapping.simplification import Parts, simplified


def outline(
    mask: NDArray[np.bool_], min_area: float = 0, min_hole: float = 0, simplify: float = 0
) -> Parts:
    """Polygons of a mask, in pixel coordinates (column, row).

    Args:
        mask: (H, W) bool.
        min_area: Parts of less than this many pixels are dropped, after holes were filled.
        min_hole: Holes of less than this many pixels are filled.
        simplify: Farthest that an outline may move, pixels; 0 keeps every pixel edge.

    Returns:
        Parts that together form a valid MultiPolygon, in an order that only the mask decides.
    """
    parts = trace(mask)
    if min_hole > 0:
        holes = _small_holes(parts, min_hole)
        if len(holes):
            parts = trace(mask | (draw(holes, mask.shape) > 0))
    if min_area > 0:
        parts = parts[shapely.area(parts) >= min_area]
    return simplified(parts, simplify) if simplify > 0 else parts


def trace(mask: NDArray[np.bool_]) -> Parts:
    """Polygons with holes around the 4-connected parts of a mask (H, W)."""
    if not mask.any():
        return np.empty(0, object)
    image = mask.view(np.uint8) if mask.dtype == np.bool_ else mask.astype(np.uint8)
    shapes = rasterio.features.shapes(image, mask=mask, connectivity=4)
    return _polygons([geometry["coordinates"] for geometry, _ in shapes])


def _polygons(outlines: list[Any]) -> Parts:
    """Polygons of lists of rings of points, made in three calls rather than one per polygon."""
    rings = list(chain.from_iterable(outlines))
    lengths = np.array([len(ring) for ring in rings])
    points = np.fromiter(
        chain.from_iterable(chain.from_iterable(rings)), np.float64, count=2 * lengths.sum()
    ).reshape(-1, 2)
    lines = shapely.linearrings(points, indices=np.repeat(np.arange(len(rings)), lengths))
    owners = np.repeat(np.arange(len(outlines)), [len(outline) for outline in outlines])
    parts: Parts = shapely.polygons(lines, indices=owners)
    return parts


def _small_holes(parts: Parts, min_hole: float) -> Parts:
    """Holes of less than ``min_hole`` pixels, as polygons, islands in them included."""
    rings = list(chain.from_iterable(part.interiors for part in parts))
    holes: Parts = shapely.polygons(np.array(rings, object))
    small: Parts = holes[shapely.area(holes) < min_hole]
    return small


def draw(parts: Parts, shape: tuple[int, ...]) -> NDArray[np.int32]:
    """Raster (H, W) of polygons in pixel coordinates: 0 is none, ``i + 1`` is part ``i``.

    A pixel belongs to the part that covers its centre.
    """
    if not len(parts):
        return np.zeros(shape, np.int32)
    numbered = zip(parts, range(1, len(parts) + 1), strict=True)
    drawn: NDArray[np.int32] = rasterio.features.rasterize(
        numbered, out_shape=shape, dtype=np.int32
    )
    return drawn


def mean_levels(parts: Parts, levels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Mean level of the pixels of each part, (parts,); a part without pixel centres has 0.

    Args:
        parts: Polygons in pixel coordinates.
        levels: (H, W) uint8.
    """
    drawn = draw(parts, levels.shape).ravel()
    pixels = np.bincount(drawn, minlength=len(parts) + 1)[1:]
    sums = np.bincount(drawn, weights=levels.ravel(), minlength=len(parts) + 1)[1:]
    return np.divide(sums, pixels, out=np.zeros(len(parts)), where=pixels > 0)


def assembled(parts: Parts) -> MultiPolygon:
    """One MultiPolygon of parts; empty if there are none."""
    return shapely.multipolygons(parts) if len(parts) else MultiPolygon()
