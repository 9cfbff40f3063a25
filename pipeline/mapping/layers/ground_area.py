"""Areas of map polygons on the ground: on the ellipsoid, not on the map."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.crs import ProjectedCRS
from pyproj.crs.coordinate_operation import (
    LambertAzimuthalEqualAreaConversion,
    LambertCylindricalEqualAreaConversion,
)

from pipeline.errors import DatasetError
from pipeline.mapping.geometry.simplification import Parts
from pipeline.mapping.layers.reference import reference_of

_EDGES = (100.0, 10_000.0)
"""Metres. Straight lines of one projection are curves in another, whose radius is that of the Earth
over the tangent of latitude. Over edges that are at most a thirty-second of a polygon's size, and
between these bounds, areas are right to a few millionths."""
_PIECES = 32
_METRES_PER_DEGREE = 111_320.0
_POLAR = 84.0
"""Degrees of latitude past which a map is one around a pole."""


def ground_areas(parts: Parts, crs: str) -> NDArray[np.float64]:
    """Area of each polygon on the ellipsoid of its system, (n,) square metres.

    All vertices are moved into an equal-area projection at once: Lambert's cylindrical one, or his
    azimuthal one where the map reaches a pole.

    Args:
        parts: (n,) polygons in coordinates of the system, x first.
        crs: A system on Earth.

    Raises:
        DatasetError: If polygons lie where the system has no ground.
    """
    if not len(parts):
        return np.empty(0)
    system = reference_of(crs)
    flat = Transformer.from_crs(system, _equal_area(parts, system), always_xy=True)
    points, rings, owner = _rings_of(with_short_edges(parts, system))
    x, y = flat.transform(points[:, 0], points[:, 1])
    check_on_earth(crs, x, y)
    # Doubled area by the trapezoid rule, from each ring's own origin lest digits cancel.
    first = np.flatnonzero(np.diff(rings, prepend=-1))
    x, y = x - x[first][rings], y - y[first][rings]
    cross = np.append(x[:-1] * y[1:] - x[1:] * y[:-1], 0.0)
    cross[np.diff(rings, append=-1) != 0] = 0.0
    doubled = np.abs(np.add.reduceat(cross, first))
    is_shell = np.diff(owner, prepend=-1) != 0
    found: NDArray[np.float64] = np.bincount(owner, np.where(is_shell, doubled, -doubled)) / 2
    return found


def with_short_edges(parts: Parts, system: CRS) -> Parts:
    """Polygons with vertices put into long edges, so that they may go through a projection."""
    factor = system.axis_info[0].unit_conversion_factor
    metres = factor if system.is_projected else _METRES_PER_DEGREE
    bounds = shapely.bounds(parts)
    sizes = (bounds[:, 2:] - bounds[:, :2]).max(axis=1) * metres
    large = sizes > _EDGES[0]
    dense = parts.copy()
    longest = np.clip(sizes[large] / _PIECES, *_EDGES) / metres
    dense[large] = shapely.segmentize(parts[large], longest)
    return dense


def check_on_earth(crs: str, x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
    """Check coordinates that come from a projection.

    Raises:
        DatasetError: If a place has none.
    """
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise DatasetError(
            f"polygons lie where {crs[:80]} has no ground: the images' coordinates are not of this "
            "system; correct the images, or dataset.crs"
        )


def west_and_east(west: NDArray[np.float64], east: NDArray[np.float64]) -> tuple[float, float]:
    """Bounds of several spans of longitude by the shorter way around the globe.

    Args:
        west: Where each span begins, -180 to 180 degrees.
        east: Where it ends, no less than that.

    Returns:
        West and east of all; east is past 180 degrees where the antimeridian lies between.
    """
    plain = float(west.min()), float(east.max())
    turn = np.where(east <= 0, 360.0, 0.0)
    around = float((west + turn).min()), float((east + turn).max())
    return around if around[1] - around[0] < plain[1] - plain[0] else plain


def _rings_of(
    parts: Parts,
) -> tuple[NDArray[np.float64], NDArray[np.int_], NDArray[np.int_]]:
    """Vertices (v, 2), the ring of each (v,), and the part of each ring, the shell's first."""
    rings, owner = shapely.get_rings(parts, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    return points, ring, owner


def _equal_area(parts: Parts, system: CRS) -> CRS:
    """An equal-area projection around polygons, on the same ellipsoid."""
    globe = system.geodetic_crs
    corners = shapely.bounds(parts)[:, [0, 1, 2, 3, 0, 3, 2, 1]].reshape(-1, 2)
    to_globe = Transformer.from_crs(system, globe, always_xy=True)
    east, north = to_globe.transform(corners[:, 0], corners[:, 1])
    check_on_earth(str(system.to_string()), east, north)
    spans = (corners[::4, 0], corners[1::4, 0]) if system.is_geographic else (east, east)
    middle = sum(west_and_east(*spans)) / 2
    if system.is_projected and np.abs(north).max() > _POLAR:
        pole = 90.0 if north.mean() > 0 else -90.0
        around = LambertAzimuthalEqualAreaConversion(pole, middle)
        return ProjectedCRS(around, geodetic_crs=globe)
    return ProjectedCRS(
        LambertCylindricalEqualAreaConversion(0, longitude_natural_origin=middle),
        geodetic_crs=globe,
    )
