"""A run's score as its stages wrote it down, checked: other runs' folders hold anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import Field, FiniteFloat, TypeAdapter, ValidationError

Of = Literal["solution", "held-out", "labels", "pixels"]
"""What was scored: polygons against a solution, against held-out labels or labels that another
run's networks never saw; or pixels of held-out scenes, before there are polygons."""
Count = Annotated[int, Field(ge=0)]
Area = Annotated[FiniteFloat, Field(ge=0)]
Share = Annotated[FiniteFloat, Field(ge=0, le=1)]
Interval = tuple[Share, Share]


@dataclass(frozen=True)
class Objects:
    """Objects of a countable class, matched one to one."""

    tp: Count
    fp: Count
    fn: Count
    precision: Share | None
    recall: Share | None
    f1: Share | None


@dataclass(frozen=True)
class ClassScore:
    """Score of a class; areas in square map units, or pixels."""

    name: str
    jaccard: Share | None
    interval: Interval
    tp: Area
    fp: Area
    fn: Area
    objects: Objects | None = None

    @property
    def shares(self) -> tuple[float, float, float] | None:
        """TP, FP and FN in percent of their sum; None if nothing is true and nothing predicted."""
        union = self.tp + self.fp + self.fn
        if not union:
            return None
        return 100 * self.tp / union, 100 * self.fp / union, 100 * self.fn / union


@dataclass(frozen=True)
class Scores:
    """All of a score.

    Attributes:
        of: What was scored.
        mean_jaccard: Mean over the classes.
        interval: Its 90% interval over scenes.
        absent: What a class counts that is nowhere.
        scenes: Ids of the scenes that were scored.
        classes: By code.
    """

    of: Of
    mean_jaccard: Share
    interval: Interval
    absent: str
    scenes: frozenset[str]
    classes: dict[int, ClassScore]

    def comparable(self, other: Scores) -> bool:
        """Whether both say the same thing of the same scenes and classes."""
        return self._ground == other._ground

    @property
    def _ground(self) -> tuple[object, ...]:
        return self.of, self.absent, self.scenes, frozenset(self.classes)


@dataclass(frozen=True)
class ScoredRun:
    """A run and its score."""

    name: str
    scores: Scores


_SCORES: Final = TypeAdapter(Scores)


def polygon_scores(record: Any) -> Scores | None:
    """What ``score.json`` holds; None if that is no score."""
    try:
        return _SCORES.validate_python(record)
    except ValidationError:
        return None


def pixel_scores(record: Any) -> Scores | None:
    """Cross-fitted scores of what ``evaluate`` writes as ``scores.json``; None if it is none."""
    try:
        values = {
            "of": "pixels",
            "mean_jaccard": record["cross_validated_mean_jaccard"],
            "interval": record["interval"],
            "absent": record["absent"],
            "scenes": [scene for fold in record["folds"].values() for scene in fold["scenes"]],
            "classes": {code: _class_values(row) for code, row in record["classes"].items()},
        }
    except (KeyError, TypeError, AttributeError):
        return None
    return polygon_scores(values)


def _class_values(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": row["name"], "interval": row["interval"], **row["cross_fitted"]}
