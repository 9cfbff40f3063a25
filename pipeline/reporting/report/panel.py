"""Small charts, one per class, that a page lays side by side or one below the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from pipeline.reporting import chart_style as style
from pipeline.reporting.page.blocks import Picture
from pipeline.reporting.report.chart_picture import chart_picture, label
from pipeline.reporting.viewer.data import ViewerClass

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH, _HEIGHT, _TITLE, _FOOT = 3.0, 1.75, 0.32, 0.48
_LEFT, _RIGHT = 0.55, 0.14
_GAP: Final = 0.1
_KEY_WIDTH, _KEY_LINE = 5.2, 0.25


def panel(row: ViewerClass, below: float = 0.0, right: float = 0.0) -> tuple[Figure, list[Axes]]:
    """A chart of a class with its colour and name; used within :func:`chart_style.styled`.

    Args:
        row: The class.
        below: Inches of second axes below the first; 0 for none.
        right: Inches that are kept free at the right.

    Returns:
        The figure, and its axes from the top down.
    """
    from matplotlib.figure import Figure  # noqa: PLC0415 - see chart_style.styled
    from matplotlib.patches import Rectangle  # noqa: PLC0415 - see chart_style.styled

    lower = below + _GAP if below else 0.0
    height = _TITLE + _HEIGHT + lower + _FOOT
    figure = Figure(figsize=(_WIDTH, height), facecolor=style.PAPER)
    middle = 1 - 0.17 / height
    side = 0.11
    swatch = Rectangle(
        (0.08 / _WIDTH, middle - side / 2 / height),
        side / _WIDTH,
        side / height,
        transform=figure.transFigure,
        facecolor=row.colour,
        edgecolor=style.FAINT,
        linewidth=0.5,
    )
    figure.add_artist(swatch)
    name = label(row.name, 34)
    figure.text(0.25 / _WIDTH, middle, name, va="center", fontsize=10, fontweight="bold")
    wide = (_WIDTH - _LEFT - _RIGHT - right) / _WIDTH
    places = [((_FOOT + lower) / height, _HEIGHT / height)]
    places += [(_FOOT / height, below / height)] if below else []
    axes = [figure.add_axes((_LEFT / _WIDTH, low, wide, high)) for low, high in places]
    for one in axes:
        one.tick_params(labelsize=8, length=2.5, pad=2)
        one.xaxis.label.set_fontsize(9)
        one.yaxis.label.set_fontsize(9)
    return figure, axes


def key_picture(handles: Sequence[Artist], alt: str) -> Picture:
    """What lines and points of small charts mean, in two columns."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - see chart_style.styled

    with style.styled():
        height = 0.1 + _KEY_LINE * -(-len(handles) // 2)
        figure = Figure(figsize=(_KEY_WIDTH, height), facecolor=style.PAPER)
        figure.legend(
            handles=list(handles),
            loc="upper left",
            bbox_to_anchor=(0, 1),
            borderaxespad=0,
            ncols=2,
            frameon=False,
            fontsize=9.5,
        )
    return chart_picture(figure, alt)
