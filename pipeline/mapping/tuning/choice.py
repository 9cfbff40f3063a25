"""What becomes of a class's trials: which cleaning is taken over, and how it is written down."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import reduce
from typing import Any, Final, Self

import yaml

from pipeline.config.dataset import ClassRow
from pipeline.config.rules import RuleRow
from pipeline.mapping.jaccard import Absent, Overlap, class_jaccard, mean_jaccard
from pipeline.mapping.masks.postprocessing import IN_METRES, IN_SQUARE_METRES, Cleaning
from pipeline.mapping.thresholds import probability_of
from pipeline.mapping.tuning.class_tuning import Trial, best, carried_over

_DIGITS: Final = 10_000


@dataclass(frozen=True)
class Choice:
    """The end of a class's tuning; overlaps are in pixels, all folds together.

    Each fold is cut at the threshold that the others tell.

    Attributes:
        now: The cleaning that the run has.
        tuned: The best one by all folds.
        before: What the run has gives.
        after: What the best one gives, which flatters: the same folds chose it.
        carried: Each fold by the cleaning that is best on the others.
        levels: Threshold of each fold, as the others tell it, for what is taken over.
    """

    now: Cleaning
    tuned: Cleaning
    before: Overlap
    after: Overlap
    carried: Overlap
    levels: tuple[int, ...]

    @property
    def taken(self) -> bool:
        """Whether the tuned one is taken over: if folds that did not choose it are better off."""
        return (self.carried.jaccard or 0.0) > (self.before.jaccard or 0.0)

    @property
    def kept(self) -> Cleaning:
        """The cleaning that is taken over."""
        return self.tuned if self.taken else self.now

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """What :meth:`to_json` gave."""
        before, after, carried = (Overlap(**values[key]) for key in ("before", "after", "carried"))
        now, tuned = Cleaning(**values["now"]), Cleaning(**values["tuned"])
        return cls(now, tuned, before, after, carried, tuple(values["levels"]))


def choice_of(trials: Sequence[Trial]) -> Choice:
    """What the trials of a class come to; the first is what the run has."""
    now = trials[0]
    found = best(trials) or now
    carried, before = reduce(Overlap.__add__, carried_over(trials)), now.overlap()
    choice = Choice(now.cleaning, found.cleaning, before, found.overlap(), carried, now.levels)
    return replace(choice, levels=found.levels) if choice.taken else choice


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


def tuned_yaml(choices: Mapping[int, Choice], rules: Sequence[RuleRow]) -> str:
    """Keys of ``polygons``, as ``tune.use`` takes them over.

    Args:
        choices: By class code, all classes.
        rules: Rows between classes.
    """
    kept = {code: choice.kept for code, choice in choices.items()}
    values: dict[str, Any] = {
        key: {code: getattr(cleaning, key) for code, cleaning in kept.items()}
        for key in (*IN_METRES, *IN_SQUARE_METRES)
    }
    values["hysteresis"] = {
        code: _probability(cleaning.seed) for code, cleaning in kept.items() if cleaning.seed
    }
    values["rules"] = [row.model_dump(mode="json", exclude_defaults=True) for row in rules]
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
    rows = {}
    for row in classes:
        choice = choices[row.code]
        overlaps = {way: which(choice) for way, which in _WAYS.items()}
        rows[str(row.code)] = {
            "name": row.name,
            "taken": choice.taken,
            "cleaning": {"now": asdict(choice.now), "tuned": asdict(choice.tuned)},
            "kept": _overlap(_kept(choice), absent),
            **{way: _overlap(overlap, absent) for way, overlap in overlaps.items()},
        }
    means = {
        way: mean_jaccard((which(choice) for choice in choices.values()), absent)
        for way, which in {**_WAYS, "kept": _kept}.items()
    }
    return {"absent": absent, "classes": rows, "means": means}


_WAYS: Final[Mapping[str, Callable[[Choice], Overlap]]] = {
    "now": lambda choice: choice.before,
    "tuned": lambda choice: choice.after,
    "cross_fitted": lambda choice: choice.carried,
}


def _kept(choice: Choice) -> Overlap:
    """What is taken over gives: the cross-fitted one where that decided so."""
    return choice.carried if choice.taken else choice.before


def _overlap(overlap: Overlap, absent: Absent) -> dict[str, Any]:
    return {"jaccard": class_jaccard(overlap, absent), **vars(overlap)}
