"""A table whose rows can be read in any order: their places are held, never their texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Final

from pipeline.errors import SubmissionError
from pipeline.mapping.submissions.findings import Finding
from pipeline.mapping.submissions.reading import Reading, read_text
from pipeline.mapping.submissions.rows import Header, Key, SubmissionRow, read_rows, row_at
from pipeline.mapping.submissions.stream import opened, unpacked

_MOST_TEXT: Final = 2**16


@dataclass(frozen=True)
class IndexedTable:
    """A table open for reading.

    Attributes:
        path: The table, as the user named it.
        places: Rows of each scene and class without their texts, in the table's order.
        unusable: Rows without a scene and class, likewise.
        header: The table's header.
        file: The unpacked table.
    """

    path: Path
    places: Mapping[Key, Sequence[SubmissionRow]]
    unusable: tuple[SubmissionRow, ...]
    header: Header
    file: IO[bytes]

    def texts(self, key: Key) -> list[str]:
        """Texts of the rows of a scene and class; none if the table lacks it."""
        rows = self.places.get(key, ())
        return [row_at(self.file, row, self.header).wkt for row in rows]

    def text_of(self, row: SubmissionRow) -> str:
        """Text of the geometry of a row; all of the row if its geometry can't be told apart."""
        wkt = row_at(self.file, row, self.header).wkt
        if wkt:
            return wkt
        self.file.seek(row.offset)
        return self.file.read(min(row.length, _MOST_TEXT)).decode("utf-8", "replace")

    def reading(self, key: Key) -> Reading:
        """Polygons of a scene and class; a row that is missing has none."""
        texts = self.texts(key)
        return read_text(texts[0] if texts else "MULTIPOLYGON EMPTY")

    def check_rows(self) -> None:
        """Check that every row has a scene and class of its own.

        Raises:
            SubmissionError: Naming the first row that has not.
        """
        fix = "mend the table first: python -m pipeline check TABLE --repair MENDED"
        for row in self.unusable:
            fault = Finding.of(row.marks[0], row.number, row.image, row.code)
            raise SubmissionError(f"{self.path}, {fault}; {fix}")
        for key, rows in self.places.items():
            if len(rows) > 1:
                raise SubmissionError(
                    f"{self.path}, row {rows[1].number}: scene {key[0]}, class {key[1]} stands in "
                    f"row {rows[0].number} already; {fix}"
                )


@contextmanager
def indexed(path: Path) -> Iterator[IndexedTable]:
    """A table with an index of its rows; a packed one is unpacked into a temporary file.

    Raises:
        SubmissionError: If the table can't be read.
    """
    with unpacked(path) as plain:
        header, rows = read_rows(plain)
        places: dict[Key, list[SubmissionRow]] = {}
        unusable = []
        for row in rows:
            bare = replace(row, wkt="")
            if row.key is None:
                unusable.append(bare)
            else:
                places.setdefault(row.key, []).append(bare)
        with opened(plain) as file:
            yield IndexedTable(path, places, tuple(unusable), header, file)
