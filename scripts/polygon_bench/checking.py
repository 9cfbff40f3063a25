"""Checking a table of polygons: ours beside a plain reading, row by row and part by part."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from affine import Affine
from shapely import MultiPolygon, wkt

from pipeline.imagery.transform import moved
from pipeline.mapping.submission import check_submission, sample_rows, write_submission
from polygon_bench.timing import in_turns


@dataclass(frozen=True)
class Checked:
    """A table checked in both ways.

    Attributes:
        rows: Of the table.
        bytes: Of the table.
        ours: Seconds of each round.
        plain: Seconds of each round, of the other way.
        agree: Whether both count the same rows that aren't empty.
    """

    rows: int
    bytes: int
    ours: tuple[float, ...]
    plain: tuple[float, ...]
    agree: bool


def write_tables(
    folder: Path, classes: Sequence[MultiPolygon], to_map: Affine, scenes: int
) -> tuple[Path, Path]:
    """A submission with the same polygons on every scene, and the sample that asks for it.

    Args:
        folder: Where to write.
        classes: Polygons of classes 1, 2 and so on, in pixel coordinates.
        to_map: Pixel edges to the contest's units.
        scenes: Number of scenes.

    Returns:
        Paths of the submission and of the sample.
    """
    sample, table = folder / "sample.csv", folder / "submission.csv"
    names = [f"6{number:03d}_0_0" for number in range(scenes)]
    codes = range(1, len(classes) + 1)
    with sample.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("ImageId", "ClassType", "MultipolygonWKT"))
        writer.writerows((name, code, "MULTIPOLYGON EMPTY") for name in names for code in codes)
    on_map = [moved(shape, to_map) for shape in classes]
    with table.open("w", newline="") as file:
        rows = sample_rows(sample, codes)
        write_submission(file, rows, lambda _, code: on_map[code - 1], 9)
    return table, sample


def plainly(path: Path) -> int:
    """Rows that aren't empty, every geometry and part of it looked at by itself.

    Raises:
        ValueError: If one is invalid.
    """
    filled = 0
    with path.open(newline="") as file, _long_fields():
        for row in csv.DictReader(file):
            geometry = wkt.loads(row["MultipolygonWKT"])
            sound = [part.is_valid and part.area >= 0 for part in geometry.geoms]
            if not (geometry.is_valid and all(sound)):
                raise ValueError(f"{path}: {row['ImageId']}, {row['ClassType']}: invalid")
            filled += not geometry.is_empty
    return filled


def check_both(table: Path, sample: Path, codes: Sequence[int], rounds: int) -> Checked:
    """Check a table in both ways, in turns.

    Args:
        table: What is checked.
        sample: Whose rows it must have.
        codes: Class codes.
        rounds: How often.
    """
    (ours, plain), (found, expected) = in_turns(
        [partial(check_submission, table, sample, codes), partial(plainly, table)], rounds
    )
    rows = sum(1 for _ in sample_rows(sample, codes))
    return Checked(rows, table.stat().st_size, tuple(ours), tuple(plain), found == expected)


@contextmanager
def _long_fields() -> Iterator[None]:
    """Take fields of any length, which a row of trees needs."""
    before = csv.field_size_limit(sys.maxsize)
    try:
        yield
    finally:
        csv.field_size_limit(before)
