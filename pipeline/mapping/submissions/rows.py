"""Rows of a submission: a record taken apart, with all that is wrong before its geometry."""

from __future__ import annotations

import codecs
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Final

from pipeline.errors import SubmissionError
from pipeline.files import is_safe_name
from pipeline.mapping.submissions.findings import Mark
from pipeline.mapping.submissions.record_fields import (
    CODE,
    GEOMETRY,
    is_indexed,
    is_row_like,
    number_of,
    parted,
)
from pipeline.mapping.submissions.stream import MARK, Record, opened, records
from pipeline.mapping.tables import HEADER
from pipeline.mapping.wording import counted

Key = tuple[str, int]
"""Scene and class code."""
_SHOWN: Final = 60
_AS_WRITTEN: Final = (0, 1, 2)
_SEPARATORS: Final = {b";": "';'", b"\t": "tabs"}


@dataclass(frozen=True)
class SubmissionRow:
    """One row of a submission.

    Attributes:
        number: As a spreadsheet counts, the header being row 1.
        offset: Where its record begins, bytes.
        length: Bytes of its record.
        image: Scene as it stands there.
        code: Class as it stands there.
        wkt: Text of the geometry, not yet looked at.
        marks: What is wrong with the row, its geometry aside.
        key: Scene and class; None if the row can't be used at all.
        windows: Whether its line ends as Windows writes it.
    """

    number: int
    offset: int
    length: int
    image: str = ""
    code: str = ""
    wkt: str = ""
    marks: tuple[Mark, ...] = ()
    key: Key | None = None
    windows: bool = False


@dataclass(frozen=True)
class Header:
    """First row of a submission.

    Attributes:
        places: Places of scene, class and geometry among the fields.
        width: Number of fields.
        marks: What is wrong with it, and with the file as a whole.
        is_row: Whether the header is missing and its place taken by a row.
        windows: Whether its line ends as Windows writes it.
    """

    places: tuple[int, ...] = _AS_WRITTEN
    width: int = 3
    marks: tuple[Mark, ...] = ()
    is_row: bool = False
    windows: bool = False


def read_header(record: Record) -> Header:
    """Header of a table from its first record.

    Columns are found by their names in any case; where names are missing, the contest's order is
    taken.
    """
    has_mark = record.data.startswith(MARK)
    marks = [Mark("byte-order-mark", "the file begins with a byte-order mark")] * has_mark
    header = Header(windows=record.windows)
    shown = repr(record.data.removeprefix(MARK)[:_SHOWN].decode("utf-8", "replace"))
    fields, faults = parted(record)
    if fields is None:
        message = f"the header {shown} can't be read: {faults[0].message}"
        return replace(header, marks=(*marks, Mark("header", message)))
    if tuple(fields) == HEADER:
        return replace(header, marks=tuple(marks))
    message = f"the header is {shown}; the contest has {','.join(HEADER)}"
    names = [name.strip().lower() for name in fields]
    places = tuple(names.index(name.lower()) for name in HEADER if name.lower() in names)
    if len(places) == len(HEADER):
        marks.append(Mark("header", message))
        if places == (1, 2, 3) and not names[0]:
            marks.append(Mark("index-column", "a column without a name stands in front"))
        return replace(header, places=places, width=len(fields), marks=tuple(marks))
    indexed = len(fields) == len(HEADER) + 1 and not fields[0].strip()
    if indexed and not CODE.fullmatch(fields[2].strip()):
        marks.append(Mark("header", message))
        return replace(header, places=(1, 2, 3), width=len(fields), marks=tuple(marks))
    if is_row_like(fields):
        message = f"there is no header, a row stands in its place: {shown}"
        return replace(header, marks=(*marks, Mark("header", message)), is_row=True)
    width = max(len(HEADER), len(fields))
    return replace(header, width=width, marks=(*marks, Mark("header", message)))


def read_row(record: Record, header: Header, codes: Collection[int] | None = None) -> SubmissionRow:
    """Take a record apart.

    Args:
        record: The record.
        header: The table's header.
        codes: Class codes that may occur; None for any number.
    """
    row = SubmissionRow(record.number, record.offset, record.length, windows=record.windows)
    fields, marks = parted(record)
    if fields is not None and _is_usual(header) and is_indexed(fields):
        message = f"begins with a number of its own, {fields[0][:20]!r}, before the scene's id"
        marks = [*marks, Mark("index-column", message)]
        fields = fields[1:]
    if fields is not None and len(fields) != header.width:
        has = counted(len(fields), "field")
        marks = [*marks, Mark("fields", f"has {has} where the header has {header.width}")]
        fields = _joined(fields, header)
    if fields is None:
        return replace(row, marks=tuple(marks))
    image, code, wkt = (fields[place] for place in header.places)
    faults = _key_marks(image, code, codes)
    key = None if faults else (image.strip(), number_of(code))
    if key is not None and (image, code) != (key[0], str(key[1])):
        shown = f"scene {image[:_SHOWN]!r}, class {code[:20]!r}"
        faults = [Mark("key-form", f"{shown} is not written as {key[0]}, {key[1]}")]
    marks += faults
    return replace(row, image=image[:100], code=code[:20], wkt=wkt, marks=tuple(marks), key=key)


def read_rows(
    path: Path, codes: Collection[int] | None = None
) -> tuple[Header, Iterator[SubmissionRow]]:
    """Header and rows of a table; the rows are read one at a time as they are asked for.

    Raises:
        SubmissionError: If the file is missing or empty, can't be read, or is no lines of UTF-8.
    """
    with opened(path) as file:
        first = next(records(file), None)
    if first is None:
        raise SubmissionError(f"{path}: is empty; a submission has a header and rows")
    _check_lines(path, first)
    _check_separator(path, first)
    header = read_header(first)
    return header, _rows(path, header, codes)


def _check_lines(path: Path, first: Record) -> None:
    """Check that the file is text with ends of lines that part rows.

    Raises:
        SubmissionError: If it is UTF-16, or lines end with a carriage return alone: all of it, or
            half of each letter, would be taken for a header.
    """
    if first.data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise SubmissionError(f"{path}: is UTF-16 text; save it as UTF-8")
    if b"\r" in first.data.partition(b'"')[0]:
        raise SubmissionError(
            f"{path}: its lines end with '\\r' alone, as very old programs write them; save it "
            "with '\\n'"
        )


def _check_separator(path: Path, first: Record) -> None:
    """Check that commas part the fields.

    Raises:
        SubmissionError: If semicolons or tabs do: no row could be read.
    """
    before = first.data.partition(b"(")[0]
    for separator, name in _SEPARATORS.items():
        if b"," not in before and before.count(separator) >= len(HEADER) - 1:
            raise SubmissionError(
                f"{path}: its fields are parted by {name}, the contest's by ','; save it with "
                "commas and the geometry in quotes (pandas: to_csv without sep)"
            )


def row_at(file: IO[bytes], row: SubmissionRow, header: Header) -> SubmissionRow:
    """A row that was met before, read again from a plain file."""
    file.seek(row.offset)
    data = file.read(row.length).rstrip(b"\r\n")
    is_open = data.count(b'"') % 2 == 1
    return read_row(Record(row.number, row.offset, row.length, data, is_open), header)


def _rows(path: Path, header: Header, codes: Collection[int] | None) -> Iterator[SubmissionRow]:
    with opened(path) as file:
        found = records(file)
        if not header.is_row:
            next(found, None)
        for record in found:
            yield read_row(record, header, codes)


def _joined(fields: Sequence[str], header: Header) -> Sequence[str] | None:
    """Fields of a row whose geometry nobody has quoted, its commas taken for ends of fields."""
    if not _is_usual(header) or len(fields) < len(HEADER) or not GEOMETRY.match(fields[2][:_SHOWN]):
        return None
    return [*fields[:2], ",".join(fields[2:])]


def _is_usual(header: Header) -> bool:
    return header.places == _AS_WRITTEN and header.width == len(HEADER)


def _key_marks(image: str, code: str, codes: Collection[int] | None) -> list[Mark]:
    marks = []
    if not is_safe_name(image.strip()):
        marks.append(Mark("scene-id", f"{image[:_SHOWN]!r} can't be a scene's id"))
    if not CODE.fullmatch(code.strip()):
        marks.append(Mark("class-code", f"class {code[:20]!r} is no class code"))
    elif codes is not None and number_of(code) not in codes:
        known = ", ".join(map(str, sorted(codes)[:20]))
        marks.append(Mark("class-code", f"class code {code[:20]!r} is not in ({known})"))
    return marks
