"""Which class is taken for which, where a pixel may be of several classes or of none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from pipeline.learning.metrics import Counts

_CHUNK: Final = 1 << 18
"""Pixels that are counted in one go; single precision counts them exactly."""
_FIELDS: Final = ("true", "found", "wrong", "missed")
Bits = NDArray[np.bool_]
Shares = NDArray[np.float64]


@dataclass(frozen=True)
class ClassConfusion:
    """Pixels by what they are and what is found there; row and column K mean no class at all.

    Attributes:
        true: (K + 1, K) pixels of the row's class that are of the column's too; of class and class
            itself, all of its pixels; the last row is zero.
        found: (K + 1, K) pixels of the row's class where the column's is found.
        wrong: (K + 1, K) those of ``found`` that are not of the column's class.
        missed: (K + 1, 2) pixels of the row's class, and those of them where nothing is found.
    """

    true: Counts
    found: Counts
    wrong: Counts
    missed: Counts

    @classmethod
    def empty(cls, classes: int) -> Self:
        """Nothing counted yet."""
        square = (classes + 1, classes)
        true, found, wrong = (np.zeros(square, np.int64) for _ in range(3))
        return cls(true, found, wrong, np.zeros((classes + 1, 2), np.int64))

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, Counts]) -> Self:
        """What :meth:`arrays` gave."""
        return cls(*(arrays[name] for name in _FIELDS))

    def arrays(self) -> dict[str, Counts]:
        """All of it by name."""
        return {name: getattr(self, name) for name in _FIELDS}

    def add(self, truth: Bits, found: Bits) -> None:
        """Count pixels, in place.

        Args:
            truth: (K, N) what pixels are.
            found: (K, N) what is found there.
        """
        for start in range(0, truth.shape[1], _CHUNK):
            part = slice(start, start + _CHUNK)
            self._add(truth[:, part], found[:, part])

    def _add(self, truth: Bits, found: Bits) -> None:
        rows = np.concatenate([truth, ~truth.any(axis=0, keepdims=True)]).astype(np.float32)
        nothing = ~found.any(axis=0)
        self.true[...] += _products(rows, truth)
        self.found[...] += _products(rows, found)
        self.wrong[...] += _products(rows, found & ~truth)
        self.missed[...] += _products(rows, np.stack([np.ones_like(nothing), nothing]))

    def shares(self) -> Shares:
        """(K + 1, K + 1) what becomes of pixels: rows are the truth, columns what is found.

        A cell off the diagonal is the share of the row's pixels that are not of the column's class
        and are taken for it all the same; on the diagonal, the share of the class that is found.
        In the last column it is the share where nothing is found. NaN where there is no such pixel.
        """
        classes = self.true.shape[1]
        here = np.eye(classes + 1, classes, dtype=bool)
        wholes = np.where(here, self.true, self.missed[:, :1] - self.true)
        table = _share(np.where(here, self.found, self.wrong), wholes)
        return np.concatenate([table, _share(self.missed[:, 1:], self.missed[:, :1])], axis=1)

    def overlaps(self) -> Shares:
        """(K, K) share of the row's true pixels that are truly of the column's class too."""
        classes = self.true.shape[1]
        return _share(
            self.true[:classes], np.broadcast_to(self.missed[:classes, :1], (classes,) * 2)
        )


def _products(rows: NDArray[np.float32], columns: Bits) -> Counts:
    """Pixels that are in a row and in a column, of (R, N) and (C, N)."""
    counts: Counts = np.rint(rows @ columns.astype(np.float32).T).astype(np.int64)
    return counts


def _share(part: Counts, whole: Counts) -> Shares:
    share: Shares = np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
    return share
