"""Tables of what was measured, and what must hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean

from polygon_bench.checking import Checked
from polygon_bench.overlaps import CLOSE, Scored
from polygon_bench.tracing import Traced

OURS, SIMPLE, CONTOURS, SHAPES = "ours", "ours, simplified", "OpenCV contours", "rasterio shapes"


@dataclass(frozen=True)
class Requirement:
    """What must hold.

    Attributes:
        text: What is asked.
        value: What was measured.
        held: Whether it holds.
    """

    text: str
    value: float
    held: bool


@dataclass(frozen=True)
class MethodSummary:
    """One method on many masks.

    Attributes:
        method: Its name.
        seconds: Sum over the masks of the best round.
        ratio: This by the seconds of ours.
        mean_iou: Mean over the masks.
        lowest_iou: Lowest of any mask.
        vertices: Of all masks.
        wkt: Bytes, of all masks.
        invalid: Texts that are no valid multipolygon.
    """

    method: str
    seconds: float
    ratio: float
    mean_iou: float
    lowest_iou: float
    vertices: int
    wkt: int
    invalid: int


def summarise(rows: Sequence[Traced]) -> list[MethodSummary]:
    """Each method over all masks, in the order of the rows."""
    base = _seconds(row for row in rows if row.method == OURS)
    found = []
    for name in dict.fromkeys(row.method for row in rows):
        own = [row for row in rows if row.method == name]
        qualities = [row.quality for row in own]
        found.append(
            MethodSummary(
                method=name,
                seconds=_seconds(own),
                ratio=_seconds(own) / base,
                mean_iou=mean(quality.iou for quality in qualities),
                lowest_iou=min(quality.iou for quality in qualities),
                vertices=sum(quality.vertices for quality in qualities),
                wkt=sum(quality.wkt for quality in qualities),
                invalid=sum(quality.invalid for quality in qualities),
            )
        )
    return found


def of_tracing(name: str, rows: Sequence[Traced]) -> list[Requirement]:
    """What is asked of polygons of masks.

    Args:
        name: What kind of masks they are.
        rows: Every method on every mask.
    """
    by = {summary.method: summary for summary in summarise(rows)}
    ours, simple = by[OURS], by[SIMPLE]
    share = simple.vertices / ours.vertices
    return [
        _least(f"{name}: times as fast as rasterio shapes", by[SHAPES].ratio, 2),
        _least(f"{name}: times as fast as OpenCV contours", by[CONTOURS].ratio, 1),
        _least(f"{name}: lowest IoU, every edge kept", ours.lowest_iou, 1),
        _most(f"{name}: invalid texts", ours.invalid, 0),
        _least(f"{name}: mean IoU, simplified", simple.mean_iou, 0.985),
        _most(f"{name}: share of vertices, simplified", share, 0.5),
    ]


def of_scoring(name: str, rows: Sequence[Scored]) -> list[Requirement]:
    """What is asked of scoring."""
    ratio = sum(min(row.union) for row in rows) / sum(min(row.ours) for row in rows)
    return [
        _least(f"{name}: scoring, times as fast as unions", ratio, 10),
        _most(f"{name}: scoring, largest difference", max(r.difference for r in rows), CLOSE),
    ]


def tracing_table(rows: Sequence[Traced], memory: Mapping[str, float]) -> str:
    """Each method over all masks."""
    return table(
        ("method", "s", "x ours", "MB", "mean IoU", "lowest", "vertices", "WKT, kB", "invalid"),
        [
            (
                row.method,
                f"{row.seconds:.3f}",
                f"{row.ratio:.2f}",
                f"{memory[row.method]:.0f}" if row.method in memory else "",
                f"{row.mean_iou:.4f}",
                f"{row.lowest_iou:.4f}",
                str(row.vertices),
                f"{row.wkt / 1000:.0f}",
                str(row.invalid),
            )
            for row in summarise(rows)
        ],
    )


def cases_table(rows: Sequence[Traced]) -> str:
    """Milliseconds of each method on each mask, the best of all rounds; and ours' parts."""
    names = list(dict.fromkeys(row.method for row in rows))
    cells: dict[str, list[str]] = {}
    for row in rows:
        cells.setdefault(row.case, []).append(f"{min(row.seconds) * 1000:.1f}")
    counts = {row.case: row.quality.parts for row in rows if row.method == OURS}
    return table(
        ("ms", "parts", *names), [(case, str(counts[case]), *cells[case]) for case in cells]
    )


def scoring_table(rows: Sequence[Scored]) -> str:
    """All ways on each pair, and in sum; ratios are to ours."""
    lines = [
        (
            row.case,
            str(row.vertices),
            "" if row.jaccard is None else f"{row.jaccard:.3f}",
            *_ways(*(min(times) for times in (row.ours, row.union, row.overlay))),
            f"{row.difference:.0e}",
        )
        for row in rows
    ]
    sums = (sum(min(getattr(row, way)) for row in rows) for way in ("ours", "union", "overlay"))
    worst = max(row.difference for row in rows)
    last = ("all", str(sum(row.vertices for row in rows)), "", *_ways(*sums), f"{worst:.0e}")
    ways = ("ours, ms", "unions, ms", "ratio", "overlay, ms", "ratio")
    return table(("pair", "vertices", "Jaccard", *ways, "difference"), [*lines, last])


def checking_table(row: Checked) -> str:
    """Both ways to check a table."""
    ours, plain = min(row.ours), min(row.plain)
    return table(
        ("rows", "MB", "ours, s", "plain, s", "ratio", "agree"),
        [
            (
                str(row.rows),
                f"{row.bytes / 1e6:.1f}",
                f"{ours:.2f}",
                f"{plain:.2f}",
                f"{plain / ours:.2f}",
                "yes" if row.agree else "NO",
            )
        ],
    )


def requirements_table(rows: Sequence[Requirement]) -> str:
    """What was asked, what was measured, and whether it holds."""
    return table(
        ("asked", "measured", ""),
        [(row.text, f"{row.value:.4g}", "pass" if row.held else "FAIL") for row in rows],
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table whose columns are as wide as they need to be."""
    widths = [max(len(row[place]) for row in (head, *rows)) for place in range(len(head))]
    lines = [head, ["-" * width for width in widths], *rows]
    return "\n".join(
        "| "
        + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        + " |"
        for line in lines
    )


def _ways(ours: float, union: float, overlay: float) -> tuple[str, ...]:
    """Milliseconds, and ratios to ours."""
    shown = [f"{seconds * 1000:.1f}" for seconds in (ours, union, overlay)]
    return shown[0], shown[1], f"{union / ours:.1f}", shown[2], f"{overlay / ours:.1f}"


def _seconds(rows: Iterable[Traced]) -> float:
    return sum(min(row.seconds) for row in rows)


def _least(text: str, value: float, least: float) -> Requirement:
    return Requirement(f"{text} (at least {least:g})", float(value), value >= least)


def _most(text: str, value: float, most: float) -> Requirement:
    return Requirement(f"{text} (at most {most:g})", float(value), value <= most)
