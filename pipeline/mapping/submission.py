"""The table that is handed in: the sample's rows in the sample's order, with our polygons."""

from __future__ import annotations

import csv
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import zip_longest
from pathlib import Path
from typing import TextIO

import shapely
from shapely import MultiPolygon

from pipeline.errors import SubmissionError
from pipeline.imagery import polygon_table
from pipeline.mapping.tables import HEADER, Row, geometry_of, read_rows
from pipeline.mapping.text import valid_text

PolygonsOf = Callable[[str, int], MultiPolygon]
"""Polygons of a scene and a class code, in map units."""
_SHOWN = 10


def sample_rows(path: Path, codes: Collection[int]) -> Iterator[Row]:
    """Rows of the sample, streamed; their geometries are placeholders.

    Raises:
        SubmissionError: Naming the row that is no row of a sample.
    """
    return polygon_table.sample_rows(path, codes, SubmissionError)


def write_submission(
    file: TextIO, rows: Iterable[Row], polygons: PolygonsOf, decimals: int
) -> None:
    """Write the table.

    Args:
        file: Open for writing, with ``newline=""``.
        rows: Rows of the sample.
        polygons: Gives each row's polygons.
        decimals: Digits after the point of a coordinate.
    """
    table = csv.writer(file, lineterminator="\n")
    table.writerow(HEADER)
    for row in rows:
        text = valid_text(polygons(row.image, row.code), decimals)
        table.writerow((row.image, row.code, text))


def check_submission(path: Path, sample: Path, codes: Collection[int]) -> int:
    """Check a table as the contest does: every row once, in order, valid as it stands there.

    Returns:
        Number of rows that are not empty.

    Raises:
        SubmissionError: Naming the rows that break a rule.
    """
    filled, faults = 0, []
    for wanted, found in zip_longest(
        sample_rows(sample, codes), read_rows(path, codes, SubmissionError)
    ):
        fault = _order_fault(wanted, found)
        if fault is not None:
            faults.append(fault)
            break
        fault, is_empty = _geometry_fault(found)
        filled += not is_empty
        if fault is not None:
            faults.append(fault)
        if len(faults) == _SHOWN:
            break
    if faults:
        raise SubmissionError("\n  ".join([f"{path}: would be rejected:", *faults]))
    return filled


def _order_fault(wanted: Row | None, found: Row | None) -> str | None:
    if wanted is None:
        number = found.number if found else 0
        return f"row {number}: the sample ends before it; remove it"
    name = f"scene {wanted.image}, class {wanted.code}"
    if found is None:
        return f"row {wanted.number}: missing; the sample has {name} there"
    if wanted.key != found.key:
        return (
            f"row {found.number}: is scene {found.image}, class {found.code}, but the sample has "
            f"{name} there; keep the sample's order"
        )
    return None


def _geometry_fault(row: Row | None) -> tuple[str | None, bool]:
    """What is wrong with a row's geometry, and whether it is empty."""
    if row is None:
        return None, True
    try:
        geometry = geometry_of(row.wkt)
    except ValueError as fault:
        return f"row {row.number}: {fault}", False
    if not shapely.is_valid(geometry):
        return f"row {row.number}: invalid geometry: {shapely.is_valid_reason(geometry)}", False
    return None, bool(geometry.is_empty)
