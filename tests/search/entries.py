"""Entries as tests need them: only what matters is named."""

from __future__ import annotations

from typing import Any

from pipeline.search.entry import Cost, Entry, Point


def entry(
    trial: int,
    budget: int,
    score: float | None = None,
    params: dict[str, Any] | None = None,
    seconds: float = 1.0,
    **changes: Any,
) -> Entry:
    """An entry of budgets 1, 3, 9; without a score it failed."""
    values: dict[str, Any] = {
        "trial": trial,
        "rung": {1: 0, 3: 1, 9: 2}.get(budget, 0),
        "budget": budget,
        "params": params if params is not None else {"x": trial},
        "meaning": "meaning",
        "source": "proposed",
        "seed": 0,
        "ground": "ground",
        "code": "code",
        "outcome": "failed" if score is None else "done",
        "reason": "broke" if score is None else None,
        "score": score,
        "folds": () if score is None else (score,),
        "classes": {} if score is None else {"1": score},
        "history": () if score is None else (Point(budget, 1.0, score),),
        "parameters": 10,
        "multiply_adds": 100,
        "cost": Cost(seconds, 1000, "2026-01-01T00:00:00+00:00"),
    }
    return Entry(**{**values, **changes})
