"""The inspection of a submission: every problem of every row, as a stream."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from pipeline.mapping.submissions.findings import Finding, Mark
from pipeline.mapping.submissions.geometry_faults import (
    above_axis,
    broken_places,
    outside_places,
)
from pipeline.mapping.submissions.order import order_findings
from pipeline.mapping.submissions.reading import Reading, read_text
from pipeline.mapping.submissions.rows import Key, SubmissionRow, read_rows
from pipeline.mapping.submissions.terms import Terms

_FIRST_ROW = 1
_WINDOWS = Mark("line-ends", "lines end with '\\r\\n' from here on, as Windows writes them")
_NO_ROWS = Mark("missing", "the table has a header and no rows")


@dataclass
class Inspection:
    """A submission being inspected; its numbers are whole when ``findings`` has ended.

    Attributes:
        path: Table, plain or packed.
        terms: What it is held against.
        rows: Rows met so far, the header aside.
        filled: Rows with ground so far.
    """

    path: Path
    terms: Terms = field(default_factory=Terms)
    rows: int = 0
    filled: int = 0

    def findings(self) -> Iterator[Finding]:
        """Every problem of the table, found as it is read; a row's geometry is held by itself.

        Raises:
            SubmissionError: If the file is missing, empty, or can't be unpacked.
        """
        header, rows = read_rows(self.path, self.terms.codes)
        yield from (Finding.of(mark, _FIRST_ROW) for mark in header.marks)
        windows = header.windows
        if windows:
            yield Finding.of(_WINDOWS, _FIRST_ROW)
        found: dict[Key, int] = {}
        for row in rows:
            self.rows += 1
            marks = chain(row.marks, self._key_marks(row, found), self._geometry_marks(row))
            if row.windows and not windows:
                windows = True
                yield Finding.of(_WINDOWS, row.number, row.image, row.code)
            for mark in marks:
                yield Finding.of(mark, row.number, row.image, row.code)
        if not self.rows:
            yield Finding.of(_NO_ROWS, _FIRST_ROW)
        if self.terms.sample is not None:
            yield from order_findings(found, self.terms.sample)

    def _key_marks(self, row: SubmissionRow, found: dict[Key, int]) -> Iterator[Mark]:
        if row.key is None:
            return
        before = found.setdefault(row.key, row.number)
        if before != row.number:
            message = f"scene {row.key[0]}, class {row.key[1]} stands in row {before} already"
            yield Mark("duplicate", message)
        if self.terms.extents is not None and row.key[0] not in self.terms.extents:
            yield Mark("no-extent", f"the grid sizes have no scene {row.key[0]}")

    def _geometry_marks(self, row: SubmissionRow) -> Iterable[Mark]:
        if any(mark.kind in _NO_GEOMETRY for mark in row.marks) and not row.wkt:
            return ()
        reading = read_text(row.wkt)
        self.filled += len(reading.parts) > 0
        scene = row.key[0] if row.key else ""
        unknown = self.terms.extents is None and not self.terms.any_units
        above = above_axis(reading.parts) if unknown else ()
        return chain(geometry_marks(reading, self.terms.extent(scene)), above)


_NO_GEOMETRY = frozenset({"encoding", "quotes", "fields", "field-size"})
"""Kinds of rows whose geometry could not even be found."""


def geometry_marks(reading: Reading, extent: tuple[float, float] | None) -> Iterator[Mark]:
    """Every problem of one geometry: of its text, its shape and its place."""
    yield from reading.marks
    if not reading.valid:
        yield from broken_places(reading.parts)
    yield from outside_places(reading.parts, extent)
