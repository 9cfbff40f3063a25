"""Rows of rules between classes, tuned one after the other on held-out scenes.

Of a row, a few settings are tried: off, as it is, and each of its numbers changed. What a setting
gives is kept for each fold, so the one that is best on all other folds is scored on the one that is
left. A row changes only if that carries over; rows before it have what was settled for them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.config.rules import RuleRow
from pipeline.mapping.held_out import HeldOutScene
from pipeline.mapping.jaccard import Absent, Overlap, mean_jaccard
from pipeline.mapping.masks.finishing import Finish, Masks, answers, without_remnants
from pipeline.mapping.masks.gains import Overlaps, overlaps_of, pooled_overlaps
from pipeline.mapping.masks.postprocessing import Cleaning, object_mask
from pipeline.mapping.rules.engine import apply
from pipeline.mapping.rules.spectral import IndexSource
from pipeline.mapping.rules.variants import variants
from pipeline.mapping.tracing.corners import Mask
from pipeline.mapping.tuning.robustness import worst

Folds = tuple[Overlaps, ...]
"""Overlaps of each fold."""


@dataclass
class RuleGround:
    """A held-out scene whose classes have their masks, each by itself.

    Attributes:
        scene: The scene.
        cleaned: (K, H, W) masks before the rules.
        answered: (H, W), where there is an answer.
        finish: How its masks are made; its rules do not count.
        fold: The fold that holds it out.
        index: Values of spectral indices.
        settled: (K, H, W) masks after the rows that are settled, with all that these leave.
    """

    scene: HeldOutScene
    cleaned: Masks
    answered: Mask
    finish: Finish
    fold: int
    index: IndexSource
    settled: Masks

    def masks(self, rules: Sequence[RuleRow]) -> Masks:
        """Masks after more rows, without what all of them leave of parts."""
        found = self._after(rules)
        return without_remnants(found, self.cleaned, self.finish.cleanings, self.scene.metres)

    def settle(self, row: RuleRow) -> None:
        """Take over a row."""
        self.settled = self._after([row])

    def _after(self, rules: Sequence[RuleRow]) -> Masks:
        metres, codes = self.scene.metres, self.finish.codes
        return apply(self.settled, rules, codes, metres, self.answered, self.index)


def rule_ground(
    scene: HeldOutScene,
    codes: tuple[int, ...],
    cleanings: tuple[Cleaning, ...],
    fold: int,
    index: IndexSource,
) -> RuleGround:
    """A scene's ground: each class's levels are cleaned.

    Args:
        scene: The scene.
        codes: The K class codes.
        cleanings: Of each class, with the thresholds of its fold.
        fold: The fold that holds it out.
        index: Values of spectral indices.
    """
    planes = zip(scene.levels, cleanings, strict=True)
    cleaned = np.stack([object_mask(plane, own, scene.metres) for plane, own in planes])
    finish = Finish(codes, cleanings, ())
    return RuleGround(scene, cleaned, answers(scene.levels), finish, fold, index, cleaned)


@dataclass(frozen=True)
class RuleChoice:
    """What becomes of a row.

    Attributes:
        row: As it is taken over.
        was: As it was.
        without: Mean Jaccard index without the row.
        before: As it was.
        after: With the best setting, which flatters: the same folds chose it.
        carried: Each fold with the setting that is best on the others.
        tried: Settings that were tried.
    """

    row: RuleRow
    was: RuleRow
    without: float
    before: float
    after: float
    carried: float
    tried: int

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON values."""
        values = {key: value for key, value in vars(self).items() if key not in ("row", "was")}
        rows = {"row": self.row.model_dump(mode="json"), "was": self.was.model_dump(mode="json")}
        return {"name": self.was.title, **values, **rows}


def tune_rules(
    grounds: Sequence[RuleGround],
    folds: int,
    rules: Sequence[RuleRow],
    absent: Absent,
    advance: Callable[[], None] = lambda: None,
) -> list[RuleChoice]:
    """What becomes of every row; a row that is off stays off.

    Args:
        grounds: Held-out scenes; their settled masks are changed.
        folds: Number of folds.
        rules: The rows, in order.
        absent: What a class counts that is nowhere.
        advance: Is called after each row.
    """
    choices = []
    for place, row in enumerate(rules):
        later = [other for other in rules[place + 1 :] if other.on]
        choice = _choice(grounds, folds, row, later, absent)
        for ground in grounds:
            ground.settle(choice.row)
        choices.append(choice)
        advance()
    return choices


def _choice(
    grounds: Sequence[RuleGround],
    folds: int,
    row: RuleRow,
    later: Sequence[RuleRow],
    absent: Absent,
) -> RuleChoice:
    candidates = variants(row) if row.on else variants(row)[:1]
    found = [_overlaps(grounds, folds, [candidate, *later]) for candidate in candidates]
    scores = [_mean(each, absent) for each in found]
    carried = [
        found[_best([_robust(each, absent, fold) for each in found])][fold] for fold in range(folds)
    ]
    now, off = min(1, len(candidates) - 1), 0
    best = _best([_robust(each, absent) for each in found])
    carried_over = _mean(carried, absent)
    kept = best if carried_over > scores[now] else now
    return RuleChoice(
        _renamed(candidates[kept], row),
        row,
        scores[off],
        scores[now],
        scores[best],
        carried_over,
        len(candidates),
    )


def _renamed(row: RuleRow, was: RuleRow) -> RuleRow:
    """A row with the name of what it was; numbers in a title of its own might be another row's."""
    row = row.model_copy(update={"name": was.name})
    if row.title == was.title:
        return row
    return row.model_copy(update={"name": f"{was.title}, tuned"})


def _overlaps(grounds: Sequence[RuleGround], folds: int, rules: Sequence[RuleRow]) -> Folds:
    nothing = tuple(Overlap() for _ in grounds[0].finish.codes)
    found = [nothing] * folds
    for ground in grounds:
        overlaps = overlaps_of(ground.masks(rules), ground.scene)
        found[ground.fold] = pooled_overlaps([found[ground.fold], overlaps])
    return tuple(found)


def _mean(folds: Sequence[Overlaps], absent: Absent) -> float:
    return mean_jaccard(pooled_overlaps(folds), absent)


def _robust(folds: Folds, absent: Absent, without: int | None = None) -> float:
    """The worst mean of all folds but one, as of a class's trial."""
    return worst(folds, lambda others: _mean(others, absent), without)


def _best(scores: Sequence[float]) -> int:
    """The first of the best."""
    return scores.index(max(scores))
