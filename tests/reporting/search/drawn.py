"""What lies in a figure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from pipeline.reporting.chart_style import styled


def line(axes: Axes, gid: str) -> Line2D:
    """The line of this name."""
    (found,) = (line for line in axes.get_lines() if line.get_gid() == gid)
    return found


def points(axes: Axes, gid: str) -> list[tuple[float, float]]:
    """The points of the line of this name."""
    rows: Any = np.asarray(line(axes, gid).get_xydata())
    return [(float(x), float(y)) for x, y in rows]


def texts(figure: Figure) -> list[str]:
    """All texts that are seen."""
    return [text.get_text() for text in shown_texts(figure)]


def shown_texts(figure: Figure) -> list[Text]:
    """All texts that are seen, after the layout."""
    with styled():
        figure.draw_without_rendering()
    found = [*figure.texts, *(text for legend in figure.legends for text in legend.get_texts())]
    for axes in figure.axes:
        found += axes.texts
        if axes.axison:
            found += _around(axes)
    return [text for text in found if text.get_visible() and text.get_text().strip()]


def collisions(figure: Figure) -> list[tuple[str, str]]:
    """Pairs of texts that lie on each other, and texts that leave the figure."""
    boxes = [(text, text.get_window_extent()) for text in shown_texts(figure)]
    wrong = [
        (one.get_text(), other.get_text())
        for number, (one, box) in enumerate(boxes)
        for other, there in boxes[:number]
        if not (one.get_rotation() % 90 or other.get_rotation() % 90)
        and min(box.x1, there.x1) - max(box.x0, there.x0) > 1
        and min(box.y1, there.y1) - max(box.y0, there.y0) > 1
    ]
    inside = figure.bbox
    wrong += [
        (text.get_text(), "leaves the figure")
        for text, box in boxes
        if box.x0 < -1 or box.y0 < -1 or box.x1 > inside.x1 + 1 or box.y1 > inside.y1 + 1
    ]
    return wrong


def _around(axes: Axes) -> Iterator[Text]:
    """Titles, labels, and those of the ticks in sight."""
    titles = {axes.get_title(loc="left"), axes.get_title(loc="center"), axes.get_title(loc="right")}
    yield from (
        text for text in axes.get_children() if isinstance(text, Text) and _says(text, titles)
    )
    for axis, limits in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
        yield axis.label
        low, high = min(limits), max(limits)
        room = 1e-9 * (high - low)
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
            if low - room <= tick.get_loc() <= high + room and tick.get_visible():
                yield from (tick.label1, tick.label2)


def _says(text: Text, titles: set[str]) -> bool:
    return text.get_text() in titles - {""}
