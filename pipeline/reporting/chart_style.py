"""How charts look, and their bytes: the same input gives the same file.

Matplotlib is used through its objects, never through pyplot. Its settings are put back after each
use, and those of the user's own matplotlibrc have no effect.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK: Final = "#2b2b2b"
FAINT: Final = "#6b6b6b"
GRID: Final = "#e4e4e4"
PAPER: Final = "#ffffff"
BEST: Final = "#d55e00"
"""What is best; nothing else has this colour."""
STRONG: Final = "#0072b2"
PALE: Final = "#b9d3e3"
FAILED: Final = "#a3195b"
REJECTED: Final = "#8c8c8c"

_RAMP: Final = ("#8fd744", "#35b779", "#21918c", "#31688e", "#440154")
"""Pale to dark, told apart by colour-blind readers and on grey paper: a part of viridis."""
_MARKERS: Final = "osD^vP"
_DPI: Final = 150
_FONTS: Final = b"'DejaVu Sans', Verdana, 'Bitstream Vera Sans', sans-serif"
"""Fonts whose letters are as wide as those that a chart was laid out with."""
_MARGIN: Final = 0.2
_TITLE_LINE: Final = 0.27
_TEXT_LINE: Final = 0.21
_WINDOWS: Final = (
    *("backend", "date.epoch", "docstring", "figure.max", "figure.raise", "interactive", "keymap"),
    *("macosx", "savefig.directory", "timezone", "tk.", "toolbar", "webagg"),
)
"""Settings of windows and of the process; they change no picture."""
_SETTINGS: Final[Mapping[Any, Any]] = {
    "font.family": "DejaVu Sans",  # comes with matplotlib, so it is there everywhere
    "text.parse_math": False,  # names come from data: a dollar is a dollar
    "font.size": 10,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": GRID,
    "text.color": INK,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "axes.formatter.useoffset": False,
    "svg.hashsalt": "search",
    "svg.fonttype": "path",
}


@contextmanager
def styled() -> Iterator[None]:
    """Matplotlib's own settings with those of this module, and afterwards as they were."""
    import matplotlib as mpl  # noqa: PLC0415 - takes half a second, and few commands draw

    plain: dict[Any, Any] = {
        key: value for key, value in mpl.rcParamsDefault.items() if not key.startswith(_WINDOWS)
    }
    with mpl.rc_context({**plain, **_SETTINGS}):
        yield


def new_figure(
    width: float, height: float, title: str, notes: Sequence[str] = (), keys: int = 0
) -> Figure:
    """A figure with its headline; what is drawn into it is laid out below.

    Args:
        width: Inches.
        height: Inches of what is below the headline.
        title: What one sees.
        notes: Lines below it.
        keys: Lines of the legend between the notes and the charts, see :func:`add_legend`.
    """
    from matplotlib.figure import Figure  # noqa: PLC0415 - see styled
    from matplotlib.layout_engine import ConstrainedLayoutEngine  # noqa: PLC0415 - see styled

    titles = textwrap.wrap(title, round(width * 8.2)) or [""]
    lines = [line for note in notes for line in textwrap.wrap(note, round(width * 12.5))]
    head = _MARGIN + _TITLE_LINE * len(titles) + _TEXT_LINE * len(lines) + 0.28 * keys + 0.05
    whole = height + head
    figure = Figure(figsize=(width, whole), facecolor=PAPER)
    figure.set_layout_engine(
        ConstrainedLayoutEngine(
            rect=(0.08 / width, 0.08 / whole, 1 - 0.16 / width, height / whole - 0.08 / whole)
        )
    )
    left, top = _MARGIN / width, whole - _MARGIN
    figure.text(
        left, top / whole, "\n".join(titles), fontsize=14, fontweight="bold", va="top", gid="title"
    )
    top -= _TITLE_LINE * len(titles)
    if lines:
        note = "\n".join(lines)
        figure.text(left, top / whole, note, fontsize=10, color=FAINT, va="top", gid="notes")
    return figure


def add_legend(figure: Figure, handles: Sequence[Artist], height: float, lines: int = 1) -> None:
    """Put the legend between the headline and the charts.

    Args:
        figure: Made by :func:`new_figure` with the same ``height`` and ``keys=lines``.
        handles: What is explained, each with its label.
        height: Inches of what is below the headline.
        lines: Number of lines that it takes.
    """
    if not handles:
        return
    width, whole = figure.get_size_inches()
    legend = figure.legend(
        handles=list(handles),
        loc="upper left",
        bbox_to_anchor=((_MARGIN - 0.1) / width, (height + 0.28 * lines + 0.08) / whole),
        ncols=-(-len(handles) // lines),
        frameon=False,
        fontsize=10,
        handletextpad=0.4,
        columnspacing=1.4,
    )
    legend.set_in_layout(False)


def figure_bytes(figure: Figure, form: Literal["png", "svg"], letters: bool = False) -> bytes:
    """A figure as a file's bytes; they depend on the figure alone.

    Args:
        figure: Any figure of this package.
        form: ``png`` or ``svg``.
        letters: An SVG keeps its letters as text, which is a quarter of the size: a reader without
            the font sees one of the same widths. Otherwise they are outlines.
    """
    import matplotlib as mpl  # noqa: PLC0415 - see styled

    nothing: dict[str, str | None]
    nothing = {"Software": None} if form == "png" else {"Date": None, "Creator": None}
    data = io.BytesIO()
    with styled():
        _freeze(figure)
        if letters:
            mpl.rcParams["svg.fonttype"] = "none"
        figure.savefig(data, format=form, dpi=_DPI, metadata=nothing)
    whole = data.getvalue()
    return whole.replace(b"'DejaVu Sans'", _FONTS) if letters else whole


def _freeze(figure: Figure) -> None:
    """Lay a figure out for good, at round places.

    The last bits of what the layout's solver finds differ from one time to the next, and the names
    of clip paths in an SVG are made of them.
    """
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for axes in figure.axes:
        left, bottom, width, height = axes.get_position(original=True).bounds
        axes.set_position((round(left, 5), round(bottom, 5), round(width, 5), round(height, 5)))
    for text in figure.texts:
        x, y = text.get_position()
        text.set_position((round(x, 5), round(y, 5)))


def ramp(share: float) -> str:
    """A colour of an ordered scale: 0 is pale, 1 is dark."""
    at = min(max(share, 0.0), 1.0) * (len(_RAMP) - 1)
    low = min(int(at), len(_RAMP) - 2)
    pairs = zip(_parts(_RAMP[low]), _parts(_RAMP[low + 1]), strict=True)
    mixed = (round(one + (other - one) * (at - low)) for one, other in pairs)
    return "#" + "".join(f"{part:02x}" for part in mixed)


def rung_colour(rung: int, count: int) -> str:
    """Colour of a budget by its position among ``count``; the last is the darkest."""
    return ramp(1.0 if count < 2 else rung / (count - 1))


def rung_marker(rung: int, count: int) -> str:
    """Marker of a budget; the full one is a disc whatever the number of budgets."""
    return _MARKERS[(count - 1 - rung) % len(_MARKERS)]


def say_nothing(axes: Axes, text: str) -> None:
    """Empty axes with a line that says why there is no chart."""
    axes.set_axis_off()
    axes.text(0.5, 0.5, text, ha="center", va="center", color=FAINT, fontsize=12)


def shorten(text: str, length: int) -> str:
    """A text of at most ``length`` characters; what is left out of its middle is a dot-dot-dot."""
    if len(text) <= length:
        return text
    tail = (length - 1) // 2
    return f"{text[: length - 1 - tail]}…{text[len(text) - tail :]}"


def _parts(colour: str) -> tuple[int, int, int]:
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return red, green, blue
