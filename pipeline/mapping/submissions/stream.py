"""Tables as streams of records: any size, packed or plain, and whole again after a broken row.

A record is a line of the table, or several where a quoted field holds line ends. A quote that is
never closed would swallow the rest of the file: where the next line begins as a row does, the
record ends before it.
"""

from __future__ import annotations

import gzip
import re
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from pipeline.errors import SubmissionError
from pipeline.imagery import tables
from pipeline.imagery.tables import MAX_FIELD, is_packed

MOST_RECORD: Final = MAX_FIELD + 2**10
"""Longest record, bytes."""
MOST_UNPACKED: Final = 2**32
"""Most bytes that a packed table is unpacked to on the disk."""
MARK: Final = b"\xef\xbb\xbf"
"""The byte-order mark of UTF-8."""
_PIECE: Final = 2**24
_BEGINNING: Final = 200
_BEGINS_ROW: Final = re.compile(rb'"?[\w.-]{1,100}"?,"?\d{1,9}(?:\.0*)?"?,(?=["A-Za-z\r\n]|$)')


@dataclass(frozen=True)
class Record:
    """One record of a table, not yet taken apart.

    Attributes:
        number: As a spreadsheet counts, the header being 1.
        offset: Where it begins, bytes of the unpacked file.
        length: Bytes, line end included.
        data: Its bytes without the line end; of a record that is too long only its beginning.
        open_quote: Whether a quote of it is never closed.
        too_long: Whether it is longer than ``MOST_RECORD``.
        windows: Whether its line ends with a carriage return.
    """

    number: int
    offset: int
    length: int
    data: bytes
    open_quote: bool = False
    too_long: bool = False
    windows: bool = False


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """A table open for reading bytes, unpacked as it is read.

    Raises:
        SubmissionError: If there is no such file, or it can't be read or unpacked.
    """
    if not path.is_file():
        raise SubmissionError(f"{path}: no such table; put it there or correct its name")
    try:
        with tables.opened(path) as file:
            yield file
    except (EOFError, zlib.error, gzip.BadGzipFile) as fault:
        raise SubmissionError(
            f"{path}: can't be unpacked ({fault}); fetch it again, or take .gz off its name"
        ) from None


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """A table as a plain file that can be read from any place; a packed one is unpacked for it.

    Raises:
        SubmissionError: If there is no such file, it can't be unpacked, or holds more than
            ``MOST_UNPACKED`` or than half of what is free on the disk: a small file can be packed
            that fills any disk.
    """
    if not is_packed(path):
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "table.csv"
        most = min(MOST_UNPACKED, shutil.disk_usage(folder).free // 2)
        with opened(path) as source, plain.open("wb") as target:
            _copy(source, target, most, path)
        yield plain


def _copy(source: IO[bytes], target: IO[bytes], most: int, path: Path) -> None:
    """Copy a file unless it is larger than it may be."""
    size = 0
    while piece := source.read(_PIECE):
        size += len(piece)
        if size > most:
            raise SubmissionError(
                f"{path}: holds more than {most:,} bytes once it is unpacked, the most that is put "
                f"into the folder of temporary files ({tempfile.gettempdir()}); unpack it "
                "yourself if that is right, and give the plain table"
            )
        target.write(piece)


def records(file: IO[bytes]) -> Iterator[Record]:
    """Records of a table from its beginning; empty lines are counted and left out.

    Never more is held than one record and the line that follows it.
    """
    offset, number = 0, 1
    ahead = _line(file)
    while ahead.length:
        pieces, length, quotes = [ahead.data], ahead.length, ahead.quotes
        ahead = _line(file)
        while quotes % 2 and ahead.length and not _BEGINS_ROW.match(ahead.data):
            if length <= MOST_RECORD:
                pieces.append(ahead.data)
            length, quotes = length + ahead.length, quotes + ahead.quotes
            ahead = _line(file)
        data = b"".join(pieces)
        text, too_long = data.rstrip(b"\r\n"), length > MOST_RECORD
        if text.strip():
            windows = data.endswith(b"\r\n")
            text = text[:_BEGINNING] if too_long else text
            del data, pieces
            yield Record(number, offset, length, text, quotes % 2 == 1, too_long, windows)
        offset, number = offset + length, number + 1


@dataclass(frozen=True)
class _Line:
    """A line: its bytes (of one that is too long its beginning), true length, number of quotes."""

    data: bytes
    length: int
    quotes: int


def _line(file: IO[bytes]) -> _Line:
    pieces: list[bytes] = []  # a few at most
    length = quotes = 0
    while True:
        piece = file.readline(_PIECE)
        pieces = [*pieces, piece] if length <= MOST_RECORD else pieces[:1]
        length, quotes = length + len(piece), quotes + piece.count(b'"')
        if not piece or piece.endswith(b"\n"):
            return _Line(b"".join(pieces), length, quotes)
