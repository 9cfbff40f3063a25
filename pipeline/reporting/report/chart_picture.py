"""A chart as a picture of the report, and names from data as text of a chart."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from pipeline.progress import printable
from pipeline.reporting.chart_style import figure_bytes, shorten
from pipeline.reporting.page.blocks import Picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def chart_picture(figure: Figure, alt: str, caption: str = "") -> Picture:
    """A chart whose letters stay text, at the size that it was drawn at."""
    with warnings.catch_warnings():
        # The browser has letters that the font of the layout lacks.
        warnings.filterwarnings("ignore", "Glyph .* missing", UserWarning)
        data = figure_bytes(figure, "svg", letters=True)
    return Picture(data, "svg", alt, caption, width=round(96 * figure.get_size_inches()[0]))


def label(name: str, length: int = 30) -> str:
    """A name from data as one line of a chart."""
    return shorten(printable(" ".join(name.split())) or "?", length)
