"""The table that is handed in: the sample's rows in the sample's order, with our polygons."""

from __future__ import annotations

import csv
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Literal, TextIO

from shapely import MultiPolygon

from pipeline.errors import SubmissionError
from pipeline.imagery import polygon_table
from pipeline.mapping.precision import digits_for
from pipeline.mapping.submissions.inspection import Inspection
from pipeline.mapping.submissions.terms import Terms
from pipeline.mapping.tables import HEADER, Row
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
    file: TextIO, rows: Iterable[Row], polygons: PolygonsOf, decimals: int | Literal["auto"]
) -> None:
    """Write the table.

    Args:
        file: Open for writing, with ``newline=""``.
        rows: Rows of the sample.
        polygons: Gives each row's polygons.
        decimals: Digits after the point of a coordinate; auto: as many as each row needs.
    """
    table = csv.writer(file, lineterminator="\n")
    table.writerow(HEADER)
    for row in rows:
        whole = polygons(row.image, row.code)
        text = valid_text(whole, digits_for([whole]) if decimals == "auto" else decimals)
        table.writerow((row.image, row.code, text))


def check_submission(path: Path, sample: Path, codes: Collection[int]) -> int:
    """Check a table as the contest does: every row once, in order, valid as it stands there.

    This is the inspection of ``python -m pipeline check``; notes don't matter here.

    Returns:
        Number of rows that are not empty.

    Raises:
        SubmissionError: Naming the rows that break a rule, the first ten of them.
    """
    wanted = {row.key: row.number for row in sample_rows(sample, codes)}
    inspection = Inspection(path, Terms(sample=wanted, codes=codes))
    errors = (finding for finding in inspection.findings() if finding.is_error)
    faults = [str(finding) for finding in islice(errors, _SHOWN)]
    if faults:
        more = f"all of them: python -m pipeline check {path} --sample {sample}"
        raise SubmissionError("\n  ".join([f"{path}: would be rejected:", *faults, more]))
    return inspection.filled
