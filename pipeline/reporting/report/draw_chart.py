"""Maps of where windows are drawn: small pictures of scenes on one scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from pipeline.reporting import chart_style as style
from pipeline.reporting.report.chart_picture import label
from pipeline.reporting.report.sampling_plan import DrawMap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Normalize
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

_WIDTH: Final = 11.0
_MOST: Final = 24
_COLUMNS: Final = 8
_NAME: Final = 0.26
"""Inches of a scene's name above its map."""
_TICKS: Final = tuple(2.0**power for power in range(-6, 9))
_FINE: Final = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.4, 1.7, 2.0, 2.5)


def draw_chart(maps: Sequence[DrawMap], metres: float) -> Figure:
    """How often the ground of each scene is drawn, against drawing it evenly.

    Args:
        maps: At least one; of many, those that differ most from even drawing are shown.
        metres: Side of a pixel, metres.
    """
    with style.styled():
        return _draw(maps, metres)


def _draw(maps: Sequence[DrawMap], metres: float) -> Figure:
    from matplotlib.colors import LogNorm  # noqa: PLC0415 - see styled

    shown = _chosen(maps)
    known = np.concatenate([one.factor[np.isfinite(one.factor)] for one in maps])
    positive = known[known > 0]
    low, high = (float(positive.min()), float(positive.max())) if positive.size else (1.0, 1.0)
    low, high = min(low, 1 / 1.2), max(high, 1.2)
    columns = min(_COLUMNS, len(shown))
    rows = -(-len(shown) // columns)
    side = max(max(one.size) for one in shown)
    panel = (_WIDTH - 1.2) / _COLUMNS
    height = rows * (panel + _NAME) + 0.2
    more = (
        f" {len(maps)} scenes, the {len(shown)} that differ most." if len(shown) < len(maps) else ""
    )
    notes = [f"Each square is {side * metres:,.0f} m wide.{more}"]
    title = f"Ground is drawn {low:.2g} to {high:.2g} times as often as if drawn evenly"
    figure = style.new_figure(_WIDTH, height, title, notes)
    cells = figure.subplots(rows, _COLUMNS, squeeze=False)
    norm = LogNorm(low, high)
    for cell, one in zip(cells.flat, shown, strict=False):
        image = _draw_scene(cell, one, norm, side)
    for cell in cells.flat[len(shown) :]:
        cell.set_axis_off()
    bar = figure.colorbar(image, ax=cells, fraction=0.03, pad=0.01, aspect=12 * rows)
    ticks = [tick for tick in (_TICKS if high / low > 4 else _FINE) if low <= tick <= high]
    bar.set_ticks(ticks, labels=[f"× {tick:g}" for tick in ticks])
    bar.minorticks_off()
    bar.set_label("times as often")
    return figure


def _chosen(maps: Sequence[DrawMap]) -> list[DrawMap]:
    """Scenes that differ most from even drawing, in their own order."""

    def distance(one: DrawMap) -> float:
        known = one.factor[np.isfinite(one.factor) & (one.factor > 0)]
        return float(np.abs(np.log(known)).max()) if known.size else math.inf

    best = set(sorted(range(len(maps)), key=lambda n: -distance(maps[n]))[:_MOST])
    return [one for number, one in enumerate(maps) if number in best]


def _draw_scene(cell: Axes, one: DrawMap, norm: Normalize, side: int) -> AxesImage:
    """A scene at the left upper corner of its square."""
    height, width = one.size
    cell.set_title(label(one.scene, 16), fontsize=8.5, loc="left", pad=3)
    image = cell.imshow(
        one.factor,
        cmap="viridis",
        norm=norm,
        interpolation="none",
        extent=(0, width, height, 0),
        gid=f"map {one.scene}",
    )
    cell.set_xlim(0, side)
    cell.set_ylim(side, 0)
    cell.set_xticks([])
    cell.set_yticks([])
    cell.spines[:].set_visible(False)
    cell.grid(visible=False)
    return image
