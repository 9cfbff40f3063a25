"""Tables of polygons (ImageId, ClassType, MultipolygonWKT): labels, sample, submission, solution.

All stages read them here, so a table that one stage takes is a table for all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline.errors import PipelineError
from pipeline.files import is_safe_name
from pipeline.imagery import tables
from pipeline.imagery.faults import Faults

HEADER: Final = ("ImageId", "ClassType", "MultipolygonWKT")
_COLUMNS: Final = (("imageid", ""), ("classtype",), ("multipolygonwkt",))


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


def read_rows(
    path: Path, codes: Collection[int], error: type[PipelineError], faults: Faults | None = None
) -> Iterator[Row]:
    """Rows of a table in its order, one at a time.

    Args:
        path: CSV file.
        codes: Class codes that may occur.
        error: What to raise.
        faults: Where to note rows that can't be used, and go on; without it the first one raises.

    Raises:
        PipelineError: Of type ``error``, naming file and row: the file is missing or is no such
            table, an id is a path, a class is unknown, a row stands there twice.
    """
    seen: dict[tuple[str, int], int] = {}
    for number, (image, code, wkt) in tables.read_rows(path, _COLUMNS, error):
        fault = _id_fault(image) or _code_fault(code, codes)
        row = None if fault else Row(number, image, int(code), wkt)
        if row is not None and seen.setdefault(row.key, number) != number:
            fault = (
                f"scene {image}, class {row.code} stands in row {seen[row.key]} already; put both "
                "into one row, or remove one of them"
            )
        if fault is None and row is not None:
            yield row
        elif faults is None:
            raise error(f"{path}, row {number}: {fault}")
        else:
            faults.add(f"{path}, row {number}: {fault}")


def sample_rows(
    path: Path, codes: Collection[int], error: type[PipelineError], faults: Faults | None = None
) -> Iterator[Row]:
    """Rows of a sample submission, as :func:`read_rows` gives them; their texts are placeholders.

    Raises:
        PipelineError: Of type ``error``, also if the sample has no rows.
    """
    empty = True
    known = 0 if faults is None else len(faults.messages)
    for row in read_rows(path, codes, error, faults):
        empty = False
        yield row
    if empty and (faults is None or len(faults.messages) == known):
        raise error(f"{path}: has no rows; a sample has one per scene and class")


def check_header(path: Path, error: type[PipelineError]) -> None:
    """Check that a table is there and has the columns of a table of polygons.

    Raises:
        PipelineError: Of type ``error``.
    """
    tables.check_header(path, _COLUMNS, error)


def _id_fault(image: str) -> str | None:
    """What is wrong with a scene's id, if anything."""
    if is_safe_name(image):
        return None
    return (
        f"{image[:60]!r} can't be a scene's id; an id is made of letters, digits, '_', '-' and "
        "'.', starts with no '.', and is no path; correct the row"
    )


def _code_fault(code: str, codes: Collection[int]) -> str | None:
    """What is wrong with a class code, if anything."""
    if code.isascii() and code.isdigit() and len(code) <= 9 and int(code) in codes:
        return None
    known = ", ".join(map(str, sorted(codes)))
    return (
        f"class code {code[:20]!r} is not in dataset.classes ({known}); add the class to the "
        "configuration, or remove the row"
    )
