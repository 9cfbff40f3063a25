"""Which patches of held-out scenes are shown: the worst and the best of each class."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.imagery.patches import Window
from pipeline.imagery.transform import Shape

Counts = NDArray[np.int64]
Masks = NDArray[np.bool_]
Scores = NDArray[np.float64]
_PIXELS: Final = 2**24
"""Pixels of all classes that are counted in one go."""
_SPARE: Final = 12
"""So many candidates of a scene per patch that is wanted: each that is taken bars five at most."""
_AGAIN: Final = 0.5
"""A patch counts for so much less for each patch of its scene that is shown already."""


@dataclass(frozen=True)
class Judged:
    """A part of a scene beside its truth.

    Attributes:
        truth: (K, h, w) what is true.
        found: (K, h, w) what the run says.
        valid: (h, w), False where nothing is known; both masks are False there.
    """

    truth: Masks
    found: Masks
    valid: Masks


Reader = Callable[[Window], Judged]


@dataclass(frozen=True)
class SceneCounts:
    """What is right and wrong in the windows of a scene.

    Attributes:
        scene: Its id.
        windows: The n windows; they overlap by half.
        counts: (n, K, 3) true positives, false positives and false negatives of each class, pixels.
        total: (K, 3) of the whole scene.
    """

    scene: str
    windows: tuple[Window, ...]
    counts: Counts
    total: Counts


@dataclass(frozen=True)
class Choice:
    """A patch that is shown.

    Attributes:
        scene: Id of the scene.
        window: Where it lies in the scene.
        place: Position of the class that it is shown for.
        tp: Pixels that are found and true.
        fp: Pixels that are found only.
        fn: Pixels that are true only.
    """

    scene: str
    window: Window
    place: int
    tp: int
    fp: int
    fn: int

    @property
    def jaccard(self) -> float:
        """Jaccard index; 0 where nothing is found or true."""
        return self.tp / max(self.tp + self.fp + self.fn, 1)


def cell_edges(size: int, side: int) -> list[int]:
    """Pixels at which an axis is cut into even cells, two or more, of about half a side."""
    cells = max(2, round(2 * size / side))
    return [round(size * cell / cells) for cell in range(cells + 1)]


def count_windows(scene: str, shape: Shape, classes: int, side: int, read: Reader) -> SceneCounts:
    """Count right and wrong pixels in windows that cover a scene.

    Args:
        scene: Id of the scene.
        shape: (H, W) of its working grid.
        classes: Number K of classes.
        side: About the side of a window; windows are even, so that none reaches past the scene.
        read: Gives any part of the scene; strips of rows are asked for, each once.
    """
    rows, cols = (cell_edges(size, side) for size in shape)
    each = max(1, _PIXELS // (classes * shape[1] * max(rows[1], 1)))
    cells = np.zeros((len(rows) - 1, len(cols) - 1, classes, 3), np.int64)
    for first in range(0, len(rows) - 1, each):
        edges = rows[first : first + each + 1]
        strip = read(Window(edges[0], 0, edges[-1] - edges[0], shape[1]))
        for place, (true, found) in enumerate(zip(strip.truth, strip.found, strict=True)):
            for kind, mask in enumerate((true & found, found & ~true, true & ~found)):
                counted = _sums(mask, [row - edges[0] for row in edges], cols)
                cells[first : first + each, :, place, kind] = counted
    counts = cells[:-1, :-1] + cells[1:, :-1] + cells[:-1, 1:] + cells[1:, 1:]
    windows = tuple(
        Window(top, left, bottom - top, right - left)
        for top, bottom in zip(rows, rows[2:], strict=False)
        for left, right in zip(cols, cols[2:], strict=False)
    )
    total = cells.sum(axis=(0, 1))
    return SceneCounts(scene, windows, counts.reshape(-1, classes, 3), total)


def _sums(mask: Masks, rows: Sequence[int], cols: Sequence[int]) -> Counts:
    """Pixels of a mask (h, w) in each cell."""
    table = np.zeros((len(rows) - 1, mask.shape[1]), np.int64)
    for row, (top, bottom) in enumerate(itertools.pairwise(rows)):
        table[row] = mask[top:bottom].sum(axis=0)
    sums = np.zeros((len(table), mask.shape[1] + 1), np.int64)
    sums[:, 1:] = table.cumsum(axis=1)
    at = sums[:, list(cols)]
    counted: Counts = at[:, 1:] - at[:, :-1]
    return counted


def worst_and_best(
    scenes: Sequence[SceneCounts], place: int, count: int
) -> tuple[list[Choice], list[Choice]]:
    """The patches of a class that are shown.

    The worst have the most wrong ground at a low Jaccard index: wrong pixels times 1 - J. The best
    have a high index on ground that is not small: J times T / (T + t), for T true pixels and
    the median t of all windows that have some; none is best whose index is not above that of the
    class on all scenes, unless nothing is wrong in it. Patches of a scene that is shown already
    count half as much, and no two of them overlap by half.

    Args:
        scenes: Counts of all scenes.
        place: Position of the class.
        count: How many of each, at most.

    Returns:
        The worst and the best, each in the order of their scores.
    """
    counts = [row.counts[:, place] for row in scenes]
    every = np.concatenate([np.zeros((0, 3), np.int64), *counts])
    true = every[:, 0] + every[:, 2]
    middle = float(np.median(true[true > 0])) if true.any() else 1.0
    total = sum((row.total[place] for row in scenes), np.zeros(3, np.int64))
    worst = _spread(_best(scenes, place, count, _wrong), count, [])
    best = _best(scenes, place, count, lambda rows: _right(rows, middle) * _good(rows, total))
    return worst, _spread(best, count, worst)


def _wrong(counts: Counts) -> Scores:
    """(n,) wrong pixels times 1 - J of windows (n, 3)."""
    wrong = counts[:, 1] + counts[:, 2]
    scores: Scores = wrong * (wrong / np.maximum(counts.sum(axis=1), 1))
    return scores


def _right(counts: Counts, middle: float) -> Scores:
    """(n,) J times T / (T + middle) of windows (n, 3)."""
    true = counts[:, 0] + counts[:, 2]
    scores: Scores = counts[:, 0] / np.maximum(counts.sum(axis=1), 1) * true / (true + middle)
    return scores


def _good(counts: Counts, total: Counts) -> Masks:
    """(n,) windows (n, 3) with a J above that of all scenes (3,), or with nothing wrong."""
    # In whole numbers, so that a window that is all there is of its class is not above itself.
    above = counts[:, 0] * total.sum() > total[0] * counts.sum(axis=1)
    good: Masks = above | (counts[:, 1:].sum(axis=1) == 0)
    return good


def _best(
    scenes: Sequence[SceneCounts], place: int, count: int, score: Callable[[Counts], Scores]
) -> list[tuple[float, Choice]]:
    """Choices of high score, as many of each scene as may be needed, with their scores."""
    found = []
    for row in scenes:
        scores = score(row.counts[:, place])
        for number in np.argsort(-scores, kind="stable")[: count * _SPARE]:
            if scores[number] > 0:
                tp, fp, fn = (int(value) for value in row.counts[number, place])
                choice = Choice(row.scene, row.windows[number], place, tp, fp, fn)
                found.append((float(scores[number]), choice))
    return found


def _spread(
    scored: Sequence[tuple[float, Choice]], count: int, taken: Sequence[Choice]
) -> list[Choice]:
    """Up to ``count`` choices of high score that lie apart from each other and those taken."""
    chosen: list[Choice] = []
    left = list(scored)
    while left and len(chosen) < count:
        shown = [one.scene for one in chosen]
        weights = [score * _AGAIN ** shown.count(one.scene) for score, one in left]
        _, best = left.pop(weights.index(max(weights)))
        if not any(_overlap(best, other) for other in (*chosen, *taken)):
            chosen.append(best)
    return chosen


def _overlap(one: Choice, other: Choice) -> bool:
    """Whether two patches share more than a quarter of the first."""
    if one.scene != other.scene:
        return False
    a, b = one.window, other.window
    height = min(a.row + a.height, b.row + b.height) - max(a.row, b.row)
    width = min(a.col + a.width, b.col + b.width) - max(a.col, b.col)
    # Cells are even to a pixel, so what meets at a corner may share a little more than a quarter.
    return max(height, 0) * max(width, 0) > 0.3 * a.height * a.width
