"""Polygons from well-known text that is never trusted."""

from __future__ import annotations

import re
from typing import Final, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon
from shapely.errors import ShapelyError

Polygonal: TypeAlias = Polygon | MultiPolygon
# Only polygons: collections can nest without end, which overflows the parser's stack.
_POLYGONAL: Final = re.compile(r"\s*(MULTI)?POLYGON\b", re.IGNORECASE)


MOST_COORDINATE: Final = 1e100
"""Areas of larger coordinates are past the largest float."""


def is_measurable(points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which points (n, 2) are finite and small enough for areas to be computed with, (n,)."""
    largest: NDArray[np.float64] = np.abs(points).max(axis=1, initial=0)
    return largest <= MOST_COORDINATE


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
    if not is_measurable(shapely.get_coordinates(geometry)).all():
        raise ValueError(
            f"{shown} holds coordinates that are not finite, or past {MOST_COORDINATE:g}; "
            "correct them"
        )
    flat: Polygonal = shapely.force_2d(geometry)
    return flat
