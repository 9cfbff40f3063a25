"""What a search's entries say of its trials: the last score of each, the best so far, counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.search.entry import Entry


@dataclass(frozen=True)
class Counts:
    """Numbers of trials.

    Attributes:
        trials: All.
        scored: With a score at any budget.
        failed: That broke at some budget.
        rejected: Refused before any training.
    """

    trials: int
    scored: int
    failed: int
    rejected: int

    def text(self) -> str:
        """One line for people."""
        parts = [f"{self.scored} scored"]
        parts += [f"{self.failed} failed"] if self.failed else []
        parts += [f"{self.rejected} rejected before training"] if self.rejected else []
        trials = "1 trial" if self.trials == 1 else f"{self.trials} trials"
        return f"{trials}: {', '.join(parts)}"


@dataclass(frozen=True)
class Step:
    """A new best score.

    Attributes:
        at: Where on the horizontal axis.
        score: The score.
    """

    at: float
    score: float


def count(entries: Iterable[Entry]) -> Counts:
    """Numbers of trials by what came of them; one that failed late counts as scored too."""
    found: dict[str, set[int]] = {"done": set(), "failed": set(), "rejected": set()}
    for entry in entries:
        found[entry.outcome].add(entry.trial)
    trials = len(set().union(*found.values()))
    return Counts(trials, len(found["done"]), len(found["failed"]), len(found["rejected"]))


def last_scored(entries: Iterable[Entry]) -> list[Entry]:
    """Each trial at the largest budget that it was scored on, in the order of the trials."""
    last: dict[int, Entry] = {}
    for entry in entries:
        known = last.get(entry.trial)
        if entry.score is not None and (known is None or entry.budget > known.budget):
            last[entry.trial] = entry
    return [last[trial] for trial in sorted(last)]


def score_of(entry: Entry) -> float:
    """The score of an entry that has one.

    Raises:
        ValueError: If it has none.
    """
    if entry.score is None:
        raise ValueError(f"trial {entry.trial} has no score at {entry.budget} steps")
    return entry.score


def default_of(entries: Iterable[Entry]) -> Entry | None:
    """The trial of the space's defaults where it was trained longest; None without a score."""
    scored = (entry for entry in entries if entry.source == "default")
    return max(last_scored(scored), key=lambda entry: entry.budget, default=None)


def best_so_far(points: Iterable[tuple[float, float]]) -> list[Step]:
    """The points (where, score) that are better than all before them, in their order."""
    steps: list[Step] = []
    for at, score in sorted(points, key=lambda point: point[0]):
        if not steps or score > steps[-1].score:
            steps.append(Step(at, score))
    return steps


def minutes_of(entries: Sequence[Entry]) -> list[float]:
    """Time of all workers up to and with each entry, in the ledger's order."""
    total, found = 0.0, []
    for entry in entries:
        total += entry.cost.seconds
        found.append(total / 60)
    return found


def budget_text(budget: int, budgets: Sequence[int]) -> str:
    """A budget for people."""
    full = ", the full training" if budget == budgets[-1] and len(budgets) > 1 else ""
    return f"{budget:,} steps{full}"
