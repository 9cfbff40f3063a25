"""Tables of polygons (ImageId, ClassType, MultipolygonWKT), read as a stream and never trusted."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import shapely
from shapely import MultiPolygon, Polygon
from shapely.errors import ShapelyError

from pipeline.errors import PipelineError
from pipeline.files import is_safe_name

Polygonal: TypeAlias = Polygon | MultiPolygon
HEADER = ("ImageId", "ClassType", "MultipolygonWKT")
EMPTY = "MULTIPOLYGON EMPTY"
# Fields are megabytes long; Python's default limit is 128 KiB. More than this fits no C long.
_FIELD_LIMIT = 2**31 - 1
# Only polygons: collections can nest without end, which overflows the parser's stack.
_POLYGONAL = re.compile(r"\s*(MULTI)?POLYGON\b", re.IGNORECASE)


@dataclass(frozen=True)
class Row:
    """One row of a table.

    Attributes:
        number: Row as a spreadsheet counts, the header being row 1.
        image: Name of the scene, safe as a file name.
        code: Class code.
        wkt: Text of the geometry, not yet looked at.
    """

    number: int
    image: str
    code: int
    wkt: str

    @property
    def key(self) -> tuple[str, int]:
        """Scene and class."""
        return self.image, self.code


def read_rows(path: Path, codes: Collection[int], error: type[PipelineError]) -> Iterator[Row]:
    """Rows of a table in its order, one at a time.

    Args:
        path: CSV file.
        codes: Class codes that may occur.
        error: What to raise.

    Raises:
        PipelineError: Of type ``error``, naming file and row: the file is missing or is no such
            table, an id is a path, a class is unknown, a row stands there twice.
    """
    csv.field_size_limit(_FIELD_LIMIT)
    seen: dict[tuple[str, int], int] = {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            lines = csv.reader(file, strict=True)
            _check_header(path, next(lines, []), error)
            for number, fields in enumerate(lines, start=2):
                row = _row(path, number, fields, codes, error)
                first = seen.setdefault(row.key, number)
                if first != number:
                    raise error(
                        f"{path}, row {number}: scene {row.image}, class {row.code} stands in row "
                        f"{first} already; remove one of them"
                    )
                yield row
    except FileNotFoundError:
        raise error(f"{path}: no such table; put it there or correct its name") from None
    except (OSError, UnicodeDecodeError, csv.Error) as fault:
        raise error(f"{path}: can't be read as CSV in UTF-8: {fault}") from fault


def _check_header(path: Path, fields: list[str], error: type[PipelineError]) -> None:
    if tuple(field.strip() for field in fields) != HEADER:
        found = ",".join(fields)[:80]
        raise error(f"{path}: the first row is {found!r}, but it must be {','.join(HEADER)!r}")


def _row(
    path: Path, number: int, fields: list[str], codes: Collection[int], error: type[PipelineError]
) -> Row:
    place = f"{path}, row {number}"
    if len(fields) != len(HEADER):
        raise error(f"{place}: has {len(fields)} fields, but a row has {len(HEADER)}")
    image, code, wkt = fields
    if not is_safe_name(image):
        raise error(
            f"{place}: {image[:80]!r} can't be a scene's id; an id is letters, digits, '.', '_', "
            "'-' and never a path"
        )
    if not (code.isascii() and code.isdigit() and int(code[:9]) in codes and len(code) <= 9):
        raise error(
            f"{place}: class {code[:20]!r} is unknown; dataset.classes has "
            f"{', '.join(map(str, sorted(codes)))}"
        )
    return Row(number, image, int(code), wkt)


def geometry_of(wkt: str) -> Polygonal:
    """Polygons of a text, finite, in two dimensions; not necessarily valid.

    Raises:
        ValueError: Saying what is wrong with the text.
    """
    start = wkt[:40]
    if not _POLYGONAL.match(wkt):
        raise ValueError(f"{start!r} is neither a POLYGON nor a MULTIPOLYGON")
    try:
        with np.errstate(all="ignore"):  # numbers past the largest float: found below
            geometry = shapely.from_wkt(wkt)
    except (ShapelyError, ValueError) as fault:
        raise ValueError(f"{start!r}... is not well-known text: {fault}") from None
    if not isinstance(geometry, Polygon | MultiPolygon):
        raise ValueError(f"{start!r} is neither a POLYGON nor a MULTIPOLYGON")
    if not np.isfinite(shapely.get_coordinates(geometry)).all():
        raise ValueError(f"{start!r}... has coordinates that are not finite")
    flat: Polygonal = shapely.force_2d(geometry)
    return flat
