"""Polygons from one coordinate reference system to another; longitude, or easting, comes first."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from pyproj.exceptions import CRSError, ProjError

from pipeline.errors import LabelError

Bounds = tuple[float, float, float, float]
"""Left, lower, right and upper edge."""
LONGEST: Final = 1_000.0
"""Edges are divided into pieces of so many metres before they are moved, as a straight edge of one
system is bent in another: at 60 degrees of latitude a parallel of 10 km leaves the straight line of
UTM by 3.4 m, one of 1 km by 3.4 cm."""
_EDGE_POINTS: Final = 21


def system_of(text: str, what: str) -> pyproj.CRS:
    """Coordinate reference system of a text such as ``EPSG:32633``.

    Raises:
        LabelError: If there is none of that name; ``what`` says where it stands.
    """
    try:
        return _parsed(text)
    except CRSError:
        raise LabelError(
            f"{what}: {text[:80]!r} names no coordinate reference system; write it as EPSG:32633"
        ) from None


def are_same(one: str, other: str) -> bool:
    """Whether two systems are one, in whichever words and order of axes."""
    return one == other or _parsed(one).equals(_parsed(other), ignore_axis_order=True)


def moved_bounds(bounds: Bounds, source: str, target: str) -> list[Bounds]:
    """What holds a rectangle in another system: one, two across the antimeridian, none if unknown.

    Edges are followed by points between the corners, as they bend.
    """
    try:
        left, lower, right, upper = _mover(source, target).transform_bounds(
            *bounds, densify_pts=_EDGE_POINTS
        )
    except ProjError:
        return []
    if not np.isfinite((left, lower, right, upper)).all():
        return []
    if left > right:
        return [(left, lower, 180.0, upper), (-180.0, lower, right, upper)]
    return [(left, lower, right, upper)]


def moved_shapes(shapes: NDArray[Any], source: str, target: str) -> NDArray[Any]:
    """Geometries (n,) in another system, their long edges divided.

    Points that have no place there come out as infinite.
    """
    system = _parsed(source)
    longest = LONGEST / 111_320 if system.is_geographic else LONGEST / _metres(system)
    mover = _mover(source, target)

    def move(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(mover.transform(points[:, 0], points[:, 1]))

    return np.asarray(shapely.transform(shapely.segmentize(shapes, longest), move))


def _metres(system: pyproj.CRS) -> float:
    """Metres per unit of a projected system."""
    factors = [axis.unit_conversion_factor for axis in system.axis_info]
    return float(factors[0]) if factors and factors[0] else 1.0


@lru_cache(maxsize=64)
def _parsed(text: str) -> pyproj.CRS:
    return pyproj.CRS.from_user_input(text)


@lru_cache(maxsize=64)
def _mover(source: str, target: str) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(_parsed(source), _parsed(target), always_xy=True)
