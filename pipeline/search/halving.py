"""Asynchronous successive halving: which trial goes on, and what the estimators are told.

Every trial starts on the smallest budget. Whenever a worker is free, a trial that is among the
best 1/eta of its rung and has not gone on yet continues on the next budget; if there is none, a new
trial begins (Li et al., 2020, "A System for Massively Parallel Hyperparameter Tuning", section 3).
No worker ever waits for a rung to fill, and the search can end at any moment.

All functions are pure: what comes next depends on the entries and the trials that run alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence

from pipeline.search.entry import Entry, Params

Place = tuple[int, int]
"""A trial's number and a budget."""


def at_budget(entries: Iterable[Entry], budget: int) -> list[Entry]:
    """Entries of a budget that began, the best first; those that broke come last."""
    begun = [e for e in entries if e.budget == budget and e.outcome != "rejected"]
    return sorted(begun, key=rank)


def rank(entry: Entry) -> tuple[float, int]:
    """Sorts entries of one budget, the best first and of equal ones the earlier."""
    return (float("inf") if entry.score is None else -entry.score, entry.trial)


def best(entries: Iterable[Entry], budgets: Sequence[int]) -> Entry | None:
    """The best entry of the largest budget that anything was scored on."""
    known = list(entries)
    for budget in reversed(budgets):
        scored = [entry for entry in at_budget(known, budget) if entry.score is not None]
        if scored:
            return scored[0]
    return None


def leaders(entries: Iterable[Entry], budgets: Sequence[int], count: int) -> list[Entry]:
    """The best trials, each at the largest budget that it has reached: larger budgets first."""
    found: dict[int, Entry] = {}
    known = list(entries)
    for budget in reversed(budgets):
        for entry in at_budget(known, budget):
            if entry.score is not None and entry.trial not in found:
                found[entry.trial] = entry
    return list(found.values())[:count]


def promotions(
    entries: Sequence[Entry], running: Collection[Place], budgets: Sequence[int], eta: int
) -> list[Place]:
    """Trials that have earned to continue, each with its next budget; the first should.

    Larger budgets come first, so that what is nearly known is known soon, and in a rung the best.

    Args:
        entries: What is known.
        running: What is being worked on.
        budgets: Steps of each rung, smallest first.
        eta: One of so many trials of a rung goes on.
    """
    found: list[Place] = []
    for small, large in _steps_up(budgets):
        rung = at_budget(entries, small)
        found += _not_beyond(rung[: len(rung) // eta], entries, running, large)
    return found


def last_steps(
    entries: Sequence[Entry], running: Collection[Place], budgets: Sequence[int]
) -> list[Place]:
    """What brings a search that ends soon to at least one full training, the best way first.

    The best trials of the largest budget that was reached continue; none where a full training is
    done or runs.
    """
    full = budgets[-1]
    scored = (entry.budget for entry in entries if entry.score is not None)
    if full in scored or any(budget == full for _, budget in running):
        return []
    return [
        place
        for small, large in _steps_up(budgets)
        for place in _not_beyond(at_budget(entries, small), entries, running, large)
    ]


def observations(entries: Sequence[Entry]) -> list[tuple[Params, float | None]]:
    """What the estimators are told: parameters, and the share of other trials that a trial beats.

    Two trials are compared on the largest budget that both have reached, so scores of different
    budgets never meet, and trials that stayed behind still count as the worse ones they are. To
    tell scores of one budget alone would do one or the other: forget on a large budget what was
    bad on a small one, or forget on a small one what was learned on a large one. TPE sorts what it
    is told and uses no values. Trials that broke or were refused have no share. The order is that
    of the trials' numbers.
    """
    params = {entry.trial: entry.params for entry in entries}
    bad = {entry.trial for entry in entries if entry.outcome != "done"}
    scores: dict[int, dict[int, float]] = {}
    for entry in entries:
        if entry.score is not None and entry.trial not in bad:
            scores.setdefault(entry.trial, {})[entry.budget] = entry.score
    shares = {trial: _share_beaten(trial, scores) for trial in scores}
    return [(params[trial], shares.get(trial)) for trial in sorted(params)]


def _share_beaten(trial: int, scores: Mapping[int, Mapping[int, float]]) -> float:
    """Share of the other trials that a trial beats; half of those that it equals."""
    own = scores[trial]
    wins = [
        _beats(own[common], other[common])
        for number, other in scores.items()
        if number != trial and (common := max(own.keys() & other.keys(), default=0))
    ]
    return sum(wins) / len(wins) if wins else 0.5


def _beats(one: float, other: float) -> float:
    return 0.5 if one == other else float(one > other)


def seconds_per_step(entries: Iterable[Entry]) -> Mapping[int, float]:
    """Time that a step of each trial has taken, over all its rungs."""
    seconds: dict[int, float] = {}
    steps: dict[int, int] = {}
    for entry in entries:
        if entry.outcome == "done":
            seconds[entry.trial] = seconds.get(entry.trial, 0.0) + entry.cost.seconds
            steps[entry.trial] = max(steps.get(entry.trial, 0), entry.budget)
    return {trial: seconds[trial] / steps[trial] for trial in seconds}


def _steps_up(budgets: Sequence[int]) -> list[tuple[int, int]]:
    """Each budget with the next one, the largest first."""
    return list(itertools.pairwise(budgets))[::-1]


def _not_beyond(
    rung: Sequence[Entry], entries: Sequence[Entry], running: Collection[Place], large: int
) -> list[Place]:
    """The scored ones of some entries whose trial is not on the larger budget yet."""
    beyond = {entry.trial for entry in entries if entry.budget == large}
    return [
        (entry.trial, large)
        for entry in rung
        if entry.score is not None
        and entry.trial not in beyond
        and (entry.trial, large) not in running
    ]
