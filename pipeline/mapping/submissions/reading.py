"""The text of a geometry as polygons, with all that is wrong with the text.

What GEOS reads is read by GEOS; what it refuses is taken apart ring by ring. Collections never
reach it: they can nest without end, which overflows its stack.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon
from shapely.errors import ShapelyError

from pipeline.imagery.outlines import made_valid
from pipeline.imagery.polygon_text import is_measurable
from pipeline.mapping.submissions.crossings import tangled
from pipeline.mapping.submissions.findings import Mark
from pipeline.mapping.submissions.ring_text import NOT_FINITE, Parts, salvaged
from pipeline.mapping.wording import counted

LONG_FIELD: Final = 2**26
"""Characters of a field from which on it is noted."""
MANY_VERTICES: Final = 5_000_000
"""Vertices of a row from which on it is noted."""
_POLYGONAL: Final = re.compile(r"\s*(?:MULTI)?POLYGON\b\s*(ZM|Z|M)?\s*(?=\(|EMPTY)", re.IGNORECASE)
_EMPTY: Final = re.compile(r"\s*([A-Za-z]+)(\s+(?:ZM|Z|M))?\s*EMPTY\s*", re.IGNORECASE)
_WORD: Final = re.compile(r"[A-Za-z]{3,}")
_AREAS: Final = frozenset({"POLYGON", "MULTIPOLYGON"})
_COLLECTION: Final = "GEOMETRYCOLLECTION"
_TAGS: Final = _AREAS | {
    *("POINT", "LINESTRING", "LINEARRING", "MULTIPOINT", "MULTILINESTRING", _COLLECTION),
    *("CIRCULARSTRING", "COMPOUNDCURVE", "CURVEPOLYGON", "MULTICURVE", "MULTISURFACE"),
    *("TRIANGLE", "TIN", "POLYHEDRALSURFACE"),
}
_EXPONENT: Final = re.compile(r"\d\.?[eE][-+]?\d")
# Possessive, and from the beginning of a run on: text of one long run would take its square.
_PAIR: Final = re.compile(r"(?<![-+.\deE])([-+.\deE]++)\s++([-+.\deE]++)")
_SHOWN: Final = 40
_FEW: Final = 200


@dataclass(frozen=True)
class Reading:
    """What a text holds.

    Attributes:
        parts: Polygons (parts,), finite, in two dimensions; valid if ``valid``.
        marks: What is wrong with the text.
        valid: Whether the parts together are a valid MULTIPOLYGON.
    """

    parts: Parts
    marks: tuple[Mark, ...]
    valid: bool


def read_text(text: str) -> Reading:
    """Read a field of geometry; never raises for what it holds."""
    empty = _read_empty(text)
    if empty is not None:
        return empty
    sized = _size_marks(text)
    if not _POLYGONAL.match(text[:_FEW]):
        parts, marks = _other(text)
        return _reading(parts, [*sized, *marks])
    try:
        if "\0" in text:  # where GEOS would take the text to end
            raise ValueError("it holds a NUL character")
        with np.errstate(all="ignore"):  # numbers past the largest float: found below
            geometry = shapely.from_wkt(text)
    except (ShapelyError, ValueError) as fault:
        parts, marks = salvaged(text)
        marks = marks or [Mark("unreadable", f"{_shown(text)} is no well-known text ({fault})")]
        return _reading(parts, [*sized, *marks])
    return _accepted(geometry, sized)


def ground_of(reading: Reading) -> MultiPolygon:
    """Valid polygons of a reading; what is invalid is mended as labels are, part by part.

    A polygon that is too tangled to be mended is left out.
    """
    if not len(reading.parts):
        return MultiPolygon()
    if reading.valid:
        return shapely.multipolygons(reading.parts)
    return made_valid(shapely.multipolygons(reading.parts[~tangled(reading.parts)]))


def _read_empty(text: str) -> Reading | None:
    """What holds nothing at all; None for all other texts."""
    if not text.strip():
        shown = f"{text[:_SHOWN]!r} is no POLYGON or MULTIPOLYGON; the field is blank"
        return Reading(_none(), (Mark("blank", shown),), True)
    match = _EMPTY.fullmatch(text) if len(text) < _FEW else None
    if match is None:
        return None
    if match[1].upper() == "MULTIPOLYGON" and not match[2]:
        return Reading(_none(), (), True)
    mark = Mark("empty-form", f"{_shown(text)} is no MULTIPOLYGON EMPTY")
    return Reading(_none(), (mark,), True)


def _accepted(geometry: Any, marks: list[Mark]) -> Reading:
    """What GEOS has read, with the marks that it has so far."""
    if shapely.has_z(geometry) or shapely.has_m(geometry):
        x, y = shapely.get_coordinates(geometry)[0]
        marks.append(Mark("dimension", "has more than x and y", float(x), float(y)))
        geometry = shapely.force_2d(geometry)
    parts = shapely.get_parts(geometry)
    empty = shapely.is_empty(parts)
    if empty.any() or not len(parts):
        count = max(1, int(empty.sum()))
        verb = "is" if count == 1 else "are"
        marks.append(Mark("empty-part", f"{count} of its polygons {verb} EMPTY"))
        parts = parts[~empty]
    return _reading(*_finite(parts, marks), geometry)


def _finite(parts: Parts, marks: list[Mark]) -> tuple[Parts, list[Mark]]:
    """Polygons without those that have a coordinate that can't be computed with; all are marked."""
    points, owners = shapely.get_coordinates(parts, return_index=True)
    is_finite = is_measurable(points)
    if is_finite.all():
        return parts, marks
    bad = np.flatnonzero(~is_finite)
    starts = np.searchsorted(owners, np.arange(len(parts)))
    for at, beside in zip(bad, _beside(is_finite, bad), strict=True):
        same = beside is not None and owners[beside] == owners[at]
        x, y = points[beside].tolist() if same else (None, None)
        name = f"polygon {owners[at] + 1}, point {at - starts[owners[at]] + 1}"
        rest = "; the point beside it lies" if same else ""
        message = f"{name}: is ({points[at, 0]}, {points[at, 1]}), {NOT_FINITE}{rest}"
        marks.append(Mark("not-finite", message, x, y))
    kept = np.setdiff1d(np.arange(len(parts)), owners[bad])
    return parts[kept], marks


def _beside(is_finite: NDArray[np.bool_], bad: NDArray[np.intp]) -> list[int | None]:
    """Index of the last finite point before each bad one, or else of the first after it."""
    known = np.flatnonzero(is_finite)
    if not len(known):
        return [None] * len(bad)
    found: list[int | None] = known[np.maximum(np.searchsorted(known, bad) - 1, 0)].tolist()
    return found


def _other(text: str) -> tuple[Parts, list[Mark]]:
    """Polygons of a text that begins as no polygon does, however deep they lie in it."""
    tags = [tag for tag in _WORD.finditer(text) if _name(tag[0]) in _TAGS]
    names = [_name(tag[0]) for tag in tags]
    depth = names.count(_COLLECTION)
    shown = f"{_shown(text)} is no POLYGON or MULTIPOLYGON"
    if depth:
        nested = f"; {depth} collections in each other or side by side" if depth > 1 else ""
        marks = [Mark("collection", f"{shown}{nested}", *_first_point(text))]
    elif not tags:
        marks = [Mark("unreadable", shown)]
    else:
        marks = [Mark("geometry-type", shown, *_first_point(text))]
    found = []
    ends = [*(tag.start() for tag in tags[1:]), len(text)]
    for tag, name, end in zip(tags, names, ends[: len(tags)], strict=True):
        member = text[tag.start() : end]
        if name in _AREAS:
            parts, faults = salvaged(member, whole=False)
            found.append(parts)
            marks += faults
        elif name != _COLLECTION and len(tags) > 1:
            kind = f"holds a {name[:_SHOWN]}, which has no area"
            marks.append(Mark("geometry-type", kind, *_first_point(member)))
    return (np.concatenate(found) if found else _none()), marks


def _name(tag: str) -> str:
    name = tag.upper()
    return next((area for area in _AREAS if name.removeprefix(area) in ("Z", "M", "ZM")), name)


def _reading(parts: Parts, marks: list[Mark], geometry: Any = None) -> Reading:
    count = int(shapely.get_num_coordinates(parts).sum()) if len(parts) else 0
    if count > MANY_VERTICES:
        marks.append(Mark("many-vertices", f"has {count:,} vertices"))
    whole = shapely.multipolygons(parts) if len(parts) else geometry
    valid = not len(parts) or bool(shapely.is_valid(whole))
    return Reading(parts, tuple(marks), valid)


def _size_marks(text: str) -> list[Mark]:
    marks = []
    if len(text) > LONG_FIELD:
        marks.append(Mark("long-field", f"the field has {len(text):,} characters"))
    first = _EXPONENT.search(text) if "e" in text or "E" in text else None
    if first is not None:
        count = sum(1 for _ in _EXPONENT.finditer(text))
        begin = max(text.rfind(",", 0, first.start()), text.rfind("(", 0, first.start())) + 1
        place = _first_point(text[begin:][:_FEW])
        marks.append(Mark("exponent", f"{counted(count, 'number')} with exponents", *place))
    return marks


def _first_point(text: str) -> tuple[float, float] | tuple[None, None]:
    """The first x and y of a text."""
    pair = _PAIR.search(text)
    try:
        return (float(pair[1]), float(pair[2])) if pair else (None, None)
    except ValueError:
        return None, None


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "...")


def _none() -> Parts:
    return np.empty(0, object)
