"""Why a patch is right or wrong, in words that its picture bears out.

Each rule measures, in most cases, which part of the wrong ground it explains; it holds if that is
its limit or more. Of those that hold the first two of different kinds are told: the table stands
in the order of how much they tell.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from pipeline.reporting.report.patch_facts import Mask, Patch
from pipeline.reporting.report.patch_words import area_text, percent

_EDGE: Final = 2
"""Pixels on each side of an outline that count as the outline."""
_BORDER: Final = 5
"""Pixels along the scene's border, where a network sees little of what lies around."""
_TINY: Final = 9
"""Pixels of an object that is hardly seen."""
_FAINT: Final = 1.0
"""Standard deviations of the surroundings below which people see little contrast."""
_SURE: Final = 0.8
_NEAR: Final = 0.15
"""What a probability lies off its threshold at most to be called near."""


@dataclass(frozen=True)
class Rule:
    """A reason.

    Attributes:
        name: Its name.
        kind: Of several reasons of one kind one is told.
        measure: A number of a patch, 0 to 1.
        limit: The least number at which it holds.
        words: What is told, without a full stop.
    """

    name: str
    kind: str
    measure: Callable[[Patch], float]
    limit: float
    words: Callable[[Patch], str]


def _shift_words(patch: Patch) -> str:
    row, col, jaccard = patch.shift
    steps = ((row, "down" if row > 0 else "up"), (col, "right" if col > 0 else "left"))
    ways = [f"{abs(step)} {way}" for step, way in steps if step]
    metres = float(np.hypot(row, col)) * patch.metres
    return (
        f"shifted by {' and '.join(ways)} pixels ({metres:.2g} m): moved back, its Jaccard index "
        f"would be {jaccard:.2f}"
    )


def _outline(patch: Patch) -> float:
    """Part of the error at the outlines, where most of the ground is found; else 0."""
    known = int((patch.true & patch.said).sum()) >= 0.5 * max(int(patch.true.sum()), 1)
    return patch.share(patch.near_outline(_EDGE)) if known else 0.0


def _tiny_words(patch: Patch) -> str:
    pixels = float(np.median(patch.objects[1]))
    return (
        f"tiny objects: half of them take {area_text(patch.area(pixels))} or less, "
        f"{pixels:.0f} pixels"
    )


def _taken(patch: Patch) -> tuple[str, float]:
    """The class that missed ground is wrongly said to be, and its part of that ground."""
    return patch.other(patch.found & ~patch.truth, patch.missed)


def _truly(patch: Patch) -> tuple[str, float]:
    """The class that false ground truly is, and its part of that ground."""
    return patch.other(patch.truth, patch.false)


def _below(patch: Patch) -> float:
    return patch.share(patch.missed & (patch.probability < patch.threshold))


def _nobodys(patch: Patch) -> Mask:
    """(h, w) false ground that the networks are sure of and that is of no class."""
    ground: Mask = patch.false & (patch.probability >= _SURE) & ~patch.truth.any(axis=0)
    return ground


def _part(ground: Mask, whole: Mask) -> str:
    return percent(int(ground.sum()) / max(int(whole.sum()), 1))


def _near(patch: Patch) -> float:
    """The false part of the error, where its mean probability is near the threshold; else 0."""
    near = abs(patch.mean(patch.false) - patch.threshold) < _NEAR
    return patch.share(patch.false) if near else 0.0


def _odds(patch: Patch, ground: Mask) -> str:
    return f"{patch.mean(ground):.2f} on average, threshold {patch.threshold:.2f}"


RULES: Final = (
    Rule(
        "never",
        "threshold",
        lambda patch: float(patch.threshold > 1),
        1.0,
        lambda _: "no threshold was worth it, so the class is predicted nowhere",
    ),
    Rule(
        "no data",
        "imagery",
        lambda patch: 1 - float(patch.valid.mean()),
        0.25,
        lambda patch: f"of {percent(1 - float(patch.valid.mean()))} of the patch nothing is known",
    ),
    Rule(
        "border",
        "place",
        lambda patch: patch.share(patch.near_border(_BORDER)),
        0.5,
        lambda patch: (
            f"cut by the scene's border: {percent(patch.share(patch.near_border(_BORDER)))} of "
            f"the error lies within {_BORDER} pixels of it"
        ),
    ),
    Rule(
        "taken for another",
        "other class",
        lambda patch: _taken(patch)[1] * patch.share(patch.missed),
        0.3,
        lambda patch: "{1} of the missed ground was taken for {0}".format(*_named(_taken(patch))),
    ),
    Rule(
        "truly another",
        "other class",
        lambda patch: _truly(patch)[1] * patch.share(patch.false),
        0.3,
        lambda patch: "{1} of the false ground is truly {0}".format(*_named(_truly(patch))),
    ),
    Rule("shifted", "shape", lambda patch: patch.shift_gain, 0.3, _shift_words),
    Rule(
        "merged",
        "shape",
        lambda patch: patch.share(patch.merged.between),
        0.3,
        lambda patch: f"{patch.merged.parts} objects were found as {patch.merged.wholes}",
    ),
    Rule(
        "split",
        "shape",
        lambda patch: patch.share(patch.split.between),
        0.3,
        lambda patch: f"{_objects(patch.split.wholes)} found in {patch.split.parts} parts",
    ),
    Rule(
        "outline",
        "shape",
        _outline,
        0.8,
        lambda patch: (
            f"the outline only: {percent(_outline(patch))} of the error lies within {_EDGE} "
            "pixels of it"
        ),
    ),
    Rule("tiny", "size", lambda patch: patch.share(patch.of_size(_TINY)), 0.3, _tiny_words),
    Rule(
        "faint",
        "imagery",
        lambda patch: patch.share(patch.missed) if patch.contrast < _FAINT else 0.0,
        0.5,
        lambda patch: (
            "low contrast: half of what was missed differs from its surroundings by less than "
            f"{patch.contrast:.1f} of their spread"
        ),
    ),
    Rule(
        "thin",
        "size",
        lambda patch: patch.share(patch.missed & patch.thin),
        0.5,
        lambda patch: f"thin: less than {area_text(3 * patch.metres, 'm')} or 3 pixels wide",
    ),
    Rule(
        "taken away",
        "probability",
        lambda patch: patch.share(patch.taken_away),
        0.3,
        lambda patch: (
            "cleaning, a rule or a smooth outline took away "
            f"{_part(patch.taken_away, patch.missed)} of what was missed: probability there "
            f"{_odds(patch, patch.taken_away)}"
        ),
    ),
    Rule(
        "added",
        "probability",
        lambda patch: patch.share(patch.added),
        0.3,
        lambda patch: (
            "cleaning, a rule or a smooth outline added "
            f"{_part(patch.added, patch.false)} of what is false: probability there "
            f"{_odds(patch, patch.added)}"
        ),
    ),
    Rule(
        "of no class",
        "probability",
        lambda patch: patch.share(_nobodys(patch)),
        0.4,
        lambda patch: (
            "is a label missing? The networks are sure of ground that is of no class: probability "
            f"{_odds(patch, _nobodys(patch))}"
        ),
    ),
    Rule(
        "near the threshold",
        "probability",
        _near,
        0.4,
        lambda patch: f"a near thing: probability of what is false {_odds(patch, patch.false)}",
    ),
    Rule(
        "unseen",
        "probability",
        _below,
        0.3,
        lambda patch: f"probability of what was missed {_odds(patch, patch.missed)}",
    ),
)


def reasons(patch: Patch, most: int = 2) -> list[Rule]:
    """Up to so many rules that hold for a patch, those that tell most first."""
    told: list[Rule] = []
    for rule in RULES:
        if rule.kind not in {other.kind for other in told} and rule.measure(patch) >= rule.limit:
            told.append(rule)
        if len(told) == most:
            break
    return told


def reasons_text(patch: Patch, most: int = 2) -> str:
    """Why, in up to so many sentences; empty where nothing tells."""
    words = (rule.words(patch) for rule in reasons(patch, most))
    return " ".join(f"{text[0].upper()}{text[1:]}." for text in words)


def _named(other: tuple[str, float]) -> tuple[str, str]:
    return other[0], percent(other[1])


def _objects(count: int) -> str:
    return "1 object was" if count == 1 else f"{count} objects were"
