"""The parts of a network and how they are joined, for a drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from pipeline.config.network import LibraryNetwork, Network, UNet
from pipeline.reporting.chart_style import shorten

Column = Literal["input", "down", "up", "output"]
Way = Literal["down", "up", "skip", "plain"]

_MOST_CLASSES: Final = 16
_LONGEST: Final = 24
_DOWN: Final = {
    "max": "maximum of 2 × 2",
    "average": "mean of 2 × 2",
    "stride": "convolution 2 × 2, stride 2",
}
_UP: Final = {
    "bilinear": "convolution 1 × 1, then bilinear × 2",
    "nearest": "convolution 1 × 1, then copies × 2",
    "transposed": "transposed convolution 2 × 2",
}


@dataclass(frozen=True)
class Part:
    """A box.

    Attributes:
        column: Which of the four columns it stands in.
        level: How far below the first one.
        lines: Its text; the first line is its head.
    """

    column: Column
    level: int
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Link:
    """An arrow from one box to another, each named by column and level.

    Attributes:
        start: Where it begins.
        end: Where it ends.
        way: Down, up, across, or in and out.
    """

    start: tuple[Column, int]
    end: tuple[Column, int]
    way: Way


@dataclass(frozen=True)
class Plan:
    """A network.

    Attributes:
        title: Its name and size.
        notes: What holds for all of it.
        parts: Its boxes; no two have the same column and level.
        links: Its arrows.
        ways: What the arrows of a way do.
    """

    title: str
    notes: tuple[str, ...]
    parts: tuple[Part, ...]
    links: tuple[Link, ...]
    ways: tuple[tuple[Way, str], ...]


def network_plan(
    settings: Network,
    in_channels: int,
    classes: Sequence[str],
    side: int,
    levels: Sequence[int] | None,
    parameters: int,
) -> Plan:
    """The plan of any network.

    Args:
        settings: Which network.
        in_channels: Number of input channels.
        classes: Names of the classes.
        side: Side of a patch, pixels.
        levels: The level at which each channel enters; None for the first.
        parameters: Number of weights.

    Raises:
        ValueError: If ``levels`` don't fit.
    """
    if isinstance(settings, UNet):
        return _unet_plan(settings, in_channels, classes, side, levels, parameters)
    return _library_plan(settings, in_channels, classes, side, parameters)


def _unet_plan(
    settings: UNet,
    in_channels: int,
    classes: Sequence[str],
    side: int,
    levels: Sequence[int] | None,
    parameters: int,
) -> Plan:
    from pipeline.learning.entry import check_levels  # noqa: PLC0415 - imports torch

    depth = settings.depth
    entry = check_levels(levels or (0,) * in_channels, in_channels, depth)
    widths = settings.widths()
    sides = [side >> level for level in range(depth)]
    down = [
        Part("down", level, _level_lines(settings, widths[level], sides[level]))
        for level in range(entry.first, depth)
    ]
    squeezed = ("squeeze and excite",) if settings.attention == "squeeze" else ()
    up = [
        Part("up", level, (*_level_lines(settings, widths[level], sides[level]), *squeezed))
        for level in range(depth - 1)
    ]
    entered = [level for level in range(depth) if entry.count(level)]
    inputs = [
        Part("input", level, _input_lines(entry.count(level), side, level)) for level in entered
    ]
    links = [Link(("input", level), ("down", level), "plain") for level in entered]
    links += [
        Link(("down", level), ("down", level + 1), "down")
        for level in range(entry.first, depth - 1)
    ]
    links += [
        Link(("up" if level + 1 < depth - 1 else "down", level + 1), ("up", level), "up")
        for level in range(depth - 1)
    ]
    links += [
        Link(("down", level), ("up", level), "skip") for level in range(entry.first, depth - 1)
    ]
    last: tuple[Column, int] = ("up", 0) if depth > 1 else ("down", 0)
    links.append(Link(last, ("output", 0), "plain"))
    used = {link.way for link in links}
    gate = " through a gate" if settings.attention == "gate" else ""
    ways: tuple[tuple[Way, str], ...] = (
        ("down", _DOWN[settings.down]),
        ("up", _UP[settings.up]),
        ("skip", f"skip: {settings.skip}{gate}"),
    )
    levels_text = "1 level" if depth == 1 else f"{depth} levels"
    return Plan(
        title=f"U-Net with {parameters:,} weights in {levels_text}",
        notes=(
            f"{_channels(in_channels)} of {side} × {side} pixels to {len(classes)} "
            f"{'class' if len(classes) == 1 else 'classes'}; {_convolution_text(settings)}",
        ),
        parts=(*inputs, *down, *up, Part("output", 0, _class_lines(classes))),
        links=tuple(links),
        ways=tuple((way, text) for way, text in ways if way in used),
    )


def _library_plan(
    settings: LibraryNetwork, in_channels: int, classes: Sequence[str], side: int, parameters: int
) -> Plan:
    """Its encoder and what stands behind it; the library does not say more in general."""
    weights = f"weights: {settings.weights}" if settings.weights else "no pretrained weights"
    return Plan(
        title=f"{settings.architecture} on {settings.encoder} with {parameters:,} weights",
        notes=("a network of segmentation_models_pytorch",),
        parts=(
            Part("input", 0, _input_lines(in_channels, side, 0)),
            Part("down", 0, ("encoder", shorten(settings.encoder, _LONGEST), weights)),
            Part("up", 0, ("decoder", shorten(settings.architecture, _LONGEST))),
            Part("output", 0, _class_lines(classes)),
        ),
        links=(
            Link(("input", 0), ("down", 0), "plain"),
            Link(("down", 0), ("up", 0), "plain"),
            Link(("up", 0), ("output", 0), "plain"),
        ),
        ways=(),
    )


def _level_lines(settings: UNet, width: int, side: int) -> tuple[str, ...]:
    kernel = f"{settings.kernel} × {settings.kernel}"
    block = "" if settings.block == "plain" else f", {settings.block}"
    work = f"{settings.convolutions} conv. {kernel}{block}"
    return (_channels(width), f"{side} × {side} px", work)


def _input_lines(count: int, side: int, level: int) -> tuple[str, ...]:
    if not level:
        return ("input", _channels(count), f"{side} × {side} px")
    return ("input", _channels(count), f"mean of {1 << level} × {1 << level} px")


def _class_lines(classes: Sequence[str]) -> tuple[str, ...]:
    """The classes by name; many are cut short."""
    head = "1 class" if len(classes) == 1 else f"{len(classes)} classes"
    shown = [shorten(name, _LONGEST) for name in classes[:_MOST_CLASSES]]
    more = len(classes) - len(shown)
    return (head, *shown, *([f"and {more} more"] if more else []))


def _channels(count: int) -> str:
    return "1 channel" if count == 1 else f"{count} channels"


def _convolution_text(settings: UNet) -> str:
    """What follows each convolution."""
    norms = {
        "batch": "batch norm and ",
        "group": f"group norm ({settings.group_size} channels) and ",
        "instance": "instance norm and ",
        "none": "",
    }
    text = f"{norms[settings.normalisation]}{settings.activation} after each convolution"
    if settings.dropout:
        text = f"{text}, dropout {settings.dropout:.2g} ({settings.dropout_kind}) after each level"
    return text
