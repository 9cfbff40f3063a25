"""Objects found: parts of a prediction matched one to one with parts of the truth.

Two parts match if they share at least half of their union (intersection over union, IoU >= 0.5).
Parts of one geometry don't overlap. So a part that shares more than half of a union shares less
than half with any other, and above one half there is nothing to choose. At exactly one half a
prediction may match either of two truths that halve it: it counts once, for the one that comes
first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from pipeline.imagery.polygon_text import Polygonal
from pipeline.mapping.geometry.simplification import Parts

LEAST_IOU: Final = 0.5
_ROUNDING = 1e-9
"""Halves are halves whatever the units in which they are computed."""


@dataclass(frozen=True)
class Found:
    """How many objects of a class were found.

    Attributes:
        tp: True positives: pairs that match.
        fp: Predicted parts without a match.
        fn: True parts without a match.
    """

    tp: int = 0
    fp: int = 0
    fn: int = 0

    def __add__(self, other: Found) -> Found:
        return Found(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn)

    @property
    def precision(self) -> float | None:
        """Share of the predicted objects that are true; None if there are none."""
        return _share(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float | None:
        """Share of the true objects that were found; None if there are none."""
        return _share(self.tp, self.tp + self.fn)

    @property
    def f1(self) -> float | None:
        """2 TP / (2 TP + FP + FN); None if nothing is true and nothing predicted."""
        return _share(2 * self.tp, 2 * self.tp + self.fp + self.fn)


def objects_of(prediction: Polygonal, truth: Polygonal) -> Found:
    """Match the parts of two valid polygonal geometries at IoU 0.5."""
    predicted, true = _parts(prediction), _parts(truth)
    matches = _matches(predicted, true)
    return Found(matches, len(predicted) - matches, len(true) - matches)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _parts(geometry: Polygonal) -> Parts:
    whole = shapely.get_parts(geometry)
    parts: Parts = whole[~shapely.is_empty(whole)]
    return parts


def _matches(predicted: Parts, true: Parts) -> int:
    """Number of pairs, one to one."""
    if not len(predicted) or not len(true):
        return 0
    ours, theirs = _candidates(predicted, true)
    shared = shapely.area(shapely.intersection(predicted[ours], true[theirs]))
    union = shapely.area(predicted)[ours] + shapely.area(true)[theirs] - shared
    matches = shared >= (LEAST_IOU - _ROUNDING) * union
    return _one_to_one(ours[matches], theirs[matches])


def _candidates(predicted: Parts, true: Parts) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs, by part of the prediction, whose bounds and areas allow an IoU of one half.

    What two parts share is at most the smaller of them, and what their bounds share.
    """
    pairs = shapely.STRtree(true).query(predicted)
    ours, theirs = pairs[:, np.lexsort((pairs[1], pairs[0]))]
    one, other = shapely.bounds(predicted)[ours], shapely.bounds(true)[theirs]
    sides = np.minimum(one[:, 2:], other[:, 2:]) - np.maximum(one[:, :2], other[:, :2])
    areas = shapely.area(predicted)[ours], shapely.area(true)[theirs]
    most = np.minimum(np.minimum(*areas), np.maximum(sides, 0).prod(axis=1))
    likely = most * (1 + _ROUNDING) >= (LEAST_IOU - _ROUNDING) * (areas[0] + areas[1] - most)
    return ours[likely], theirs[likely]


def _one_to_one(ours: NDArray[np.int64], theirs: NDArray[np.int64]) -> int:
    """Pairs that are left if each part keeps the first pair that it is in."""
    used: tuple[set[int], set[int]] = (set(), set())
    for one, other in zip(ours.tolist(), theirs.tolist(), strict=True):
        if one not in used[0] and other not in used[1]:
            used[0].add(one)
            used[1].add(other)
    return len(used[0])
