"""Map polygons as RFC 7946 wants them: longitude and latitude, cut at the antimeridian, valid."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from shapely import MultiPolygon, Polygon
from shapely.affinity import translate

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
    globe: Parts = shapely.set_coordinates(dense, np.column_stack((east, north)))
    crossing = _crossing(globe)
    globe[crossing] = [_cut(part) for part in globe[crossing]]
    return _rounded(globe)


def _crossing(parts: Parts) -> NDArray[np.int_]:
    """Indices of the parts of which an edge jumps around the globe, or a vertex is past it."""
    rings, part = shapely.get_rings(parts, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    jumps = (np.abs(np.diff(points[:, 0])) > _HALF) & (np.diff(ring) == 0)
    past = np.abs(points[:, 0]) > _HALF
    return np.unique(part[ring[np.append(jumps, False) | past]])


def _cut(part: Polygon) -> MultiPolygon:
    """A polygon whose longitudes jump, as polygons within 180 degrees on either side."""
    whole = _unwrapped(part.exterior)
    for hole in part.interiors:
        # A hole may have been unwrapped a turn away from its shell.
        turns = (translate(_unwrapped(hole), turn) for turn in (-_TURN, 0, _TURN))
        whole = shapely.difference(whole, shapely.union_all(list(turns)))
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
