"""Polygons from well-known text that is never trusted."""

from __future__ import annotations

import re
from typing import Final, TypeAlias

import numpy as np
import shapely
from shapely import MultiPolygon, Polygon
from shapely.errors import ShapelyError

Polygonal: TypeAlias = Polygon | MultiPolygon
# Only polygons: collections can nest without end, which overflows the parser's stack.
_POLYGONAL: Final = re.compile(r"\s*(MULTI)?POLYGON\b", re.IGNORECASE)


def geometry_of(wkt: str) -> Polygonal:
    """Polygons of a text, finite, in two dimensions; not necessarily valid.

    Raises:
        ValueError: Saying what is wrong with the text.
    """
    shown = repr(wkt if len(wkt) <= 40 else wkt[:37] + "...")
    if not _POLYGONAL.match(wkt):
        raise ValueError(f"{shown} is no POLYGON or MULTIPOLYGON; write it as one")
    try:
        with np.errstate(all="ignore"):  # numbers past the largest float: found below
            geometry: Polygonal = shapely.from_wkt(wkt)
    except (ShapelyError, ValueError) as fault:
        raise ValueError(f"{shown} is no well-known text ({fault}); correct it") from None
    if not np.isfinite(shapely.get_coordinates(geometry)).all():
        raise ValueError(f"{shown} holds coordinates that are not finite; correct them")
    flat: Polygonal = shapely.force_2d(geometry)
    return flat
