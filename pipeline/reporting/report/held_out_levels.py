"""What the report knows of probabilities on labelled scenes: counts, no pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.learning.metrics import Counts, LevelCounts
from pipeline.mapping.thresholds import pooled
from pipeline.reporting.report.confusion import ClassConfusion
from pipeline.reporting.viewer.data import ViewerClass


@dataclass(frozen=True)
class HeldOutLevels:
    """Levels of labelled scenes beside their truth.

    Attributes:
        folds: Counts of each fold; of all labelled scenes, where there are no folds.
        chosen: (K,) threshold of each class for scenes without labels.
        by_fold: (K,) thresholds of each fold.
        confusion: Of all classes, each scene cut at its fold's thresholds.
        classes: The K classes.
        scenes: Number of scenes.
        held_out: False where another run's networks predicted, which know no folds.
    """

    folds: Sequence[LevelCounts]
    chosen: Counts
    by_fold: Sequence[Counts]
    confusion: ClassConfusion
    classes: Sequence[ViewerClass]
    scenes: int
    held_out: bool = True

    @property
    def everything(self) -> LevelCounts:
        """Counts of all folds."""
        return pooled(self.folds)
