"""Map polygons as RFC 7946 wants them: longitude and latitude, cut at the antimeridian, valid."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from shapely import MultiPolygon, Polygon
from shapely.affinity import translate
from shapely.geometry.base import BaseGeometry

from pipeline.mapping.geometry.simplification import Parts
from pipeline.mapping.layers.ground_area import check_on_earth, with_short_edges
from pipeline.mapping.layers.reference import reference_of
from pipeline.mapping.text import polygonal

DIGITS = 7
"""Digits after the point of a degree: a centimetre."""
_WORLD = "OGC:CRS84"
_HALF, _TURN = 180.0, 360.0


def to_lon_lat(parts: Parts, crs: str) -> Parts:
    """Polygons in WGS 84, x being longitude.

    Vertices have seven digits after the point and polygons are valid with them; shells run
    counter-clockwise, holes clockwise. What crosses the antimeridian becomes a MultiPolygon of
    its two sides; a polygon around a pole is cut there and closed along the pole.

    Args:
        parts: (n,) polygons in coordinates of the system, x first.
        crs: A system on Earth.

    Returns:
        (n,) polygons or multipolygons; empty ones where a part is thinner than the last digit.

    Raises:
        DatasetError: If polygons lie where the system has no ground.
    """
    if not len(parts):
        return parts
    system = reference_of(crs)
    dense = with_short_edges(parts, system) if system.is_projected else parts.copy()
    to_world = Transformer.from_crs(system, _WORLD, always_xy=True)
    points = shapely.get_coordinates(dense)
    east, north = to_world.transform(points[:, 0], points[:, 1])
    check_on_earth(crs, east, north)
    if system.is_geographic:  # longitudes that run on past 180 degrees keep running
        east += np.round((points[:, 0] - east) / _TURN) * _TURN
    globe: Parts = shapely.set_coordinates(dense, np.column_stack((east, north)))
    crossing = _past(globe) if system.is_geographic else _jumping(globe)
    joined = globe[crossing] if system.is_geographic else [_joined(one) for one in globe[crossing]]
    globe[crossing] = [_cut(one) for one in joined]
    return _rounded(globe)


def _past(parts: Parts) -> NDArray[np.int_]:
    """Indices of the parts that reach past 180 degrees."""
    bounds = shapely.bounds(parts)
    return np.flatnonzero((bounds[:, 0] < -_HALF) | (bounds[:, 2] > _HALF))


def _jumping(parts: Parts) -> NDArray[np.int_]:
    """Indices of the parts of which an edge jumps around the globe."""
    rings, part = shapely.get_rings(parts, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    jumps = (np.abs(np.diff(points[:, 0])) > _HALF) & (np.diff(ring) == 0)
    return np.unique(part[ring[np.append(jumps, False)]])


def _joined(part: Polygon) -> BaseGeometry:
    """A polygon whose longitudes jump, with longitudes that run on past 180 degrees."""
    whole = _unwrapped(part.exterior)
    for hole in part.interiors:
        # A hole may have been unwrapped a turn or two away from its shell.
        turns = [translate(_unwrapped(hole), turn * _TURN) for turn in range(-2, 3)]
        whole = shapely.difference(whole, shapely.union_all(turns))
    return whole


def _cut(whole: BaseGeometry) -> MultiPolygon:
    """A polygon that reaches past 180 degrees, as polygons on either side of them."""
    pieces = []
    for turn in (-_TURN, 0.0, _TURN):
        world = shapely.box(turn - _HALF, -90, turn + _HALF, 90)
        pieces.append(translate(shapely.intersection(whole, world), -turn))
    return polygonal(shapely.union_all([polygonal(piece) for piece in pieces]))


def _unwrapped(ring: shapely.LinearRing) -> Polygon:
    """What a ring encloses, its longitudes running on past 180 degrees.

    A ring that goes around a pole ends a turn from where it started; it is closed along the pole.
    """
    points = shapely.get_coordinates(ring)
    points[:, 0] = np.unwrap((points[:, 0] + _HALF) % _TURN - _HALF, period=_TURN)
    start, end = points[0, 0], points[-1, 0]
    if abs(end - start) > _HALF:
        pole = np.copysign(90.0, points[:, 1].mean())
        points = np.vstack((points, (end, pole), (start, pole), points[:1]))
    return shapely.make_valid(Polygon(points))


def _rounded(parts: Parts) -> Parts:
    """Polygons with so many digits, valid with them, turned by the right-hand rule."""
    found = shapely.transform(parts, lambda points: np.round(points, DIGITS))
    broken = ~shapely.is_valid(found)
    mended = shapely.set_precision(parts[broken], 10.0**-DIGITS)
    found[broken] = [polygonal(shape) for shape in mended]
    turned: Parts = shapely.orient_polygons(found)
    return turned
