"""One line of a search's ledger: a trial at one budget, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

Params = Mapping[str, Any]
"""Values by name of a dimension, as JSON holds them; dimensions that don't apply are not there."""

Outcome = Literal["done", "failed", "rejected"]
"""Scored; began and broke; or refused before any training."""

Source = Literal["default", "warm", "proposed"]
"""Who thought of a trial: the space's defaults, another ledger, or the search's method."""


@dataclass(frozen=True)
class Cost:
    """What an entry took: it differs from run to run, and decides nothing but when to stop.

    Attributes:
        seconds: Time of its worker, of this rung alone.
        peak_bytes: Largest memory of its worker's process, so far.
        finished: When it ended, ISO 8601 in UTC.
    """

    seconds: float
    peak_bytes: int
    finished: str


@dataclass(frozen=True)
class Point:
    """The end of a rung in a trial's history.

    Attributes:
        step: Steps of each training so far.
        loss: Mean loss of all steps so far, and over the trainings.
        score: The trial's score here.
    """

    step: int
    loss: float
    score: float


@dataclass(frozen=True)
class Entry:
    """A trial at one budget.

    Attributes:
        trial: Number of the trial, counted from 0 in the order of proposals.
        rung: Position of its budget among the search's budgets, 0 being the smallest.
        budget: Steps of each of its trainings so far, those of earlier rungs included.
        params: What was tried.
        meaning: Digest of the configuration that its values made; of the space, whose limits or
            rules refused it, where it was refused.
        source: Who thought of it.
        seed: Seed of its trainings.
        ground: Digest of all that its score depends on besides params, budget and code: scenes,
            folds, classes, the settings that are no dimensions.
        code: Version of the code that made it.
        outcome: What came of it.
        reason: Why there is no score; None where there is one.
        score: Mean Jaccard index of held-out ground, the larger the better; None without one.
        folds: The same of each fold that was held out.
        classes: Pooled Jaccard index by class code.
        history: One point per rung so far.
        parameters: Weights of its networks, one fold.
        multiply_adds: Products in one forward pass of one patch, of its networks together.
        cost: Time and memory.
    """

    trial: int
    rung: int
    budget: int
    params: Params
    meaning: str
    source: Source
    seed: int
    ground: str
    code: str
    outcome: Outcome
    reason: str | None
    score: float | None
    folds: tuple[float | None, ...]
    classes: Mapping[str, float | None]
    history: tuple[Point, ...]
    parameters: int | None
    multiply_adds: int | None
    cost: Cost

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """What :meth:`to_json` gave.

        Raises:
            TypeError: If a field is missing or unknown.
        """
        history = tuple(Point(**point) for point in values["history"])
        rest = {"history": history, "cost": Cost(**values["cost"]), "folds": tuple(values["folds"])}
        return cls(**{**values, **rest})
