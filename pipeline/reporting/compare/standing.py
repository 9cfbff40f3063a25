"""Scores of runs on the same scenes, and how far one lies above another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.mapping.jaccard import Absent, Overlap, class_jaccard, mean_jaccard
from pipeline.mapping.scores.bootstrap import Interval, intervals, paired_intervals
from pipeline.reporting.compare.scored import Ground, Scored, common_ground

MEAN: Final = "mean"
LEAST: Final = 2
"""Of fewer scenes there is no interval."""
Verdict = Literal["better", "worse", "the same", "can't tell"]


@dataclass(frozen=True)
class Value:
    """A number that may be off.

    Attributes:
        value: It; None where the class does not count.
        interval: 90% interval over scenes; None where there is none.
    """

    value: float | None
    interval: Interval | None = None

    @property
    def verdict(self) -> Verdict:
        """What a difference tells: its interval lies above 0, below it, or holds it."""
        if self.interval is None:
            return "can't tell"
        low, high = self.interval
        if self.value == low == high == 0:
            return "the same"
        return "better" if low > 0 else "worse" if high < 0 else "can't tell"


@dataclass(frozen=True)
class Standing:
    """Values of a run: its scores, or how far they lie above another run's.

    Attributes:
        run: Name of the run.
        ground: What they were taken on.
        classes: By name of a class.
        mean: Of the classes.
    """

    run: str
    ground: Ground
    classes: Mapping[str, Value]
    mean: Value


def standing(run: Scored, ground: Ground, absent: Absent) -> Standing:
    """Scores of a run on a ground that it was scored on."""
    counts = run.counts(ground)
    values, mean = _pooled(counts, absent)
    ranges, mean_range = intervals(counts, absent)
    return _standing(run.run, ground, values, mean, ranges, mean_range)


def difference(first: Scored, other: Scored, absent: Absent) -> Standing:
    """How far another run's scores lie above the first's, on what the two have in common.

    Args:
        first: Run that is compared with.
        other: Run that may be better.
        absent: What a class counts that is nowhere, for both.
    """
    ground = common_ground((first, other))
    one, two = first.counts(ground), other.counts(ground)
    (before, mean_before), (after, mean_after) = _pooled(one, absent), _pooled(two, absent)
    values = [None if a is None or b is None else b - a for a, b in zip(before, after, strict=True)]
    ranges, mean_range = paired_intervals(one, two, absent)
    return _standing(other.run, ground, values, mean_after - mean_before, ranges, mean_range)


def _pooled(counts: NDArray[np.float64], absent: Absent) -> tuple[list[float | None], float]:
    """Jaccard index of each class over all scenes (N, 3, K), and their mean."""
    overlaps = [Overlap(*map(float, column)) for column in counts.sum(axis=0).T]
    return [class_jaccard(o, absent) for o in overlaps], mean_jaccard(overlaps, absent)


def _standing(
    run: str,
    ground: Ground,
    values: list[float | None],
    mean: float,
    ranges: list[Interval],
    mean_range: Interval,
) -> Standing:
    known = len(ground.scenes) >= LEAST
    classes = {
        name: Value(value, interval if known and value is not None else None)
        for name, value, interval in zip(ground.classes, values, ranges, strict=True)
    }
    return Standing(run, ground, classes, Value(mean, mean_range if known else None))
