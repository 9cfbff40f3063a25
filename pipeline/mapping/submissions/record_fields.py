"""Fields of a record of a submission, and what they look like before they are trusted."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from typing import Final

from pipeline.imagery import tables
from pipeline.mapping.submissions.findings import Mark
from pipeline.mapping.submissions.stream import MARK, Record
from pipeline.mapping.tables import HEADER

CODE: Final = re.compile(r"[0-9]{1,9}(?:\.0*)?")
"""A class code, also as a table of floats writes it: 1.0."""
GEOMETRY: Final = re.compile(r"\s*\"?\s*[A-Za-z]+[\sA-Za-z]*\(")
"""How a geometry begins."""
_SHOWN: Final = 60


def parted(record: Record) -> tuple[Sequence[str] | None, list[Mark]]:
    """Fields of a record, or why it can't be taken apart."""
    start = record.data[:_SHOWN].decode("utf-8", "replace")
    if record.too_long:
        size = f"{record.length:,} bytes; at most {tables.MAX_FIELD:,} are read"
        return None, [Mark("field-size", f"{start!r}... has {size}")]
    if record.open_quote:
        mark = Mark("quotes", f"{start!r}... opens a quote and never closes it")
        return _closed(record.data.decode("utf-8", "replace")), [mark]
    data = record.data.removeprefix(MARK) if record.offset == 0 else record.data
    try:
        return _fields(data.decode()), []
    except UnicodeDecodeError as fault:
        return None, [Mark("encoding", f"{start!r}... is no UTF-8 ({fault})")]
    except csv.Error as fault:
        return None, [Mark("quotes", f"{start!r}... is no CSV ({fault})")]


def _closed(text: str) -> Sequence[str] | None:
    """Fields of a row whose last field opens a quote and never closes it."""
    image, _, rest = text.partition(",")
    code, _, last = rest.partition(",")
    return (image, code, last[1:]) if last[:1] == '"' and text.count('"') == 1 else None


def _fields(text: str) -> Sequence[str]:
    """Fields of a record; those of the usual shape without a pass over every character."""
    image, _, rest = text.partition(",")
    code, _, last = rest.partition(",")
    if '"' not in image and '"' not in code and rest:
        if last[:1] == '"' and last[-1:] == '"' and len(last) > 1 and last.count('"') == 2:
            return image, code, last[1:-1]
        if last and '"' not in last and "," not in last:
            return image, code, last
    return tables.fields_of(text)


def is_row_like(fields: Sequence[str]) -> bool:
    """Whether what stands in the place of a header is a row, maybe with a number in front."""
    usual = len(fields) >= len(HEADER) and CODE.fullmatch(fields[1].strip()) is not None
    return usual or is_indexed(fields)


def is_indexed(fields: Sequence[str]) -> bool:
    """Whether a number stands in front of scene, class and geometry."""
    if len(fields) <= len(HEADER) or not CODE.fullmatch(fields[0].strip()):
        return False
    start = fields[3][:_SHOWN].strip()
    is_geometry = start == "" or GEOMETRY.match(start) or start.upper().endswith("EMPTY")
    return CODE.fullmatch(fields[2].strip()) is not None and bool(is_geometry)


def number_of(code: str) -> int:
    """The number of a code that is one."""
    return int(code.strip().partition(".")[0])
