"""The contest's metric in pixels: TP, FP and FN pooled per class over all scenes, then J.

``J_c = TP_c / (TP_c + FP_c + FN_c)``; the score is the plain mean over classes. A histogram of
the 256 probability levels, once for the pixels of a class and once for the others, holds TP, FP
and FN at *every* threshold: cumulating it from the top counts what lies at or above a level.

A pixel belongs to a class when its level is *at least* the threshold, 1 to 256: level 0, which is
also where nothing was predicted, is never of a class, and 256 takes no pixel. Validation and the
thresholds of predictions follow this one rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

LEVELS = 256
"""Number of levels of a quantised probability; level n stands for n / 255."""

NOTHING = LEVELS
"""The threshold that predicts nothing."""

Counts = NDArray[np.int64]
Bits = NDArray[np.bool_]


def to_levels(probability: Tensor) -> Tensor:
    """Probabilities as levels 0 to 255 (uint8) on their device.

    A level is 255 p rounded to the nearest integer, halves to the even one; what rounding errors
    put outside [0, 1] becomes 0 or 255.
    """
    return (probability * (LEVELS - 1)).round().clamp(0, LEVELS - 1).to(torch.uint8)


@dataclass(frozen=True)
class Confusion:
    """Pixels per class, pooled.

    Attributes:
        tp: (K,) pixels that are of the class and predicted.
        fp: (K,) pixels that are predicted and not of the class.
        fn: (K,) pixels that are of the class and not predicted.
    """

    tp: Counts
    fp: Counts
    fn: Counts

    def __add__(self, other: Confusion) -> Confusion:
        return Confusion(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn)


@dataclass(frozen=True)
class Best:
    """The best threshold of each class: ``level`` (K,) int64 and its ``jaccard`` (K,) float64.

    A class that no threshold takes a pixel of has level :data:`NOTHING` and Jaccard index 0.
    """

    level: Counts
    jaccard: NDArray[np.float64]


@dataclass(frozen=True)
class LevelCounts:
    """How often each probability level occurs, apart for pixels of a class and all others.

    Attributes:
        positives: (K, 256) pixels of the class per level of its probability.
        negatives: (K, 256) pixels not of the class per level of its probability.
    """

    positives: Counts
    negatives: Counts

    @classmethod
    def empty(cls, classes: int) -> Self:
        """Counts of nothing yet for ``classes`` classes."""
        return cls(np.zeros((classes, LEVELS), np.int64), np.zeros((classes, LEVELS), np.int64))

    def add(self, levels: NDArray[np.uint8], truth: Bits, valid: Bits) -> None:
        """Count the pixels of a scene or patch, in place.

        Args:
            levels: (K, H, W) quantised probabilities.
            truth: (K, H, W) masks.
            valid: (H, W), False where a pixel does not count.
        """
        for row, (level, mask) in enumerate(zip(levels, truth, strict=True)):
            both = np.bincount(
                level[valid].astype(np.intp) + LEVELS * mask[valid], minlength=2 * LEVELS
            )
            self.negatives[row] += both[:LEVELS]
            self.positives[row] += both[LEVELS:]

    def merge(self, other: LevelCounts) -> LevelCounts:
        """Counts of both."""
        return LevelCounts(self.positives + other.positives, self.negatives + other.negatives)

    def confusion_at(self, level: int | Counts) -> Confusion:
        """Counts when a pixel is predicted where its level is at least ``level``.

        Args:
            level: One level for all classes or (K,) one for each, 0 to 256; 256 predicts nothing.
        """
        rows = np.arange(len(self.positives))
        wanted = np.broadcast_to(np.asarray(level), rows.shape)
        total = self.positives.sum(axis=1)
        tp = _at_or_above(self.positives)[rows, wanted]
        return Confusion(tp, _at_or_above(self.negatives)[rows, wanted], total - tp)

    def curves(self) -> NDArray[np.float64]:
        """(K, 256) pooled Jaccard at the thresholds 1 to 256; 0 where union or hits are empty."""
        tp = _at_or_above(self.positives)[:, 1:]
        fp = _at_or_above(self.negatives)[:, 1:]
        union = self.positives.sum(axis=1, keepdims=True) + fp
        curves: NDArray[np.float64] = tp / np.maximum(union, 1)
        return curves

    def best(self, slack: float = 0.0) -> Best:
        """The best threshold of each class.

        Levels around the best one that lose next to nothing of its Jaccard index are as good: which
        of them is the very best is chance, and other scenes tell another. The one in their middle
        is the farthest from where either side starts to lose.

        Args:
            slack: Share of the best Jaccard index that a level may lose to count as good.
        """
        curves = self.curves()
        return Best(
            np.array([1 + _middle_of_best(curve, slack) for curve in curves], np.int64),
            curves.max(axis=1, initial=0),
        )


def _middle_of_best(curve: NDArray[np.float64], slack: float) -> int:
    """Index of the middle of the good values around the best; the last if nothing is above zero."""
    top = curve.max()
    if top <= 0:
        return len(curve) - 1
    best = np.flatnonzero(curve == top)
    if not slack:
        return int(best[len(best) // 2])
    middle = best[len(best) // 2]
    bad = np.flatnonzero(curve < top * (1 - slack))
    place = np.searchsorted(bad, middle)
    low = bad[place - 1] + 1 if place > 0 else 0
    high = bad[place] - 1 if place < len(bad) else len(curve) - 1
    return int(low + high) // 2


def _at_or_above(counts: Counts) -> Counts:
    """(K, 257) pixels whose level is at least that of the column."""
    cumulated = counts[:, ::-1].cumsum(axis=1)[:, ::-1]
    return np.concatenate([cumulated, np.zeros((len(counts), 1), np.int64)], axis=1)
