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

_POLYGON: Final = 3
_MULTIPOLYGON: Final = 6
_DOUBLE: Final = 8
_Z, _M, _SRID = 0x80000000, 0x40000000, 0x20000000


def polygons_of_wkb(blobs: Sequence[bytes]) -> MultiPolygon:
    """The polygons of several geometries as one, finite and in two dimensions.

    They are not necessarily valid, neither each nor together.

    Args:
        blobs: Well-known binary of a polygon or multipolygon each, ISO or EWKB.

    Raises:
        ValueError: Saying what is wrong with the bytes.
    """
    for blob in blobs:
        _check(blob)
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


def _check(blob: bytes) -> None:
    """Walk through a polygon or multipolygon to the last byte.

    Raises:
        ValueError: If it is anything else, or ends before or after its bytes do.
    """
    try:
        end = _past_geometry(blob)
    except struct.error:
        raise ValueError(f"ends within its {len(blob)} bytes; write the geometry anew") from None
    if end != len(blob):
        raise ValueError(f"is {end} bytes long where {len(blob)} are; write the geometry anew")


def _past_geometry(blob: bytes) -> int:
    kind, _, order, at = _header(blob, 0)
    if kind == _POLYGON:
        return _past_polygon(blob, 0)
    if kind != _MULTIPOLYGON:
        raise ValueError(f"is a geometry of type {kind}; only polygons (3) and multipolygons (6)")
    (parts,) = struct.unpack_from(f"{order}I", blob, at)
    at += 4
    for _ in range(parts):
        at = _past_polygon(blob, at)
    return at


def _past_polygon(blob: bytes, at: int) -> int:
    kind, dimensions, order, at = _header(blob, at)
    if kind != _POLYGON:
        raise ValueError(f"holds a geometry of type {kind} among its polygons; only polygons (3)")
    count = struct.Struct(f"{order}I")
    (rings,) = count.unpack_from(blob, at)
    at += 4
    for _ in range(rings):
        (points,) = count.unpack_from(blob, at)
        at += 4 + points * dimensions * _DOUBLE
        if at > len(blob):
            raise ValueError("promises more points than it holds; write the geometry anew")
    return at


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
