"""Which attribute of polygons tells their class."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

MOST_CLASSES: Final = 60
_GOOD: Final = re.compile(
    r"class|klass|label|categor|type|kind|lulc|landuse|land_use|landcover|land_cover|cover|name|"
    r"species|crop|code",
    re.IGNORECASE,
)
_BAD: Final = re.compile(
    r"date|time|year|area|length|perimeter|user|author|source|comment|note|uuid|guid|height|level|"
    r"addr|street|city|postcode|phone|website|confidence|score",
    re.IGNORECASE,
)
_ID: Final = re.compile(r"(^|_)(id|fid|gid|oid|objectid|index|nr|no)$", re.IGNORECASE)
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_NUMBER: Final = re.compile(r"[+-]?\d+(\.\d+)?")


@dataclass(frozen=True)
class Column:
    """An attribute that could tell the class.

    Attributes:
        name: Its name.
        values: Number of polygons by value as text.
        rank: How likely it is, the larger the more.
    """

    name: str
    values: Mapping[str, int]
    rank: float


def class_columns(columns: Mapping[str, Mapping[str, int]]) -> tuple[Column, ...]:
    """Attributes that could tell the class, the likeliest first.

    A class has a name and is shared by polygons: an attribute with nearly as many values as
    polygons is a number or a name of each, one of dates or areas says something else.

    Args:
        columns: Number of polygons by value of each attribute.
    """
    found = []
    for name, values in columns.items():
        rank = _rank(name, values)
        if rank is not None:
            found.append(Column(name, dict(values), rank))
    return tuple(sorted(found, key=lambda one: (-one.rank, one.name)))


def _rank(name: str, values: Mapping[str, int]) -> float | None:
    told = {value: count for value, count in values.items() if value}
    features, named = sum(values.values()), sum(told.values())
    if not 1 < len(told) <= MOST_CLASSES or 2 * len(told) > named:
        return None
    if all(_DATE.match(value) for value in told) or _BAD.search(name):
        return None
    words = not all(_NUMBER.fullmatch(value) for value in told)
    fractions = any("." in value for value in told if _NUMBER.fullmatch(value))
    if fractions and not words:
        return None
    missing = 1 - named / features
    return 2.0 * bool(_GOOD.search(name)) + 1.5 * words - 1.0 * bool(_ID.search(name)) - missing
