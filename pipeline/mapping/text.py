"""Polygons as text that is valid when it is read back.

Rounding coordinates can make a valid polygon invalid: rings that touched cross, thin parts fold.
So the text itself is read back and checked, and mended until it holds.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import shapely
from shapely import MultiPolygon
from shapely.errors import ShapelyError
from shapely.geometry.base import BaseGeometry

from pipeline.errors import SubmissionError
from pipeline.imagery.outlines import made_valid
from pipeline.mapping.tables import EMPTY, geometry_of

MOST_DECIMALS = 17
_DIGITS = 10


def polygonal(geometry: BaseGeometry) -> MultiPolygon:
    """The polygons of any geometry, without the lines and points that a repair may leave."""
    parts = shapely.get_parts(shapely.get_parts(geometry))
    is_area = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    kept = parts[is_area & ~shapely.is_empty(parts)]
    return shapely.multipolygons(kept) if len(kept) else MultiPolygon()


def valid_text(geometry: BaseGeometry, decimals: int) -> str:
    """Text of a polygonal geometry that GEOS reads back as a valid geometry.

    Tried in turn: the geometry rounded to ``decimals``; the same mended on the grid of those
    decimals (which may drop what is thinner); the same with more digits.

    Args:
        geometry: Polygon or MultiPolygon; one that is invalid is made valid, part by part.
        decimals: Digits after the point.

    Returns:
        ``MULTIPOLYGON (...)``, or ``MULTIPOLYGON EMPTY``, coordinates never in exponents.

    Raises:
        SubmissionError: If no text of it is valid.
    """
    whole = polygonal(made_valid(geometry))
    for candidate, digits in _candidates(whole, decimals):
        if candidate.is_empty:
            return EMPTY
        text: str = shapely.to_wkt(candidate, rounding_precision=digits, trim=False)
        if _holds(text):
            return text
    raise SubmissionError(
        f"a geometry with bounds {whole.bounds} can't be written so that it is valid when read "
        "back; raise submission.decimals or set polygons.simplify_cost to 0"
    )


def decimals_for(geometry: MultiPolygon) -> int:
    """Digits after the point that keep ten digits of the largest coordinate."""
    if geometry.is_empty:
        return 0
    largest = max(abs(value) for value in geometry.bounds)
    digits = _DIGITS - math.floor(math.log10(largest)) if largest > 0 else _DIGITS
    return min(max(digits, 0), MOST_DECIMALS)


def _candidates(whole: MultiPolygon, decimals: int) -> Iterator[tuple[MultiPolygon, int]]:
    yield whole, decimals
    for digits in range(decimals, MOST_DECIMALS + 1):
        try:
            snapped = shapely.set_precision(whole, 10.0**-digits)
        except ShapelyError:
            continue
        yield polygonal(snapped), digits
    yield polygonal(shapely.make_valid(whole)), MOST_DECIMALS


def _holds(text: str) -> bool:
    try:
        back = geometry_of(text)
    except ValueError:
        return False
    return bool(shapely.is_valid(back)) and not back.is_empty
