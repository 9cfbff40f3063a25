"""Reading the contest's tables row by row; nothing in them is trusted."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Final, cast

from pipeline.errors import DatasetError, PipelineError

MAX_FIELD: Final = 2**28
"""Longest field, characters: one class of one scene may take megabytes of text."""
_PACKED: Final = ".gz"


def is_packed(path: Path) -> bool:
    """Whether a file is packed by gzip, by its name."""
    return path.suffix.lower() == _PACKED


def opened(path: Path) -> IO[bytes]:
    """A file open for reading bytes, unpacked as it is read if it is packed."""
    return cast(IO[bytes], gzip.open(path)) if is_packed(path) else path.open("rb")


def read_rows(
    path: Path, columns: Sequence[Sequence[str]], error: type[PipelineError] = DatasetError
) -> Iterator[tuple[int, list[str]]]:
    """Rows of a CSV table, one at a time; empty lines are left out.

    Args:
        path: The table, plain or packed (``.gz``).
        columns: For each wanted column the names that it may have, in lower case; ``""`` is an
            empty header. Other columns may stand there too.
        error: What to raise.

    Yields:
        Number of the row as a person counts (the header is row 1), and the wanted fields.

    Raises:
        PipelineError: Of type ``error``, if the table is missing, is no CSV text, lacks a column,
            or has a row with more or fewer fields than its header.
    """
    if not path.is_file():
        raise error(f"{path}: no such table; put it there or correct its name")
    try:
        with opened(path) as data, io.TextIOWrapper(data, "utf-8-sig", newline="") as file:
            lines = _long_lines(csv.reader(file, strict=True))
            header = next(lines, [])
            places = _places(path, header, columns, error)
            for number, row in enumerate(lines, start=2):
                if not row:
                    continue
                if len(row) != len(header):
                    raise error(
                        f"{path}, row {number}: has {len(row)} fields where the header has "
                        f"{len(header)}; correct the row, and quote fields that hold commas"
                    )
                yield number, [row[place] for place in places]
    except (csv.Error, UnicodeDecodeError) as fault:
        raise error(f"{path}: is no table in UTF-8 CSV ({fault}); fetch it again") from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as fault:
        raise error(
            f"{path}: can't be unpacked ({fault}); fetch it again, or take .gz off its name"
        ) from None
    except OSError as fault:
        raise error(f"{path}: can't be read ({fault}); check its rights") from fault


def fields_of(line: str) -> list[str]:
    """Fields of one row of a CSV table, which may be as long as :func:`read_rows` takes them.

    Raises:
        csv.Error: If the text is no row.
    """
    return next(_long_lines(csv.reader([line], strict=True)), [])


def check_header(
    path: Path, columns: Sequence[Sequence[str]], error: type[PipelineError] = DatasetError
) -> None:
    """Check that a table is there and has the wanted columns; no more than its first row is read.

    Raises:
        PipelineError: Of type ``error``, as :func:`read_rows` does.
    """
    next(read_rows(path, columns, error), None)


def _long_lines(lines: Iterable[list[str]]) -> Iterator[list[str]]:
    """Lines of a CSV reader, with fields of up to ``MAX_FIELD`` characters.

    The limit belongs to the whole process, so it is raised for each line alone: several tables may
    be read at once, and a table may be left half read.
    """
    source = iter(lines)
    while True:
        limit = csv.field_size_limit(MAX_FIELD)
        try:
            line = next(source, None)
        finally:
            csv.field_size_limit(limit)
        if line is None:
            return
        yield line


def _places(
    path: Path,
    header: Sequence[str],
    columns: Sequence[Sequence[str]],
    error: type[PipelineError],
) -> list[int]:
    known = [name.strip().lower() for name in header]
    places = []
    for names in columns:
        place = next((known.index(name) for name in names if name in known), None)
        if place is None:
            shown = ", ".join(repr(name[:40]) for name in header[:10])
            raise error(
                f"{path}: has no column {' or '.join(repr(name) for name in names)} "
                f"(its header: {shown}); correct the header"
            )
        places.append(place)
    return places
