"""The Jaccard index of a class, and the mean over classes: one definition for pixels and areas."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Self

Absent = Literal["zero", "one", "skip"]


@dataclass(frozen=True)
class Overlap:
    """What a prediction and a truth of one class share, in pixels or in square map units.

    Attributes:
        tp: True positives, in both.
        fp: False positives, in the prediction only.
        fn: False negatives, in the truth only.
    """

    tp: float = 0.0
    fp: float = 0.0
    fn: float = 0.0

    def __add__(self, other: Self) -> Overlap:
        return Overlap(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn)

    @property
    def jaccard(self) -> float | None:
        """TP / (TP + FP + FN), or None where nothing is true and nothing predicted."""
        union = self.tp + self.fp + self.fn
        return self.tp / union if union > 0 else None


def class_jaccard(overlap: Overlap, absent: Absent) -> float | None:
    """Jaccard index of a class; None if the class is absent and absent classes are skipped."""
    if overlap.jaccard is not None:
        return overlap.jaccard
    return {"zero": 0.0, "one": 1.0, "skip": None}[absent]


def mean_jaccard(overlaps: Iterable[Overlap], absent: Absent) -> float:
    """Mean Jaccard index over classes, each pooled over its scenes; 0 if no class counts."""
    values = [class_jaccard(overlap, absent) for overlap in overlaps]
    counted = [value for value in values if value is not None]
    return sum(counted) / len(counted) if counted else 0.0
