"""Post-processing of one class, tuned on held-out predictions.

A trial is a :class:`Cleaning`; what it gives is kept for each fold. So the trial that is best on
all other folds can be scored on the one that is left, without another trial. The trials themselves
are proposed from scores of all folds: the cross-fitted score is of cleanings that were *chosen*
without the fold they are scored on, among candidates that were not found without it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import reduce
from typing import Any

import numpy as np

from pipeline.config.tune import Tune
from pipeline.learning.metrics import NOTHING
from pipeline.mapping.cleaning_space import CleaningSpace
from pipeline.mapping.coverage import UNANSWERED, Levels
from pipeline.mapping.jaccard import Overlap
from pipeline.mapping.postprocessing import IN_SQUARE_METRES, Cleaning, cut, smoothed
from pipeline.mapping.tracing.corners import Mask
from pipeline.search.proposals import Proposer


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
class Starts:
    """What the run does now.

    Attributes:
        now: The cleaning for scenes without labels.
        folds: The cleaning for the scenes of each fold, its threshold chosen on the others.
    """

    now: Cleaning
    folds: tuple[Cleaning, ...]

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON values."""
        return asdict(self)

    def known(self) -> list[Cleaning]:
        """Rules to begin with, each once, the one for scenes without labels first."""
        return [r for r in dict.fromkeys((self.now, *self.folds)) if r.level < NOTHING]


@dataclass(frozen=True)
class Trial:
    """A cleaning, and what it gives on each fold."""

    cleaning: Cleaning
    folds: tuple[Overlap, ...]

    @property
    def positives(self) -> float:
        """Pixels of the class."""
        return self.overlap().tp + self.overlap().fn

    def overlap(self, without: int | None = None) -> Overlap:
        """Of all folds, or of all but one."""
        return reduce(Overlap.__add__, (o for i, o in enumerate(self.folds) if i != without))


@dataclass
class Judge:
    """Scores cleanings on the same grounds; smooth levels and equal masks are made once."""

    grounds: Sequence[Ground]
    folds: int
    _smooth: dict[float, list[Levels]] = field(default_factory=dict)
    _known: dict[Cleaning, tuple[Overlap, ...]] = field(default_factory=dict)

    @property
    def metres(self) -> float:
        """Side of a pixel, that of the finest ground if they differ."""
        return min(ground.metres for ground in self.grounds)

    def trial(self, cleaning: Cleaning) -> Trial:
        """What a cleaning gives."""
        # Areas between two numbers of pixels drop the same parts.
        areas = {name: self._pixels(getattr(cleaning, name)) for name in IN_SQUARE_METRES}
        # A certain pixel that is none but for the threshold asks for nothing.
        seed = cleaning.seed if cleaning.seed > cleaning.level else 0
        key = replace(cleaning, seed=seed, **areas)
        if key not in self._known:
            self._known[key] = self._overlaps(cleaning)
        return Trial(cleaning, self._known[key])

    def _pixels(self, area: float) -> int:
        """Fewest pixels that are kept; it is exact where all grounds have one resolution."""
        return math.ceil(area / self.metres**2)

    def _overlaps(self, cleaning: Cleaning) -> tuple[Overlap, ...]:
        found = [Overlap()] * self.folds
        for ground, levels in zip(self.grounds, self._levels(cleaning.smooth), strict=True):
            mask = cut(levels, cleaning, ground.metres)
            hits = int(np.count_nonzero(mask & ground.positives))
            wrong = int(np.count_nonzero(mask & ground.negatives))
            missed = int(np.count_nonzero(ground.positives)) - hits + ground.missed
            found[ground.fold] += Overlap(hits, wrong, missed)
        return tuple(found)

    def _levels(self, smooth: float) -> list[Levels]:
        if smooth not in self._smooth:
            self._smooth[smooth] = [smoothed(g.levels, smooth / g.metres) for g in self.grounds]
        return self._smooth[smooth]


def tune(
    judge: Judge, starts: Starts, settings: Tune, advance: Callable[[], None] = lambda: None
) -> list[Trial]:
    """Trials of a class; they depend on nothing but the arguments.

    A class that is nowhere, or that no threshold finds, has but the one that says so.

    Args:
        judge: Scores them.
        starts: What the run does now: the first trials.
        settings: Number of trials, ranges and method.
        advance: Is called after each trial.
    """
    first = judge.trial(starts.now)
    if starts.now.level == NOTHING or first.positives == 0:
        return [first]
    space = CleaningSpace.of(starts.now, settings, judge.metres)
    proposer = Proposer(space.space, settings.method, settings.seed, settings.startup)
    known, trials = starts.known()[: settings.trials], list[Trial]()
    for number in range(settings.trials):
        if number < len(known):
            cleaning, params = known[number], space.params(known[number])
        else:
            params = proposer.ask(number)
            cleaning = space.cleaning(params)
        trials.append(judge.trial(cleaning))
        proposer.tell(params, trials[-1].overlap().jaccard)
        advance()
    return trials


def best(trials: Sequence[Trial], without: int | None = None) -> Trial | None:
    """The first of the best trials, by all folds or all but one; None if none finds anything."""
    scores = [trial.overlap(without).jaccard or 0.0 for trial in trials]
    top = max(scores)
    return trials[scores.index(top)] if top > 0 else None


def cross_fitted(trials: Sequence[Trial]) -> list[Overlap]:
    """Overlap of each fold, by the trial that is best on the others.

    Where the others have nothing of the class, nothing is predicted, as ``evaluate`` has it.
    """
    found = []
    for fold, overlap in enumerate(trials[0].folds):
        chosen = best(trials, without=fold)
        found.append(
            Overlap(0, 0, overlap.tp + overlap.fn) if chosen is None else chosen.folds[fold]
        )
    return found
