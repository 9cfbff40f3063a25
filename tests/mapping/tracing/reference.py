"""The same outlines in another way: GDAL's polygons of a raster, part by part."""

from __future__ import annotations

import numpy as np
import rasterio.features
import shapely
from numpy.typing import NDArray
from shapely import Polygon
from shapely.geometry import shape as shape_of

from pipeline.mapping.geometry.simplification import Parts

Mask = NDArray[np.bool_]


def mask_of(*rows: str) -> Mask:
    """A mask drawn as text."""
    return np.array([[letter == "#" for letter in row] for row in rows])


def blobs(seed: int, side: int, share: float) -> Mask:
    """Blobs with islands in holes, and pixels that meet in corners."""
    rng = np.random.default_rng(seed)
    coarse = rng.random((side, side)) < share
    mask = coarse.repeat(2, axis=0).repeat(2, axis=1)
    flipped: Mask = mask ^ (rng.random(mask.shape) < 0.1)
    return flipped


def outlines(mask: Mask) -> list[Polygon]:
    """Polygons of the 4-connected parts."""
    found = rasterio.features.shapes(mask.astype(np.uint8), mask=mask, connectivity=4)
    return [shape_of(geometry) for geometry, _ in found]


def painted(polygons: list[Polygon], like: Mask) -> Mask:
    """Pixels whose centres lie in polygons."""
    if not polygons:
        return np.zeros_like(like)
    drawn: Mask = rasterio.features.rasterize(polygons, out_shape=like.shape).astype(np.bool_)
    return drawn


def cleaned(mask: Mask, min_area: float, min_hole: float) -> Mask:
    """A mask whose small holes are filled, and whose small parts are then dropped."""
    holes = [Polygon(ring) for part in outlines(mask) for ring in part.interiors]
    filled = mask | painted([hole for hole in holes if hole.area < min_hole], mask)
    return painted([part for part in outlines(filled) if part.area >= min_area], mask)


def texts(polygons: list[Polygon]) -> list[str]:
    """Polygons as text that does not depend on where rings start, in its own order."""
    return sorted(polygon.normalize().wkt for polygon in shapely.make_valid(polygons))


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
