"""Polygons from well-known binary that is never trusted.

The bytes are walked through before GEOS reads them: geometries can nest without end, which
overflows the parser's stack, and counts can promise more than there is.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final

import numpy as np
import shapely
from shapely import MultiPolygon
from shapely.errors import ShapelyError

from pipeline.imagery.outlines import polygons_of
from pipeline.imagery.polygon_text import MOST_COORDINATE, is_measurable

_POINT, _LINE, _POLYGON, _POINTS, _LINES, _MULTIPOLYGON, _COLLECTION = range(1, 8)
_DOUBLE: Final = 8
_Z, _M, _SRID = 0x80000000, 0x40000000, 0x20000000
_MEMBERS: Final = {
    _POINTS: {_POINT},
    _LINES: {_LINE},
    _MULTIPOLYGON: {_POLYGON},
    _COLLECTION: set(range(_POINT, _COLLECTION + 1)),
}
"""What geometries may hold."""
POLYGONAL: Final = frozenset({_POLYGON, _MULTIPOLYGON})
SIMPLE: Final = frozenset(range(_POINT, _COLLECTION + 1))
"""All kinds but those with curves and surfaces."""
_DEEPEST: Final = 8


def polygons_of_wkb(blobs: Sequence[bytes]) -> MultiPolygon:
    """The polygons of several geometries as one, finite and in two dimensions.

    They are not necessarily valid, neither each nor together.

    Args:
        blobs: Well-known binary of a polygon or multipolygon each, ISO or EWKB.

    Raises:
        ValueError: Saying what is wrong with the bytes.
    """
    for blob in blobs:
        check_wkb(blob)
    try:
        with np.errstate(all="ignore"):
            shapes = shapely.force_2d(shapely.from_wkb(list(blobs)))
    except (ShapelyError, ValueError) as fault:
        raise ValueError(f"no well-known binary ({fault}); write the geometry anew") from None
    if not is_measurable(shapely.get_coordinates(shapes)).all():
        raise ValueError(
            f"holds coordinates that are not finite, or past {MOST_COORDINATE:g}; correct them"
        )
    parts = [part for shape in shapes for part in polygons_of(shape).geoms if not part.is_empty]
    return MultiPolygon(parts)


def check_wkb(blob: bytes, kinds: frozenset[int] = POLYGONAL) -> None:
    """Walk through a geometry to the last byte.

    Args:
        blob: Well-known binary, ISO or EWKB.
        kinds: Types that it may have.

    Raises:
        ValueError: If it is of another type, or ends before or after its bytes do.
    """
    try:
        end = _past(blob, 0, set(kinds), 0)
    except struct.error:
        raise ValueError(f"ends within its {len(blob)} bytes; write the geometry anew") from None
    if end != len(blob):
        raise ValueError(f"is {end} bytes long where {len(blob)} are; write the geometry anew")


def _past(blob: bytes, at: int, kinds: set[int], depth: int) -> int:
    """Where a geometry that begins at a byte ends."""
    kind, dimensions, order, at = _header(blob, at)
    if kind not in kinds:
        raise ValueError(_wrong(kind, kinds, depth))
    if depth > _DEEPEST:
        raise ValueError(f"holds geometries in geometries more than {_DEEPEST} deep; divide it")
    point = dimensions * _DOUBLE
    if kind == _POINT:
        return _within(blob, at + point)
    count = struct.Struct(f"{order}I")
    (parts,) = count.unpack_from(blob, at)
    at += count.size
    if kind == _LINE:
        return _within(blob, at + parts * point)
    for _ in range(parts):
        if kind == _POLYGON:
            (points,) = count.unpack_from(blob, at)
            at = _within(blob, at + count.size + points * point)
        else:
            at = _past(blob, at, _MEMBERS[kind], depth + 1)
    return at


def _within(blob: bytes, at: int) -> int:
    if at > len(blob):
        raise ValueError("promises more points than it holds; write the geometry anew")
    return at


def _wrong(kind: int, kinds: set[int], depth: int) -> str:
    wanted = "polygons (3)" if kinds == {_POLYGON} else "polygons (3) and multipolygons (6)"
    if not kinds <= POLYGONAL:
        wanted = f"types {', '.join(str(known) for known in sorted(kinds))}"
    if depth:
        return f"holds a geometry of type {kind} among its parts; only {wanted}"
    return f"is a geometry of type {kind}; only {wanted}"


def _header(blob: bytes, at: int) -> tuple[int, int, str, int]:
    """Type, dimensions, byte order and where the content begins, of ISO and extended headers."""
    (mark,) = struct.unpack_from("B", blob, at)
    if mark > 1:
        raise ValueError(f"has no byte order ({mark}); write the geometry anew")
    order = "<" if mark else ">"
    (number,) = struct.unpack_from(f"{order}I", blob, at + 1)
    thousands, kind = divmod(number & 0xFFFF, 1000)
    if thousands > 3:
        raise ValueError(f"is a geometry of type {number}; only polygons (3) and multipolygons (6)")
    has_z = bool(number & _Z) or thousands in (1, 3)
    has_m = bool(number & _M) or thousands in (2, 3)
    return kind, 2 + has_z + has_m, order, at + (9 if number & _SRID else 5)
