"""Reading the contest's tables row by row; nothing in them is trusted."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from pipeline.errors import DatasetError

MAX_FIELD: Final = 2**28
"""Longest field, characters: one class of one scene may take megabytes of text."""


def read_rows(path: Path, columns: Sequence[Sequence[str]]) -> Iterator[tuple[int, list[str]]]:
    """Rows of a CSV table, one at a time.

    Args:
        path: The table.
        columns: For each wanted column the names that it may have, in lower case; ``""`` is an
            empty header.

    Yields:
        Number of the row as a person counts (the header is row 1), and the wanted fields.

    Raises:
        DatasetError: If the table is missing, is no CSV text, or lacks a column or a field.
    """
    if not path.is_file():
        raise DatasetError(f"{path}: no such table; put it there or name it in section dataset")
    limit = csv.field_size_limit(MAX_FIELD)
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, strict=True)
            places = _places(path, next(reader, []), columns)
            for number, row in enumerate(reader, start=2):
                if not row:
                    continue
                if len(row) <= max(places):
                    raise DatasetError(
                        f"{path}: row {number} has {len(row)} fields, too few; complete the row"
                    )
                yield number, [row[place] for place in places]
    except (csv.Error, UnicodeDecodeError) as error:
        raise DatasetError(f"{path}: is no table in UTF-8 CSV ({error}); fetch it again") from None
    finally:
        csv.field_size_limit(limit)


def _places(path: Path, header: Sequence[str], columns: Sequence[Sequence[str]]) -> list[int]:
    known = [name.strip().lower() for name in header]
    places = []
    for names in columns:
        place = next((known.index(name) for name in names if name in known), None)
        if place is None:
            raise DatasetError(
                f"{path}: has no column {' or '.join(repr(name) for name in names)} "
                f"(its header: {', '.join(map(repr, header))}); correct the header"
            )
        places.append(place)
    return places
