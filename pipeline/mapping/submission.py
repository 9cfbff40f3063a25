"""The table that is handed in: the sample's rows in the sample's order, with our polygons."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Literal, TextIO

import shapely
from shapely import MultiPolygon

from pipeline.errors import SubmissionError
from pipeline.imagery import polygon_table
from pipeline.imagery.outlines import made_valid
from pipeline.mapping.geometry.precision import digits_for
from pipeline.mapping.submissions.inspection import Inspection
from pipeline.mapping.submissions.terms import Terms
from pipeline.mapping.tables import EMPTY, HEADER, Row
from pipeline.mapping.text import polygonal, valid_text

PolygonsOf = Callable[[str, int], MultiPolygon]
"""Polygons of a scene and a class code, in map units."""
Extent = tuple[float, float]
"""Xmax and Ymin of a scene, map units."""
_SHOWN = 10
_DUST = 1e-9


def sample_rows(path: Path, codes: Collection[int]) -> Iterator[Row]:
    """Rows of the sample, streamed; their geometries are placeholders.

    Raises:
        SubmissionError: Naming the row that is no row of a sample.
    """
    return polygon_table.sample_rows(path, codes, SubmissionError)


def rows_of(scenes: Iterable[str], codes: Sequence[int]) -> list[Row]:
    """A row for each scene and class, where no sample says which are wanted.

    Args:
        scenes: Ids, in the table's order.
        codes: Class codes, likewise.
    """
    keys = [(scene, code) for scene in scenes for code in codes]
    return [Row(number, *key, EMPTY) for number, key in enumerate(keys, start=2)]


def write_submission(
    file: TextIO,
    rows: Iterable[Row],
    polygons: PolygonsOf,
    decimals: int | Literal["auto"],
    extents: Mapping[str, Extent] | None = None,
) -> None:
    """Write the table.

    Args:
        file: Open for writing, with ``newline=""``.
        rows: Rows of the sample.
        polygons: Gives each row's polygons.
        decimals: Digits after the point of a coordinate; auto: as many as each row needs.
        extents: Xmax and Ymin of scenes, map units: what lies past them is cut off.
    """
    table = csv.writer(file, lineterminator="\n")
    table.writerow(HEADER)
    for row in rows:
        whole = polygons(row.image, row.code)
        extent = (extents or {}).get(row.image)
        if extent is not None:
            whole = on_scene(whole, extent)
        digits = digits_for([whole]) if decimals == "auto" else decimals
        if extent is not None:
            whole = on_scene(whole, _inwards(extent, digits))
        table.writerow((row.image, row.code, valid_text(whole, digits)))


def on_scene(whole: MultiPolygon, extent: Extent) -> MultiPolygon:
    """What of a geometry lies on its scene.

    A scene ends between two pixels of the working grid, whose last ones reach past it.

    Args:
        whole: In map units.
        extent: Xmax and Ymin of the scene.
    """
    scene = shapely.box(0, extent[1], extent[0], 0)
    if whole.is_empty or shapely.covers(scene, shapely.box(*whole.bounds)):
        return whole
    return polygonal(shapely.intersection(made_valid(whole), scene))


def _inwards(extent: Extent, digits: int) -> Extent:
    """The largest extent of so many digits, so that rounding leads nowhere past the scene."""
    # What is a whole number but for its last bits is that number.
    right, low = (abs(value) * 10.0**digits + _DUST for value in extent)
    return math.floor(right) / 10.0**digits, -math.floor(low) / 10.0**digits


def check_submission(
    path: Path,
    sample: Path | Sequence[Row],
    codes: Collection[int],
    extents: Mapping[str, Extent] | None = None,
) -> int:
    """Check a table as the contest does: every row once, in order, valid as it stands there.

    This is the inspection of ``python -m pipeline check``; notes don't matter here.

    Args:
        path: The table.
        sample: Table whose rows and order it must have, or those rows.
        codes: Class codes that may occur.
        extents: Xmax and Ymin of scenes, past which nothing may lie.

    Returns:
        Number of rows that are not empty.

    Raises:
        SubmissionError: Naming the rows that break a rule, the first ten of them.
    """
    rows = sample_rows(sample, codes) if isinstance(sample, Path) else sample
    wanted = {row.key: row.number for row in rows}
    inspection = Inspection(path, Terms(wanted, extents, codes, any_units=True))
    errors = (finding for finding in inspection.findings() if finding.is_error)
    faults = [str(finding) for finding in islice(errors, _SHOWN)]
    if faults:
        option = f" --sample {sample}" if isinstance(sample, Path) else ""
        more = f"all of them: python -m pipeline check {path}{option}"
        raise SubmissionError("\n  ".join([f"{path}: would be rejected:", *faults, more]))
    return inspection.filled
