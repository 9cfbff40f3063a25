"""Precision and recall of each class at every threshold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.learning.metrics import LEVELS, Counts, LevelCounts


@dataclass(frozen=True)
class PrecisionRecall:
    """Curves over the thresholds 1 to 256.

    Attributes:
        precision: (K, 256) share of what is found that is true; NaN where nothing is found.
        recall: (K, 256) share of what is true that is found; NaN where nothing is true.
    """

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]

    def at(self, levels: Counts) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Precision and recall (K,) of each class at its own threshold, 1 to 256."""
        rows = np.arange(len(self.precision))
        return self.precision[rows, levels - 1], self.recall[rows, levels - 1]

    def average(self) -> NDArray[np.float64]:
        """(K,) average precision: the mean of precision over recall; NaN where nothing is true."""
        recall = self.recall[:, ::-1]  # from no pixel to all of them
        gained = np.diff(recall, axis=1, prepend=0.0)
        precision = np.nan_to_num(self.precision[:, ::-1])
        area: NDArray[np.float64] = (gained * precision).sum(axis=1)
        return area


def precision_recall(counts: LevelCounts) -> PrecisionRecall:
    """Precision and recall at every threshold; see :class:`PrecisionRecall`."""
    tp, fp = _from_the_top(counts.positives), _from_the_top(counts.negatives)
    true = counts.positives.sum(axis=1, keepdims=True)
    return PrecisionRecall(_share(tp, tp + fp), _share(tp, np.broadcast_to(true, tp.shape)))


def _from_the_top(counts: Counts) -> Counts:
    """(K, 256) pixels whose level is at least 1 to 256."""
    reached = counts[:, ::-1].cumsum(axis=1)[:, ::-1]
    nothing = np.zeros((len(counts), 1), np.int64)
    return np.concatenate([reached[:, 1:LEVELS], nothing], axis=1)


def _share(part: Counts, whole: Counts) -> NDArray[np.float64]:
    share: NDArray[np.float64]
    share = np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
    return share
