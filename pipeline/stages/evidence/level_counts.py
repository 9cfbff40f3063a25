"""Levels of a labelled scene beside its truth, counted by rows: it need not fit in memory."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.imagery.bit_field import unpack
from pipeline.learning.metrics import LevelCounts
from pipeline.mapping.masks.postprocessing import Cleaning, soft_levels
from pipeline.mapping.masks.softening import REACH
from pipeline.mapping.prediction.answers import LevelRows, in_strips
from pipeline.mapping.prediction.coverage import Levels
from pipeline.reporting.report.confusion import ClassConfusion

_VALUES: Final = 1 << 25
"""Values of all classes that are worked on in one go."""


def count_scene(
    levels: LevelRows,
    field: NDArray[Any],
    cleanings: Sequence[Cleaning],
    metres: float,
    counts: LevelCounts,
    confusion: ClassConfusion,
    values: int = _VALUES,
) -> None:
    """Add a scene's valid pixels to counts, in place.

    Args:
        levels: Of the K classes, on a grid of (H, W).
        field: (H, W) bit field of the true masks.
        cleanings: (K,) how levels are smoothed and cut.
        metres: Side of a pixel.
        counts: Of levels.
        confusion: Of classes, cut at each cleaning's threshold.
        values: Values of all classes that are worked on in one go; the result is the same.
    """
    classes = len(cleanings)
    cuts = np.array([cleaning.level for cleaning in cleanings])
    for rows in _strips(levels.shape, values):
        truth, valid = unpack(np.asarray(field[rows]), classes)
        soft = np.stack(
            [
                soft_rows(levels, place, rows, cleaning, metres)
                for place, cleaning in enumerate(cleanings)
            ]
        )
        counts.add(soft, truth, valid)
        there = soft[:, valid]
        confusion.add(truth[:, valid], there >= cuts[:, None])


def soft_rows(
    levels: LevelRows, place: int, rows: slice, cleaning: Cleaning, metres: float
) -> Levels:
    """Rows (h, W) of a class's levels as they are before the threshold."""
    if not cleaning.smooth and not cleaning.median:
        return levels.read(place, rows)
    reach = math.ceil((REACH * cleaning.smooth + cleaning.median) / metres) + 2
    start, stop = max(0, rows.start - reach), min(levels.shape[1], rows.stop + reach)
    soft = soft_levels(levels.read(place, slice(start, stop)), cleaning, metres)
    return soft[rows.start - start : rows.stop - start]


def _strips(shape: tuple[int, int, int], values: int) -> Iterator[slice]:
    classes, height, width = shape
    return in_strips(height, max(1, values // (classes * width)))
