"""All scenes of a catalogue as tables: sizes, alignment, shares of classes, values of bands."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pipeline.mapping.wording import counted
from pipeline.reporting.page.blocks import Cell, Table

Record = Mapping[str, Any]
_MOST: Final = 500
"""Rows of a table; the run's catalogue.csv has all."""


def problem_table(records: Sequence[Record]) -> Table | None:
    """A row per scene and problem; None if there is none."""
    rows: list[tuple[Cell, ...]] = [
        (str(record["id"]), str(record["role"]), str(problem))
        for record in records
        for problem in record["problems"]
    ]
    if not rows:
        return None
    caption = f"The {counted(len(rows), 'problem')}{_cut(len(rows))}"
    head = ("scene", "role", "problem")
    return Table(caption, head, tuple(rows[:_MOST]), texts=3, folded=len(rows) > 12)


def scene_table(records: Sequence[Record]) -> Table:
    """A row per scene: its size, and how its band groups lie."""
    groups = list(dict.fromkeys(group["name"] for one in records for group in _groups(one)))
    head = (
        *("scene", "role", "rows", "columns", "metres per px", "problems"),
        *(f"{name}: {what}" for name in groups for what in ("alignment", "invalid, %")),
    )
    return Table(
        f"All {counted(len(records), 'scene')}: sizes in pixels of the finest band group, and how "
        f"the others lie to it, with their correlation{_cut(len(records))}",
        head,
        tuple(_row(record, groups) for record in records[:_MOST]),
        texts=2,
        folded=True,
    )


def _row(record: Record, groups: Sequence[str]) -> tuple[Cell, ...]:
    rows, columns = record.get("shape", (None, None))
    metres = record.get("metres")
    cells: list[Cell] = [str(record["id"]), str(record["role"]), rows, columns]
    cells += [None if metres is None else f"{metres:g}", len(record["problems"])]
    own = {group["name"]: group for group in _groups(record)}
    for name in groups:
        cells += _alignment(own.get(name))
    return tuple(cells)


def share_table(records: Sequence[Record], names: Mapping[int, str]) -> Table | None:
    """Share of each class in each labelled scene; None if no scene has labels.

    Args:
        records: Of the catalogue.
        names: Names of the classes by code.
    """
    labelled = [record for record in records if record.get("labels") is not None]
    if not labelled:
        return None
    rows: list[tuple[Cell, ...]] = []
    for record in labelled[:_MOST]:
        shares = (record["labels"].get(str(code), {}).get("share") for code in names)
        cells = (None if share is None else f"{100 * share:.2f}" for share in shares)
        rows.append((str(record["id"]), *cells))
    return Table(
        f"Share of each class in {counted(len(labelled), 'labelled scene')}, %; a dash where "
        f"nothing is said of the class{_cut(len(labelled))}",
        ("scene", *names.values()),
        tuple(rows),
        folded=True,
    )


def _alignment(group: Record | None) -> list[Cell]:
    """How a band group lies, and how much of it is invalid."""
    if group is None:
        return [None, None]
    found = group["registration"]
    text = str(found["status"])
    if text in ("aligned", "unaligned"):
        text = f"{text}, {found['correlation']:.2f}"
    return [text, f"{100 * group['invalid']:.1f}"]


def band_table(records: Sequence[Record]) -> Table | None:
    """Values of each band over all scenes; None if no scene was read."""
    found: dict[tuple[str, str], list[Mapping[str, float]]] = {}
    for group, band, values in _bands(records):
        found.setdefault((group, band), []).append(values)
    rows: list[tuple[Cell, ...]] = [
        (
            f"{group}.{band}",
            len(values),
            *(_number(low(one[key] for one in values)) for key, low in _COLUMNS),
        )
        for (group, band), values in found.items()
    ]
    if not rows:
        return None
    return Table(
        "Values of each band in the files: extremes, and the median over scenes of each scene's "
        "2nd, 50th and 98th percentile",
        ("band", "scenes", "least", "2 %", "median", "98 %", "most"),
        tuple(rows),
        folded=True,
    )


_COLUMNS: Final[tuple[tuple[str, Any], ...]] = (
    ("min", min),
    ("p2", statistics.median),
    ("median", statistics.median),
    ("p98", statistics.median),
    ("max", max),
)


def _bands(records: Sequence[Record]) -> Iterator[tuple[str, str, Mapping[str, float]]]:
    """Group, name and values of every band that has any valid pixel."""
    for record in records:
        for group in _groups(record):
            for band, values in group["bands"].items():
                if values:
                    yield group["name"], band, values


def _groups(record: Record) -> Sequence[Record]:
    groups: Sequence[Record] = record.get("groups", ())
    return groups


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.4g}"


def _cut(count: int) -> str:
    return f"; the first {_MOST}, all are in scenes/catalogue" if count > _MOST else ""
