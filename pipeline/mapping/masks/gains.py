"""What each step from levels to masks gains on held-out scenes, one after the other and alone.

A step is added to those before it, in the order in which they are done; and the whole is scored
without it. The first tells how the score came about, the second what would be lost.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, Final

import numpy as np

from pipeline.config.dataset import ClassRow
from pipeline.mapping.held_out import HeldOutScene
from pipeline.mapping.jaccard import Absent, Overlap, class_jaccard, mean_jaccard
from pipeline.mapping.masks.finishing import Finish, Masks, answers, settled
from pipeline.mapping.masks.postprocessing import Cleaning, object_mask
from pipeline.mapping.rules.spectral import IndexSource
from pipeline.mapping.thresholds import level_of
from pipeline.mapping.tracing.corners import Mask

Overlaps = tuple[Overlap, ...]
"""Of each class, pixels."""
_PLAIN: Final = Cleaning(level_of(0.5))
_STEPS: Final[Mapping[str, tuple[str, ...]]] = {
    "smoothing": ("smooth",),
    "median": ("median",),
    "thresholds": ("level",),
    "closing": ("closing",),
    "opening": ("opening",),
    "hysteresis": ("seed",),
    "holes": ("min_hole",),
    "small parts": ("min_area",),
}
"""Keys of a cleaning by the step that they belong to, in the order in which steps are done."""
START: Final = "0.5"


@dataclass(frozen=True)
class Step:
    """A step on the way from levels to masks.

    Attributes:
        name: What it does.
        until: It and all steps before it.
        without: All steps but it.
    """

    name: str
    until: Finish
    without: Finish


@dataclass(frozen=True)
class StepOverlaps:
    """Overlap of each class after a step with those before it, and with all others but it."""

    until: Overlaps
    without: Overlaps


def steps_of(finish: Finish, of: Sequence[Finish] | None = None) -> list[Step]:
    """The steps of what is done, in their order; the first does nothing but cut at 0.5.

    Args:
        finish: What is done in the end.
        of: What is done to each of several scenes: steps that none of them has are left out.
    """
    every = [cleaning for one in of or (finish,) for cleaning in one.cleanings]
    used = [
        name
        for name, keys in _STEPS.items()
        if any(getattr(cleaning, key) != getattr(_PLAIN, key) for cleaning in every for key in keys)
    ]
    rules = [row for row in finish.rules if row.on]
    steps = [Step(START, _with(finish, (), ()), finish)]
    for count, name in enumerate(used, 1):
        others = [other for other in used if other != name]
        steps.append(Step(name, _with(finish, used[:count], ()), _with(finish, others, rules)))
    for count, row in enumerate(rules, 1):
        until, without = rules[:count], [other for other in rules if other is not row]
        steps.append(
            Step(
                row.title,
                replace(finish, rules=tuple(until)),
                replace(finish, rules=tuple(without)),
            )
        )
    return steps


def _with(finish: Finish, names: Sequence[str], rules: Sequence[Any]) -> Finish:
    keys = [key for name in names for key in _STEPS[name]]
    cleanings = tuple(
        replace(_PLAIN, **{key: getattr(cleaning, key) for key in keys})
        for cleaning in finish.cleanings
    )
    return replace(finish, cleanings=cleanings, rules=tuple(rules))


def step_overlaps(
    scene: HeldOutScene, steps: Sequence[Step], index: IndexSource
) -> list[StepOverlaps]:
    """Overlap of each class of a scene at each step, pixels.

    Args:
        scene: The scene.
        steps: Its steps.
        index: Values of spectral indices, for rules that need them.
    """
    known: dict[tuple[int, Cleaning], Mask] = {}
    answered = answers(scene.levels)

    def cleaned(finish: Finish) -> Iterator[Mask]:
        for place, cleaning in enumerate(finish.cleanings):
            if (place, cleaning) not in known:
                known[place, cleaning] = object_mask(scene.levels[place], cleaning, scene.metres)
            yield known[place, cleaning]

    def overlaps(finish: Finish) -> Overlaps:
        masks = np.stack([*cleaned(finish)])
        return overlaps_of(settled(masks, finish, scene.metres, answered, index), scene)

    return [StepOverlaps(overlaps(step.until), overlaps(step.without)) for step in steps]


def overlaps_of(masks: Masks, scene: HeldOutScene) -> Overlaps:
    """Overlap of each class of masks (K, H, W) with the truth, valid pixels."""
    found = []
    for mask, truth in zip(masks & scene.valid, scene.truth & scene.valid, strict=True):
        both = int(np.count_nonzero(mask & truth))
        wrong, missed = int(np.count_nonzero(mask)) - both, int(np.count_nonzero(truth)) - both
        found.append(Overlap(both, wrong, missed))
    return tuple(found)


def pooled_overlaps(scenes: Sequence[Overlaps]) -> Overlaps:
    """Overlap of each class over scenes."""
    return tuple(reduce(Overlap.__add__, columns) for columns in zip(*scenes, strict=True))


def gains_record(
    names: Sequence[str],
    scenes: Sequence[Sequence[StepOverlaps]],
    classes: Sequence[ClassRow],
    absent: Absent,
) -> dict[str, Any]:
    """What ``gains.json`` holds.

    Args:
        names: Of the steps.
        scenes: Overlaps at each step, of each scene.
        classes: The K classes.
        absent: What a class counts that is nowhere.
    """
    columns = list(zip(*scenes, strict=True))
    until = [pooled_overlaps([scene.until for scene in column]) for column in columns]
    without = [pooled_overlaps([scene.without for scene in column]) for column in columns]
    means = [mean_jaccard(overlaps, absent) for overlaps in until]
    rows = [
        {
            "step": name,
            "mean": mean,
            "gain": mean - before,
            "share": means[-1] - mean_jaccard(others, absent),
            "classes": {
                str(row.code): class_jaccard(overlap, absent)
                for row, overlap in zip(classes, overlaps, strict=True)
            },
        }
        for name, mean, before, overlaps, others in zip(
            names, means, means[:1] + means[:-1], until, without, strict=True
        )
    ]
    return {"start": means[0], "end": means[-1], "scenes": len(scenes), "steps": rows}


_COLUMNS: Final = ("step", "mean", "gain", "share")


def gains_csv(record: Mapping[str, Any]) -> str:
    """What ``gains.csv`` holds: a row per step, with the Jaccard index of each class."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    codes = list(record["steps"][0]["classes"])
    table.writerow((*_COLUMNS, *(f"class {code}" for code in codes)))
    for row in record["steps"]:
        numbers = (*(row[key] for key in _COLUMNS[1:]), *(row["classes"][code] for code in codes))
        table.writerow((row["step"], *(_rounded(number) for number in numbers)))
    return text.getvalue()


def _rounded(number: float | None) -> float | str:
    return "" if number is None else round(number, 6)
