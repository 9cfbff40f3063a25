"""How many digits of a coordinate the Jaccard index needs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.errors import ShapelyError
from shapely.geometry.base import BaseGeometry

from pipeline.mapping.text import MOST_DECIMALS

SHARE = 1e-4
"""Share of the area that rounding may move to the other side of an outline."""


def digits_for(geometries: Sequence[BaseGeometry], share: float = SHARE) -> int:
    """Smallest number of digits after the point that keeps geometries what they are.

    Rounded to so many digits, all of them together differ from what they were by at most ``share``
    of their area, so the Jaccard index of the two is at least ``1 - share``; and the text of each
    is valid when it is read back. Where no number of digits gives valid texts, the first rule alone
    decides, and :func:`pipeline.mapping.text.valid_text` mends.

    Args:
        geometries: Polygons or MultiPolygons, valid, in map units.
        share: Largest share of the area that may change sides.

    Returns:
        1 to 17; 1 for nothing at all.
    """
    every = np.array([geometry for geometry in geometries if not geometry.is_empty], object)
    if not len(every):
        return 1
    most = share * float(shapely.area(every).sum())
    rings = shapely.get_rings(shapely.get_parts(every))
    points, ring = shapely.get_coordinates(rings, return_index=True)
    follows = np.diff(ring) == 0
    fitting = [
        digits for digits in range(1, MOST_DECIMALS + 1) if _moved(points, follows, digits) <= most
    ]
    return next(
        (digits for digits in fitting if _reads_back(every, digits)),
        fitting[0] if fitting else MOST_DECIMALS,
    )


def _moved(points: NDArray[np.float64], follows: NDArray[np.bool_], digits: int) -> float:
    """Bound of the area that changes sides when vertices are rounded.

    An edge and its rounded one are two sides of a quadrangle, which two triangles cover; what
    changes sides lies in the quadrangles of all edges.

    Args:
        points: (N, 2) vertices of closed rings.
        follows: (N - 1,) whether a vertex is of the same ring as the one before it.
        digits: Digits after the point.
    """
    shifts = np.round(points, digits) - points
    edges = np.diff(points, axis=0)
    starts, ends = shifts[:-1], shifts[1:]
    first = edges[:, 0] * ends[:, 1] - edges[:, 1] * ends[:, 0]
    far = edges + ends
    second = far[:, 0] * starts[:, 1] - far[:, 1] * starts[:, 0]
    return float((np.abs(first) + np.abs(second))[follows].sum() / 2)


def _reads_back(geometries: NDArray[np.object_], digits: int) -> bool:
    """Whether the texts of all geometries are valid."""
    try:
        texts = shapely.to_wkt(geometries, rounding_precision=digits, trim=False)
        return bool(shapely.is_valid(shapely.from_wkt(texts)).all())
    except ShapelyError:
        return False
