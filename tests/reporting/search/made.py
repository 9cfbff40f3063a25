"""Entries of a made-up search."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.reporting.search.axis import Axis
from pipeline.search.entry import Cost, Entry, Outcome, Source

BUDGETS = (100, 300, 900)
AXES = (
    Axis("network.kind", ("unet", "smp")),
    Axis("network.depth", ("3", "4", "5")),
    Axis("network.width"),
    Axis("train.rate", log=True),
    Axis("mixture", ("even", "focal_and_jaccard_with_a_boundary_term", "cross_entropy_only")),
    Axis("features.indices", ("[]", "ndvi + ndwi", "ndvi + evi + savi + ccci")),
    Axis("train.optimiser.momentum_of_running_statistics"),
    Axis("network.activation", ("relu", "elu", "silu", "gelu", "tanh", "leaky_relu", "sigmoid")),
)
NAMES = {"1": "buildings", "3": "roads"}


def entry(
    trial: int,
    rung: int = 0,
    score: float | None = 0.5,
    params: Mapping[str, Any] | None = None,
    outcome: Outcome = "done",
    source: Source | None = None,
    seconds: float = 60.0,
    reason: str | None = None,
    classes: Mapping[str, float | None] | None = None,
    budgets: Sequence[int] = BUDGETS,
) -> Entry:
    """An entry; trial 0 is the default, and only what is done has a score."""
    if outcome != "done":
        score, reason = None, reason or "out of memory"
    return Entry(
        trial=trial,
        rung=rung,
        budget=budgets[rung],
        params=params or {},
        meaning="meaning",
        source=source or ("default" if trial == 0 else "proposed"),
        seed=0,
        ground="ground",
        code="code",
        outcome=outcome,
        reason=reason,
        score=score,
        folds=(),
        classes=classes or {},
        history=(),
        parameters=1000 + trial,
        multiply_adds=2000,
        cost=Cost(seconds, 3 << 20, "2025-01-02T03:04:05+00:00"),
    )


def search(count: int, seed: int = 0, equal: bool = False) -> list[Entry]:
    """A search of ``count`` trials: one in ten is rejected, one in ten fails, a third goes on."""
    random_ = random.Random(seed)
    found: list[Entry] = []
    for trial in range(count):
        params = _params(random_)
        if trial % 10 == 7:
            found.append(entry(trial, params=params, outcome="rejected", seconds=0))
        elif trial % 10 == 8:
            found.append(entry(trial, params=params, outcome="failed", seconds=20))
        else:
            reached = 2 if trial == 0 else random_.choice((0, 0, 0, 1, 1, 2))
            score = 0.4 if equal else 0.3 + 0.05 * random_.random()
            for rung in range(reached + 1):
                grown = score if equal else score + 0.08 * rung
                scores = {"1": grown, "3": None if equal else grown / 2}
                found.append(entry(trial, rung, grown, params, seconds=30, classes=scores))
    return found


def _params(random_: random.Random) -> dict[str, Any]:
    kind = random_.choice(("unet", "smp"))
    params: dict[str, Any] = {"network.kind": kind}
    if kind == "unet":
        params |= {"network.depth": random_.choice((3, 4, 5))}
        params |= {"network.width": random_.randrange(8, 49, 8)}
    return params | {
        "train.rate": math.exp(random_.uniform(math.log(5e-4), math.log(2e-2))),
        "mixture": random_.choice(AXES[4].options or ()),
        "features.indices": random_.choice(([], ["ndvi", "ndwi"], ["ndvi", "evi", "savi", "ccci"])),
        "train.optimiser.momentum_of_running_statistics": random_.uniform(0.5, 0.99),
        "network.activation": random_.choice(AXES[7].options or ()),
    }
