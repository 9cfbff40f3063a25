"""What becomes of a class's trials: which cleaning is taken over, and how it is written down."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import reduce
from typing import Any, Final, Self

import yaml

from pipeline.config.dataset import ClassRow
from pipeline.config.mapping import Polygons
from pipeline.mapping.jaccard import Absent, Overlap, class_jaccard, mean_jaccard
from pipeline.mapping.postprocessing import IN_METRES, IN_SQUARE_METRES, Cleaning
from pipeline.mapping.thresholds import probability_of
from pipeline.mapping.tuning import Judge, Starts, Trial, best, cross_fitted

_DIGITS: Final = 10_000


@dataclass(frozen=True)
class Choice:
    """The end of a class's tuning; overlaps are in pixels, all folds together.

    Attributes:
        now: The cleaning that the run has.
        tuned: The best one by all folds.
        chosen: What these two give, by ``now`` and ``tuned``.
        cross_fitted: The same where each fold is scored by a cleaning of the others.
    """

    now: Cleaning
    tuned: Cleaning
    chosen: Mapping[str, Overlap]
    cross_fitted: Mapping[str, Overlap]

    @property
    def taken(self) -> bool:
        """Whether the tuned one is taken over: if folds that did not choose it are better off."""
        now, tuned = (self.cross_fitted[which].jaccard or 0.0 for which in ("now", "tuned"))
        return tuned > now

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """What :meth:`to_json` gave."""
        overlaps = (
            {which: Overlap(**overlap) for which, overlap in values[how].items()}
            for how in ("chosen", "cross_fitted")
        )
        return cls(Cleaning(**values["now"]), Cleaning(**values["tuned"]), *overlaps)


def choice_of(judge: Judge, starts: Starts, trials: Sequence[Trial]) -> Choice:
    """What trials come to.

    Args:
        judge: That scored them.
        starts: What the run has.
        trials: All of them.
    """
    now = judge.trial(starts.now)
    found = best(trials) or now
    crossed = [judge.trial(cleaning).folds[fold] for fold, cleaning in enumerate(starts.folds)]
    return Choice(
        starts.now,
        found.cleaning,
        {"now": now.overlap(), "tuned": found.overlap()},
        {"now": _sum(crossed), "tuned": _sum(cross_fitted(trials))},
    )


def _sum(overlaps: Sequence[Overlap]) -> Overlap:
    return reduce(Overlap.__add__, overlaps)


def trials_csv(trials: Sequence[Trial]) -> str:
    """A row per trial: its cleaning, and what it gives on all folds and on each."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    folds = range(len(trials[0].folds))
    names = [f"{name}_{fold}" for fold in folds for name in ("tp", "fp", "fn")]
    keys = ("seed", *IN_METRES, *IN_SQUARE_METRES)
    table.writerow(("trial", "level", "probability", *keys, "jaccard", *names))
    for number, trial in enumerate(trials):
        jaccard = trial.overlap().jaccard
        table.writerow(
            (
                number,
                trial.cleaning.level,
                _probability(trial.cleaning.level),
                *(getattr(trial.cleaning, name) for name in keys),
                "" if jaccard is None else round(jaccard, 6),
                *(int(n) for overlap in trial.folds for n in (overlap.tp, overlap.fp, overlap.fn)),
            )
        )
    return text.getvalue()


def _probability(level: int) -> float:
    """A short number that means this level: just below ``level / 255``, above the level before."""
    return math.floor(probability_of(level) * _DIGITS) / _DIGITS


def tuned_yaml(settings: Polygons, choices: Mapping[int, Choice]) -> str:
    """Keys of ``polygons``, as ``tune.use`` takes them over.

    Args:
        settings: Section ``polygons``, for classes that keep what they have.
        choices: By class code, all classes.
    """
    cleanings = {
        code: choice.tuned if choice.taken else choice.now for code, choice in choices.items()
    }
    thresholds = dict(settings.thresholds) | {
        code: _probability(choice.tuned.level) for code, choice in choices.items() if choice.taken
    }
    values: dict[str, dict[int, float]] = {
        "thresholds": {code: thresholds[code] for code in choices if code in thresholds},
        "hysteresis": {
            code: _probability(cleaning.seed)
            for code, cleaning in cleanings.items()
            if cleaning.seed
        },
    }
    for key in (*IN_METRES, *IN_SQUARE_METRES):
        values[key] = {code: getattr(cleaning, key) for code, cleaning in cleanings.items()}
    header = "# What `make tune` found; tune.use takes it over.\n"
    return header + yaml.safe_dump({"polygons": values}, sort_keys=False)


def scores_record(
    classes: Sequence[ClassRow], choices: Mapping[int, Choice], absent: Absent
) -> dict[str, Any]:
    """What ``scores.json`` holds; overlaps are in pixels.

    Args:
        classes: All classes.
        choices: By class code.
        absent: What a class counts that is nowhere.
    """
    rows = {
        str(row.code): {
            "name": row.name,
            "taken": choices[row.code].taken,
            "now": asdict(choices[row.code].now),
            "tuned": asdict(choices[row.code].tuned),
            "chosen": _overlaps(choices[row.code].chosen, absent),
            "cross_fitted": _overlaps(choices[row.code].cross_fitted, absent),
        }
        for row in classes
    }
    ways: dict[str, Callable[[Choice], str]] = {
        "now": lambda _: "now",
        "tuned": lambda _: "tuned",
        "taken": lambda choice: "tuned" if choice.taken else "now",
    }
    means = {
        name: {
            way: mean_jaccard((table(c)[which(c)] for c in choices.values()), absent)
            for way, which in ways.items()
        }
        for name, table in _TABLES.items()
    }
    return {"absent": absent, "classes": rows, "means": means}


_TABLES: Final[Mapping[str, Callable[[Choice], Mapping[str, Overlap]]]] = {
    "chosen": lambda choice: choice.chosen,
    "cross_fitted": lambda choice: choice.cross_fitted,
}


def _overlaps(overlaps: Mapping[str, Overlap], absent: Absent) -> dict[str, dict[str, Any]]:
    return {
        which: {"jaccard": class_jaccard(overlap, absent), **vars(overlap)}
        for which, overlap in overlaps.items()
    }
