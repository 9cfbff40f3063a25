"""Rings out of text that GEOS refuses: what can be read is kept, what can't is named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from pipeline.imagery.polygon_text import MOST_COORDINATE, is_measurable
from pipeline.mapping.submissions.findings import Mark

Parts = NDArray[Any]
"""(parts,) of polygons, in two dimensions, not necessarily valid."""
LEAST_POINTS: Final = 4
NOT_FINITE: Final = f"not finite or past {MOST_COORDINATE:g}"
"""What is said of a point that areas can't be computed with."""
_RING: Final = re.compile(r"\(([^()]*)\)")
_MULTI_DEPTH: Final = 3


def salvaged(text: str, whole: bool = True) -> tuple[Parts, list[Mark]]:
    """Polygons of a text of a POLYGON or MULTIPOLYGON that may be broken.

    Rings are closed; a polygon with a number that is none, or that is not finite, is left out;
    rings of less than four points, which enclose nothing, too.

    Args:
        text: The text, from its tag on.
        whole: Whether what follows the last ring matters, too.

    Returns:
        The polygons, and what was wrong with the text.
    """
    marks: list[Mark] = []
    parts = []
    for number, rings in enumerate(_polygons(text), start=1):
        part, faults = _polygon(rings, f"polygon {number}")
        marks += faults
        if part is not None:
            parts.append(part)
    if whole and not _is_balanced(text):
        marks.append(Mark("unreadable", "its parentheses don't match, or text follows them"))
    return np.array(parts, object), marks


def _polygons(text: str) -> Iterator[list[str]]:
    """Texts of the rings of each polygon: a parenthesis between two rings parts polygons."""
    rings: list[str] = []
    end, flat = 0, False
    is_multi = text.lstrip()[:5].upper() == "MULTI"
    for place in _RING.finditer(text):
        gap = text[end : place.start()]
        if not rings and end == 0:
            # MULTIPOLYGON ((ring), (ring)) lacks a level: every ring is a polygon.
            flat = is_multi and gap.count("(") + 1 < _MULTI_DEPTH
        elif flat or "(" in gap or ")" in gap:
            yield rings
            rings = []
        rings.append(place[1])
        end = place.end()
    if rings:
        yield rings


def _polygon(rings: list[str], name: str) -> tuple[Any | None, list[Mark]]:
    marks: list[Mark] = []
    lines: list[NDArray[np.float64] | None] = []
    is_whole = True
    for number, text in enumerate(rings):
        where = f"{name}, {'outer ring' if number == 0 else f'hole {number}'}"
        line, faults = _ring(text, where)
        marks += faults
        is_whole &= not any(mark.kind in ("not-a-number", "not-finite") for mark in faults)
        lines.append(line)
    if not is_whole or lines[0] is None:
        return None, marks
    holes = [line for line in lines[1:] if line is not None]
    return shapely.Polygon(lines[0], holes), marks


def _ring(text: str, where: str) -> tuple[NDArray[np.float64] | None, list[Mark]]:
    """Closed ring (points, 2) of a text, or None if it encloses nothing or holds no numbers."""
    points, marks = _points(text, where)
    if points is None:
        return None, marks
    strange = np.flatnonzero(~is_measurable(points))
    if len(strange):
        at = int(strange[0])
        x, y = _nearest(points, at)
        shown = f"{where}, point {at + 1}: is ({points[at, 0]}, {points[at, 1]}), {NOT_FINITE}"
        beside = "" if x is None else "; the point beside it lies"
        return None, [*marks, Mark("not-finite", shown + beside, x, y)]
    first = points[0]
    if not np.array_equal(first, points[-1]):
        message = f"{where}: ends at ({points[-1, 0]:.10g}, {points[-1, 1]:.10g}), not where begun"
        marks.append(Mark("unclosed-ring", message, float(first[0]), float(first[1])))
        points = np.concatenate([points, points[:1]])
    if len(points) < LEAST_POINTS:
        message = f"{where}: has {len(points)} points, with the last as the first"
        marks.append(Mark("short-ring", message, float(first[0]), float(first[1])))
        return None, marks
    return points, marks


def _points(text: str, where: str) -> tuple[NDArray[np.float64] | None, list[Mark]]:
    """Points (n, 2) of a ring's text; None if one can't be read."""
    rows = [point.split() for point in text.split(",")]
    try:
        if "_" in text:  # which Python takes for part of a number
            raise ValueError
        points = np.array(rows, np.float64)
        if points.ndim == 2 and points.shape[1] >= 2:
            extra = points.shape[1] > 2
            at = (float(points[0, 0]), float(points[0, 1]))
            marks = [Mark("dimension", f"{where}: has more than x and y", *at)] if extra else []
            return points[:, :2].copy(), marks
    except ValueError:
        pass
    return _uneven_points(rows, where)


def _uneven_points(
    rows: list[list[str]], where: str
) -> tuple[NDArray[np.float64] | None, list[Mark]]:
    points: list[tuple[float, float]] = []
    for number, row in enumerate(rows, start=1):
        try:
            if len(row) < 2 or "_" in "".join(row):
                raise ValueError
            values = [float(value) for value in row]
        except ValueError:
            shown = " ".join(row)[:40]
            at = points[-1] if points else (None, None)
            beside = "; the point before it lies" if points else ""
            message = f"{where}, point {number}: {shown!r} is no x and y{beside}"
            return None, [Mark("not-a-number", message, *at)]
        points.append((values[0], values[1]))
    message = f"{where}: some of its points have more than x and y"
    return np.array(points), [Mark("dimension", message, *points[0])]


def _nearest(points: NDArray[np.float64], at: int) -> tuple[float, float] | tuple[None, None]:
    """The finite point closest to a place in the ring's order; none without any."""
    known = np.flatnonzero(is_measurable(points))
    if not len(known):
        return None, None
    x, y = points[known[np.argmin(np.abs(known - at))]]
    return float(x), float(y)


def _is_balanced(text: str) -> bool:
    """Whether parentheses match and nothing follows the last."""
    return text.count("(") == text.count(")") and text.rstrip().endswith(")")
