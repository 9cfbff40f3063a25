"""Post-processing of one class, tuned on held-out predictions.

A trial is a :class:`Cleaning`; what it gives is kept for each fold, cut at the threshold that the
other folds tell for levels as it smooths them. So the trial that is best on all other folds can be
scored on the one that is left, without another trial. The trials themselves are proposed from
scores of all folds: the cross-fitted score is of cleanings that were *chosen* without the fold
they are scored on, among candidates that were not found without it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Final

import numpy as np

from pipeline.config.mapping import Evaluate
from pipeline.config.tune import Tune
from pipeline.learning.metrics import NOTHING, LevelCounts
from pipeline.mapping.jaccard import Overlap
from pipeline.mapping.masks.postprocessing import (
    IN_SQUARE_METRES,
    Cleaning,
    cut,
    pixels_of,
    soft_levels,
)
from pipeline.mapping.prediction.coverage import UNANSWERED, Levels
from pipeline.mapping.thresholds import best_thresholds, cross_fitted, level_of, pooled
from pipeline.mapping.tracing.corners import Mask
from pipeline.mapping.tuning.cleaning_space import CleaningSpace
from pipeline.mapping.tuning.robustness import worst
from pipeline.search.proposals import Proposer

_SOFT_KEPT: Final = 4
"""Smoothed copies of all scenes that are kept: a sweep goes back to few, and each takes memory."""


@dataclass(frozen=True)
class Ground:
    """A held-out scene as one class sees it, without the margins that have no answer.

    Attributes:
        levels: (h, w) uint8.
        positives: (h, w), valid pixels of the class.
        negatives: (h, w), valid pixels of no such class.
        missed: Valid pixels of the class outside.
        fold: The fold that holds the scene out.
        metres: Side of a pixel.
    """

    levels: Levels
    positives: Mask
    negatives: Mask
    missed: int
    fold: int
    metres: float


def ground_of(levels: Levels, truth: Mask, valid: Mask, fold: int, metres: float) -> Ground:
    """A scene's ground.

    Args:
        levels: (H, W) uint8, 0 for no answer.
        truth: (H, W), pixels of the class.
        valid: (H, W), False where a pixel does not count.
        fold: The fold that holds the scene out.
        metres: Side of a pixel.
    """
    answered, positives = levels != UNANSWERED, truth & valid
    rows, columns = (np.flatnonzero(answered.any(axis=axis)) for axis in (1, 0))
    box = tuple(slice(at[0], at[-1] + 1) if len(at) else slice(0) for at in (rows, columns))
    inside = positives[box].copy()
    missed = int(positives.sum() - inside.sum())
    return Ground(levels[box].copy(), inside, (valid & ~truth)[box], missed, fold, metres)


@dataclass(frozen=True)
class Trial:
    """A cleaning, and what it gives on each fold.

    Attributes:
        cleaning: With the threshold that all folds tell.
        levels: Threshold of each fold, told by the others.
        folds: Overlap of each fold at that threshold.
    """

    cleaning: Cleaning
    levels: tuple[int, ...]
    folds: tuple[Overlap, ...]

    def overlap(self, without: int | None = None) -> Overlap:
        """Of all folds, or of all but one."""
        return reduce(
            Overlap.__add__, (o for i, o in enumerate(self.folds) if i != without), Overlap()
        )


@dataclass(frozen=True)
class _Soft:
    """Levels of every ground as a cleaning smooths them, and the thresholds that they ask for."""

    levels: tuple[Levels, ...]
    chosen: int
    folds: tuple[int, ...]


@dataclass
class Judge:
    """Scores cleanings on the same grounds; smooth levels and equal masks are made once.

    Attributes:
        grounds: Held-out scenes.
        folds: Number of folds.
        settings: How thresholds are chosen.
        fixed: The threshold of the class, where the configuration names one.
    """

    grounds: Sequence[Ground]
    folds: int
    settings: Evaluate
    fixed: int | None = None
    _soft: dict[tuple[float, float], _Soft] = field(default_factory=dict)
    _known: dict[Cleaning, tuple[Overlap, ...]] = field(default_factory=dict)

    @property
    def metres(self) -> float:
        """Side of a pixel, that of the finest ground if they differ."""
        return min(ground.metres for ground in self.grounds)

    def trial(self, cleaning: Cleaning) -> Trial:
        """What a cleaning gives, whatever its threshold."""
        soft = self._softened(cleaning)
        # Areas between two numbers of pixels drop the same parts.
        areas = {name: self._fewest(getattr(cleaning, name)) for name in IN_SQUARE_METRES}
        key = replace(cleaning, level=0, **areas)
        if key not in self._known:
            self._known[key] = self._overlaps(cleaning, soft)
        return Trial(replace(cleaning, level=soft.chosen), soft.folds, self._known[key])

    def _fewest(self, area: float) -> int:
        """Fewest pixels that are kept; it is exact where all grounds have one resolution."""
        return pixels_of(area, self.metres)

    def _overlaps(self, cleaning: Cleaning, soft: _Soft) -> tuple[Overlap, ...]:
        found = [Overlap()] * self.folds
        for ground, levels in zip(self.grounds, soft.levels, strict=True):
            own = replace(cleaning, level=soft.folds[ground.fold])
            mask = cut(levels, own, ground.metres)
            hits = int(np.count_nonzero(mask & ground.positives))
            wrong = int(np.count_nonzero(mask & ground.negatives))
            missed = int(np.count_nonzero(ground.positives)) - hits + ground.missed
            found[ground.fold] += Overlap(hits, wrong, missed)
        return tuple(found)

    def _softened(self, cleaning: Cleaning) -> _Soft:
        key = cleaning.smooth, cleaning.median
        if key not in self._soft:
            if len(self._soft) == _SOFT_KEPT:
                del self._soft[next(iter(self._soft))]
            levels = tuple(soft_levels(g.levels, cleaning, g.metres) for g in self.grounds)
            self._soft[key] = _Soft(levels, *self._thresholds(levels))
        return self._soft[key]

    def _thresholds(self, levels: Sequence[Levels]) -> tuple[int, tuple[int, ...]]:
        """Thresholds of all folds and of each, as ``evaluate`` chooses them."""
        fixed = self.fixed
        if fixed is None and self.settings.thresholds != "tuned":
            fixed = level_of(self.settings.thresholds)
        if fixed is not None:
            return fixed, (fixed,) * self.folds
        counts = [LevelCounts.empty(1) for _ in range(self.folds)]
        for ground, level in zip(self.grounds, levels, strict=True):
            valid = ground.positives | ground.negatives
            counts[ground.fold].add(level[None], ground.positives[None], valid)
            # What lies outside has no answer.
            counts[ground.fold].positives[0, UNANSWERED] += ground.missed
        slack = self.settings.slack
        chosen = int(best_thresholds(pooled(counts), slack)[0])
        return chosen, tuple(int(level[0]) for level in cross_fitted(counts, slack))


def tune(
    judge: Judge, now: Cleaning, settings: Tune, advance: Callable[[], None] = lambda: None
) -> list[Trial]:
    """Trials of a class; they depend on nothing but the arguments.

    A class that is nowhere, or that no threshold finds, has but the one that says so.

    Args:
        judge: Scores them.
        now: What the run does now: the first trial.
        settings: Number of trials, ranges and method.
        advance: Is called after each trial.
    """
    first = judge.trial(now)
    if first.cleaning.level == NOTHING or first.overlap().tp + first.overlap().fn == 0:
        return [first]
    space = CleaningSpace.of(now, settings, judge.metres)
    if not space.space.dimensions:
        return [first]
    if settings.method == "sweep":
        return _swept(judge, first, space, settings.trials, advance)
    proposer = Proposer(space.space, settings.method, settings.seed, settings.startup)
    trials: list[Trial] = []
    for number in range(settings.trials):
        params = proposer.ask(number) if trials else space.params()
        trials.append(judge.trial(space.cleaning(params)) if trials else first)
        proposer.tell(params, robust(trials[-1]))
        advance()
    return trials


def _swept(
    judge: Judge, first: Trial, space: CleaningSpace, most: int, advance: Callable[[], None]
) -> list[Trial]:
    """One key after the other, each kept at its best, until none gets better."""
    trials, known, top, before = [first], {replace(first.cleaning, level=0)}, first, None
    axes = space.axes(judge.metres)
    while top is not before:
        before = top
        for name, values in axes.items():
            for value in (*values, getattr(space.now, name)):
                cleaning = replace(top.cleaning, level=0, **{name: value})
                if cleaning in known:
                    continue
                if len(trials) == most:
                    return trials
                known.add(cleaning)
                trials.append(judge.trial(cleaning))
                advance()
            top = best(trials) or first
    return trials


def robust(trial: Trial, without: int | None = None) -> float:
    """The Jaccard index of the worst choice of all folds but one, from all or from all but one.

    What one fold alone gains is no reason for a choice. With less than three folds to choose by it
    is the index of all of them.

    Args:
        trial: The trial.
        without: A fold that takes no part.
    """
    return worst(trial.folds, _jaccard, without)


def _jaccard(folds: Sequence[Overlap]) -> float:
    return reduce(Overlap.__add__, folds, Overlap()).jaccard or 0.0


def best(trials: Sequence[Trial], without: int | None = None) -> Trial | None:
    """The first of the best trials, by all folds or all but one; None if none finds anything."""
    scores = [robust(trial, without) for trial in trials]
    top = max(scores)
    return trials[scores.index(top)] if top > 0 else None


def carried_over(trials: Sequence[Trial]) -> list[Overlap]:
    """Overlap of each fold, by the trial that is best on the others.

    Where the others find nothing of the class, nothing is predicted, as ``evaluate`` has it.
    """
    found = []
    for fold, overlap in enumerate(trials[0].folds):
        chosen = best(trials, without=fold)
        found.append(
            Overlap(0, 0, overlap.tp + overlap.fn) if chosen is None else chosen.folds[fold]
        )
    return found
