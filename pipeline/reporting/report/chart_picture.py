"""A chart as a picture of the report, and names from data as text of a chart."""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING, Final

from pipeline.progress import printable
from pipeline.reporting.chart_style import figure_bytes, shorten
from pipeline.reporting.page.blocks import Picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_TAG: Final = re.compile(rb"<[^>]*>")
_NUMBER: Final = re.compile(rb"\d+\.\d{3,}")
_NOTHING: Final = re.compile(rb"<metadata>.*?</metadata>|(?<=>)\s+(?=<)", re.DOTALL)


def chart_picture(figure: Figure, alt: str, caption: str = "") -> Picture:
    """A chart whose letters stay text, at the size that it was drawn at."""
    with warnings.catch_warnings():
        # The browser has letters that the font of the layout lacks.
        warnings.filterwarnings("ignore", "Glyph .* missing", UserWarning)
        data = figure_bytes(figure, "svg", letters=True)
    return Picture(
        compact(data), "svg", alt, caption, width=round(96 * figure.get_size_inches()[0])
    )


def compact(data: bytes) -> bytes:
    """An SVG of Matplotlib with places to a hundredth of a point, a fifth smaller.

    What it says as text is not touched; there ``<`` and ``>`` are escaped.
    """
    return _TAG.sub(lambda tag: _shortened(tag[0]), _NOTHING.sub(b"", data))


def _shortened(tag: bytes) -> bytes:
    """A tag with fewer digits; places are all that has so many."""
    rounded = _NUMBER.sub(lambda number: f"{float(number[0]):.2f}".encode(), tag)
    return b" ".join(rounded.split())


def label(name: str, length: int = 30) -> str:
    """A name from data as one line of a chart."""
    return shorten(printable(" ".join(name.split())) or "?", length)
