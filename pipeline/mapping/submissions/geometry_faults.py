"""Every place where polygons break the rules of a MULTIPOLYGON, not the first one alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import STRtree

from pipeline.mapping.submissions.crossings import (
    PAIRS_AT_ONCE,
    Rings,
    complex_of,
    crossing_points,
)
from pipeline.mapping.submissions.findings import Mark
from pipeline.mapping.submissions.ring_text import LEAST_POINTS, Parts
from pipeline.mapping.wording import counted

LISTED: Final = 1000
"""Places of a kind that are named of one row (of crossings: of one polygon)."""
HUGE: Final = 1e9
"""Coordinates beyond this are in no unit that maps are drawn in."""
PIXELS: Final = 10.0
"""Grid units of a scene are less than 1; coordinates beyond this may be pixels."""
_MOST_PIXELS: Final = 1e5
_SIGN: Final = "y has the wrong sign? the contest's y runs from Ymin (negative) to 0"
_UNITS: Final = "coordinates look like pixels, not grid units"
_REASON: Final = re.compile(r"(?P<name>[^\[]*)(?:\[(?P<x>\S+) (?P<y>\S+)\])?")
_KINDS: Final = {
    "Self-intersection": "self-crossing",
    "Ring Self-intersection": "self-touch",
    "Hole lies outside shell": "hole-outside",
    "Holes are nested": "nested-holes",
    "Interior is disconnected": "split-interior",
    "Nested shells": "overlapping-parts",
    "Too few points in geometry component": "short-ring",
}
"""Kinds of GEOS's reasons; all others are ``invalid``."""
_INTERIORS_MEET: Final = "T********"


def broken_places(parts: Parts) -> Iterator[Mark]:
    """What makes polygons no valid MULTIPOLYGON.

    Args:
        parts: Polygons (parts,), finite; together they are not valid.
    """
    found = False
    is_valid = shapely.is_valid(parts)
    for index in np.flatnonzero(~is_valid):
        found = True
        yield from _polygon_faults(parts[index], f"polygon {index + 1}")
    for mark in _between(parts, is_valid):
        found = True
        yield mark
    if not found:
        yield reason_of(shapely.multipolygons(parts))


def reason_of(geometry: Any, name: str = "") -> Mark:
    """The first thing that GEOS finds wrong with a geometry."""
    reason = str(shapely.is_valid_reason(geometry))
    match = _REASON.fullmatch(reason)
    label = match["name"].strip() if match else reason
    x, y = (float(match["x"]), float(match["y"])) if match and match["x"] else (None, None)
    where = f" of {name}" if name else ""
    return Mark(_KINDS.get(label, "invalid"), f"invalid geometry: {label}{where}", x, y)


def outside_places(parts: Parts, extent: tuple[float, float] | None) -> Iterator[Mark]:
    """Polygons that reach past their scene, each with its farthest vertex.

    Args:
        parts: Polygons (parts,), finite.
        extent: Xmax and Ymin of the scene; without it coordinates are only held to be sensible.
    """
    if not len(parts):
        return
    x_max, y_min = extent or (HUGE, -HUGE)
    x_least, y_most = (0.0, 0.0) if extent else (-HUGE, HUGE)
    slack = 1e-9 * max(x_max, -y_min)
    lower_x, lower_y, upper_x, upper_y = shapely.bounds(parts).T
    beyond = np.max([x_least - lower_x, upper_x - x_max, y_min - lower_y, upper_y - y_most], axis=0)
    kind = "outside" if extent else "huge-coordinate"
    for index in np.flatnonzero(beyond > slack):
        points = shapely.get_coordinates(parts[index])
        x, y = points.T
        past = np.max([x_least - x, x - x_max, y_min - y, y - y_most], axis=0)
        at = int(np.argmax(past))
        message = f"polygon {index + 1} reaches {past[at]:.6g} past " + (
            f"the scene (x 0 to {x_max:.6g}, y {y_min:.6g} to 0)" if extent else f"{HUGE:g}"
        )
        hint = _hint(points, extent) if extent else ""
        yield Mark(kind, hint + message, float(x[at]), float(y[at]))


def above_axis(parts: Parts) -> Iterator[Mark]:
    """One mark if polygons (parts,) of a scene of unknown extent have positive y."""
    points = shapely.get_coordinates(parts)
    size = float(np.abs(points).max(initial=0))
    if not len(points) or points[:, 1].max() <= 1e-9 * size:
        return
    x, y = points[int(np.argmax(points[:, 1]))].tolist()
    if points[:, 1].min() < 0:
        message = f"reaches {y:.6g} past y 0; the contest's y runs from Ymin (negative) to 0"
    else:
        message = (f"{_UNITS}; or " if PIXELS < size < _MOST_PIXELS else "") + _SIGN
        message += "; it is positive"
    yield Mark("positive-y", message, x, y)


def _hint(points: NDArray[np.float64], extent: tuple[float, float]) -> str:
    """Why points (n, 2) may lie past a scene, if it can be guessed."""
    size = float(np.abs(points).max())
    if PIXELS < size < _MOST_PIXELS and size > 100 * max(extent[0], -extent[1]):
        return f"{_UNITS}; "
    y = points[:, 1]
    return f"{_SIGN}; " if y.min() >= 0 and y.max() > 0 else ""


def _polygon_faults(part: Any, name: str) -> Iterator[Mark]:
    """All crossings, touches, short rings and holes outside of one polygon, or GEOS's reason."""
    rings = [shapely.get_coordinates(ring) for ring in shapely.get_rings(part)]
    marks = [*_short_rings(rings, name), *_crossings(rings, name), *_touches(rings, name)]
    marks += _stray_holes(part, name) if len(rings) > 1 else []
    first = reason_of(part, name)
    if not any(mark.kind == first.kind for mark in marks):
        marks.append(first)
    yield from marks


def _short_rings(rings: Rings, name: str) -> Iterator[Mark]:
    for points in rings:
        if len(points) < LEAST_POINTS:
            x, y = points[0]
            yield Mark("short-ring", f"{name}: a ring has {counted(len(points), 'point')}", x, y)


def _crossings(rings: Rings, name: str) -> Iterator[Mark]:
    message = f"invalid geometry: Self-intersection of {name}"
    for count, (x, y) in enumerate(crossing_points(rings)):
        if count == LISTED:
            yield Mark("self-crossing", f"{name}: crosses itself in more places", x, y)
            return
        yield Mark("self-crossing", message, x, y)


def _touches(rings: Rings, name: str) -> Iterator[Mark]:
    """Vertices that a ring comes back to."""
    for points in rings:
        numbers = complex_of(points)
        moved = np.concatenate([[True], numbers[1:] != numbers[:-1]])
        places, counts = np.unique(numbers[moved][:-1], return_counts=True)
        for place in places[counts > 1][:LISTED].tolist():
            message = f"invalid geometry: Ring Self-intersection of {name}"
            yield Mark("self-touch", message, place.real, place.imag)


def _stray_holes(part: Any, name: str) -> Iterator[Mark]:
    shell = shapely.polygons(shapely.get_exterior_ring(part))
    holes = shapely.get_rings(part)[1:]
    if not len(holes) or not shapely.is_valid(shell):
        return
    shapely.prepare(shell)
    for index in np.flatnonzero(~shapely.covers(shell, holes))[:LISTED]:
        x, y = shapely.get_coordinates(holes[index])[0]
        yield Mark("hole-outside", f"{name}, hole {index + 1}: lies outside of its shell", x, y)


def _between(parts: Parts, is_valid: NDArray[np.bool_]) -> Iterator[Mark]:
    """Polygons that stand there twice, overlap, or share an edge."""
    texts = shapely.to_wkb(shapely.normalize(parts))
    first: dict[bytes, int] = {}
    for index, text in enumerate(texts):
        before = first.setdefault(text, index)
        if before != index:
            x, y = shapely.get_coordinates(parts[index])[0]
            message = f"polygon {index + 1} is polygon {before + 1} once more"
            yield Mark("duplicate-part", message, float(x), float(y))
    once = np.array([index for index in first.values() if is_valid[index]], int)
    for mark, count in zip(_meetings(parts, once), range(LISTED + 1), strict=False):
        if count == LISTED:
            yield Mark(mark.kind, "more of its polygons overlap or share edges", mark.x, mark.y)
        else:
            yield mark


def _meetings(parts: Parts, kept: NDArray[np.int_]) -> Iterator[Mark]:
    """Pairs of valid polygons that have more than points in common."""
    tree = STRtree(parts[kept])
    step = max(1, PAIRS_AT_ONCE // max(1, len(kept)))
    for begin in range(0, len(kept), step):
        one, two = tree.query(parts[kept[begin : begin + step]], predicate="intersects")
        once = one + begin < two
        for first, second in zip(kept[one[once] + begin], kept[two[once]], strict=True):
            common = shapely.intersection(parts[first], parts[second])
            if shapely.get_dimensions(common) < 1:
                continue
            inside = shapely.relate_pattern(parts[first], parts[second], _INTERIORS_MEET)
            kind = "overlapping-parts" if inside else "shared-edge"
            verb = "overlap" if inside else "share an edge"
            point = shapely.point_on_surface(common)
            message = f"invalid geometry: polygons {first + 1} and {second + 1} {verb}"
            yield Mark(kind, message, shapely.get_x(point), shapely.get_y(point))
