"""A network drawn as a U with the shapes of its levels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipeline.config.network import Network
from pipeline.reporting import chart_style as style
from pipeline.reporting.search.network_plan import Column, Part, Plan, Way, network_plan

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_BOX, _LINE, _PAD = 1.95, 0.185, 0.16
_GAP = 0.55
_INDENT = 0.62
"""A level stands so much further inside than the one above."""
_INNER = 1.7
"""Half the distance of the two boxes above the lowest one."""
_FILL: Final[Mapping[Column, str]] = {
    "input": "#f0f0f0",
    "down": "#d7e8f3",
    "up": "#d8efe6",
    "output": "#f0f0f0",
}
_INK: Final[Mapping[Way, str]] = {
    "down": "#0072b2",
    "up": "#00795a",
    "skip": style.FAINT,
    "plain": style.INK,
}


@dataclass(frozen=True)
class _Frame:
    """Where a box lies, inches; ``y`` grows upwards."""

    x: float
    y: float
    width: float
    height: float


def draw_network(
    settings: Network,
    in_channels: int,
    classes: Sequence[str],
    side: int,
    levels: Sequence[int] | None,
    parameters: int,
) -> Figure:
    """A network with the shape of what each level gives for one patch.

    Args:
        settings: Which network.
        in_channels: Number of input channels.
        classes: Names of the classes.
        side: Side of a patch, pixels.
        levels: The level at which each channel enters, as ``entry.network_levels`` gives them.
        parameters: Number of weights.

    Raises:
        ValueError: If ``levels`` don't fit.
    """
    plan = network_plan(settings, in_channels, classes, side, levels, parameters)
    with style.styled():
        return _draw(plan)


def _draw(plan: Plan) -> Figure:
    frames = _frames(plan.parts)
    left = min(frame.x for frame in frames.values()) - 0.15
    right = max(frame.x + frame.width for frame in frames.values()) + 0.15
    bottom = min(frame.y for frame in frames.values()) - 0.15
    top = max(frame.y + frame.height for frame in frames.values()) + 0.15
    width, height = right - left + 0.25, top - bottom + 0.25
    figure = style.new_figure(width, height, plan.title, plan.notes, keys=1 if plan.ways else 0)
    cell = figure.subplots()
    cell.set_axis_off()
    cell.set_aspect("equal")
    cell.set_xlim(left, right)
    cell.set_ylim(bottom, top)
    for part in plan.parts:
        _draw_part(cell, part, frames[part.column, part.level])
    for link in plan.links:
        _draw_link(cell, frames[link.start], frames[link.end], link.way)
    style.add_legend(figure, _keys(plan), height)
    return figure


def _frames(parts: Sequence[Part]) -> dict[tuple[Column, int], _Frame]:
    """Where the boxes lie: two slanting rows that meet at the lowest level, in and out beside."""
    deepest = max(part.level for part in parts)
    is_met = all(part.level < deepest for part in parts if part.column == "up")
    lines = max(len(part.lines) for part in parts if part.column != "output")
    high = lines * _LINE + _PAD
    reach = _INNER + _INDENT * (deepest - 1) if deepest else 0.0
    reach = reach if is_met else (_BOX + _GAP) / 2
    frames = {}
    for part in parts:
        inside = reach - _INDENT * part.level
        if is_met and part.level == deepest:
            inside = 0.0
        centre = {
            "input": -reach - _BOX - _GAP,
            "down": -inside,
            "up": inside,
            "output": reach + _BOX + _GAP,
        }[part.column]
        top = -part.level * (high + _GAP)
        own = len(part.lines) * _LINE + _PAD if part.column == "output" else high
        own = max(own, high)
        frames[part.column, part.level] = _Frame(centre - _BOX / 2, top - own, _BOX, own)
    return frames


def _draw_part(cell: Axes, part: Part, frame: _Frame) -> None:
    """A box with its text; the head is bold."""
    from matplotlib.patches import FancyBboxPatch  # noqa: PLC0415 - see styled

    cell.add_patch(
        FancyBboxPatch(
            (frame.x, frame.y),
            frame.width,
            frame.height,
            boxstyle="round,pad=0,rounding_size=0.06",
            facecolor=_FILL[part.column],
            edgecolor=style.FAINT,
            linewidth=0.8,
            gid=f"{part.column} {part.level}",
        )
    )
    middle = frame.x + frame.width / 2
    top = frame.y + frame.height / 2 + len(part.lines) * _LINE / 2
    for row, line in enumerate(part.lines):
        cell.text(
            middle,
            top - (row + 0.5) * _LINE,
            line,
            ha="center",
            va="center",
            fontsize=9.5,
            fontweight="normal" if row else "bold",
        )


def _draw_link(cell: Axes, start: _Frame, end: _Frame, way: Way) -> None:
    """An arrow between the sides of two boxes that face each other."""
    first, last = _ends(start, end, way)
    cell.annotate(
        "",
        xy=last,
        xytext=first,
        arrowprops={
            "arrowstyle": "-|>",
            "color": _INK[way],
            "linewidth": 1.6,
            "linestyle": "dashed" if way == "skip" else "solid",
            "mutation_scale": 12,
            "shrinkA": 1,
            "shrinkB": 1,
        },
        gid=way,
    )


def _ends(start: _Frame, end: _Frame, way: Way) -> tuple[tuple[float, float], tuple[float, float]]:
    """Where an arrow begins and ends."""
    if way == "down":
        at = max(start.x, end.x) + 0.5 * (min(start.x, end.x) + _BOX - max(start.x, end.x))
        return (at, start.y), (at, end.y + end.height)
    if way == "up":
        at = max(start.x, end.x) + 0.5 * (min(start.x, end.x) + _BOX - max(start.x, end.x))
        return (at, start.y + start.height), (at, end.y)
    height = start.y + start.height / 2 if start.height <= end.height else end.y + end.height / 2
    return (start.x + start.width, height), (end.x, height)


def _keys(plan: Plan) -> list[Artist]:
    """The legend's parts."""
    from matplotlib.lines import Line2D  # noqa: PLC0415 - see styled

    return [
        Line2D(
            [],
            [],
            color=_INK[way],
            linewidth=1.8,
            linestyle="dashed" if way == "skip" else "solid",
            label=text,
        )
        for way, text in plan.ways
    ]
