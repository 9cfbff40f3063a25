"""Ways from a mask to polygons: ours, and those that are commonly used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import rasterio.features
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon, shape

from pipeline.config.mapping import Polygons
from pipeline.mapping import polygons
from pipeline.mapping.geometry import simplification
from pipeline.mapping.geometry.frame import Frame
from polygon_bench.masks import Mask

Parts = NDArray[np.object_]
"""(parts,) shapely polygons in pixel coordinates."""
WINDOW = 512
"""Side of a window, pixels."""
COST: float = Polygons.model_fields["simplify_cost"].default
"""Share of a part's pixels that simplification may cost."""


@dataclass(frozen=True)
class Method:
    """A way from a mask to polygons.

    Attributes:
        name: What it is called in tables.
        trace: (H, W) bool to polygons.
    """

    name: str
    trace: Callable[[Mask], Parts]


def methods() -> tuple[Method, ...]:
    """All that are there; ours first."""
    return (
        Method("ours", polygons.trace),
        Method("ours, simplified", simplified),
        Method("ours, windows", windowed),
        Method("OpenCV contours", contours),
        Method("same, not mended", contour_parts),
        Method("rasterio shapes", shapes),
    )


def simplified(mask: Mask) -> Parts:
    """Ours, with fewer vertices, as by default."""
    return simplification.simplified(polygons.trace(mask), COST, Frame.of(mask.shape))


def windowed(mask: Mask) -> Parts:
    """Ours, a window at a time."""
    return polygons.trace_windows(lambda rows, columns: mask[rows, columns], mask.shape, WINDOW)


def shapes(mask: Mask) -> Parts:
    """GDAL's polygons, each made by itself."""
    image = mask.view(np.uint8)
    found = rasterio.features.shapes(image, mask=mask, connectivity=4)
    return _array([shape(geometry) for geometry, _ in found])


def contours(mask: Mask) -> Parts:
    """OpenCV's contours through pixel centres, as the contest's public code made its polygons.

    What is invalid is mended as a whole by a buffer of breadth zero, which that code does as well.
    """
    parts = contour_parts(mask)
    whole = shapely.multipolygons(parts) if len(parts) else shapely.MultiPolygon()
    if not whole.is_valid:
        whole = whole.buffer(0)
    found: Parts = shapely.get_parts(whole)
    return found


def contour_parts(mask: Mask, min_area: float = 1.0) -> Parts:
    """The same before anything is mended.

    Args:
        mask: (H, W).
        min_area: Parts and holes of less are left out; square pixels between pixel centres.
    """
    image = mask.view(np.uint8) * 255
    lines, hierarchy = cv2.findContours(image, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_TC89_KCOS)
    if not lines:
        return np.empty(0, object)
    large = [len(line) >= 3 and cv2.contourArea(line) >= min_area for line in lines]
    parents = hierarchy[0][:, 3].tolist()
    holes: dict[int, list[NDArray[Any]]] = {}
    for line, parent, kept in zip(lines, parents, large, strict=True):
        if parent >= 0 and kept:
            holes.setdefault(parent, []).append(line[:, 0])
    return _array(
        [
            Polygon(line[:, 0], holes.get(index, []))
            for index, (line, parent, kept) in enumerate(zip(lines, parents, large, strict=True))
            if parent < 0 and kept
        ]
    )


def _array(parts: list[Polygon]) -> Parts:
    """Polygons as an array, also if there is none."""
    found = np.empty(len(parts), object)
    found[:] = parts
    return found
