"""How far images lie off: shifts of band groups, and of regions against their labels."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pipeline.mapping.wording import counted
from pipeline.reporting import chart_style as style
from pipeline.reporting.report.chart_picture import label

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PANEL: Final = 2.9
_COLUMNS: Final = 4
_MOST: Final = 8
"""Groups that are drawn."""
_LABELS: Final = "regions against labels"
_FOUND: Final = ("aligned", "unaligned")
Point = tuple[float, float]
"""Metres to the right and down."""


@dataclass(frozen=True)
class Shifts:
    """Shifts of one kind.

    Attributes:
        name: What is shifted.
        pixel: Metres of one of its pixels.
        trusted: Of each that was corrected.
        doubted: The same of each that was found and not trusted.
    """

    name: str
    pixel: float
    trusted: tuple[Point, ...]
    doubted: tuple[Point, ...]


def shifts_of(records: Sequence[Mapping[str, Any]]) -> list[Shifts]:
    """Shifts of each band group but the finest, and of regions, as far as a catalogue has any."""
    found: dict[str, list[tuple[bool, Point]]] = {}
    pixels: dict[str, float] = {}
    regions: dict[tuple[str, ...], Point] = {}
    for record in records:
        for group in record.get("groups", ()):
            place = group["registration"]
            if place["status"] in _FOUND and place["correlation"]:
                point = (place["right_metres"], place["down_metres"])
                found.setdefault(group["name"], []).append((place["status"] == _FOUND[0], point))
                pixels[group["name"]] = group["metres"]
        offset = record.get("offset")
        if offset is not None and not offset["note"]:
            pixels[_LABELS] = record["metres"]
            regions[tuple(offset["scenes"])] = (offset["right_metres"], offset["down_metres"])
    if regions:
        found[_LABELS] = [(True, point) for point in regions.values()]
    return [
        Shifts(
            name,
            pixels[name],
            tuple(point for is_trusted, point in points if is_trusted),
            tuple(point for is_trusted, point in points if not is_trusted),
        )
        for name, points in found.items()
    ]


def shift_chart(shifts: Sequence[Shifts]) -> Figure:
    """A panel for each kind; 0 is where an image would lie right.

    Args:
        shifts: At least one.
    """
    with style.styled():
        return _draw(shifts)


def _draw(shifts: Sequence[Shifts]) -> Figure:
    shown = shifts[:_MOST]
    columns = min(_COLUMNS, max(len(shown), 2))
    rows = -(-len(shown) // columns)
    width, height = max(_PANEL * columns, 7.0), (_PANEL + 0.2) * rows
    figure = style.new_figure(width, height, _title(shifts), keys=1)
    cells = figure.subplots(rows, columns, squeeze=False)
    keys: dict[str, Artist] = {}
    for cell, one in zip(cells.flat, shown, strict=False):
        keys |= _draw_panel(cell, one)
    for cell in cells.flat[len(shown) :]:
        cell.set_axis_off()
    style.add_legend(figure, list(keys.values()), height)
    return figure


def _title(shifts: Sequence[Shifts]) -> str:
    """How far the worst lay off that was corrected, and how many were not."""
    far = max((math.hypot(*point) for one in shifts for point in one.trusted), default=None)
    doubted = sum(len(one.doubted) for one in shifts)
    left = f"{counted(doubted, 'image')} could not be aligned" if doubted else ""
    if far is None:
        return left
    text = f"Images lay up to {far:.2g} m off and were moved"
    return f"{text}; {left}" if left else text


def _draw_panel(cell: Axes, one: Shifts) -> dict[str, Artist]:
    """Shifts as points around 0, and a square of the size of a pixel; gives the legend's parts."""
    from matplotlib.patches import Rectangle  # noqa: PLC0415 - see styled
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415 - see styled

    half = one.pixel / 2
    pixel = Rectangle(
        (-half, -half), one.pixel, one.pixel, facecolor=style.GRID, label="a pixel", gid="pixel"
    )
    cell.add_patch(pixel)
    keys: dict[str, Artist] = {}
    for points, name, marker, colour in (
        (one.trusted, "corrected", "o", style.STRONG),
        (one.doubted, "not trusted, left as it was", "x", style.FAILED),
    ):
        if points:
            (keys[name],) = cell.plot(
                [right for right, _ in points],
                [down for _, down in points],
                linestyle="none",
                marker=marker,
                markersize=5,
                alpha=0.8,
                color=colour,
                label=name,
                gid=name,
            )
    keys["pixel"] = pixel
    far = max((abs(value) for point in (*one.trusted, *one.doubted) for value in point), default=0)
    reach = 1.15 * max(far, half)
    cell.set_xlim(-reach, reach)
    cell.set_ylim(reach, -reach)
    cell.set_aspect("equal")
    cell.set_xlabel("to the right, m")
    cell.set_ylabel("down, m")
    cell.xaxis.set_major_locator(MaxNLocator(5, symmetric=True))
    cell.yaxis.set_major_locator(MaxNLocator(5, symmetric=True))
    cell.axhline(0, color=style.FAINT, linewidth=0.6, zorder=1)
    cell.axvline(0, color=style.FAINT, linewidth=0.6, zorder=1)
    number = len(one.trusted) + len(one.doubted)
    cell.set_title(f"{label(one.name, 22)} ({number})", fontsize=9.5, loc="left")
    return keys
