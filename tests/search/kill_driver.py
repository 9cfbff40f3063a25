"""A program that does nothing but append to a ledger, and the entries that it appends."""

from __future__ import annotations

import resource
import sys
from dataclasses import replace
from pathlib import Path

from pipeline.errors import ArtifactError
from pipeline.search.entry import Cost, Entry, Point
from pipeline.search.ledger import open_ledger

FIRST = Entry(
    trial=0,
    rung=0,
    budget=40,
    params={"network.depth": 4, "train.rate": 0.004, "mixture": "even"},
    meaning="meaning",
    source="default",
    seed=0,
    ground="ground",
    code="code",
    outcome="done",
    reason=None,
    score=0.25,
    folds=(0.25, None),
    classes={"1": 0.25, "10": None},
    history=(Point(40, 0.7, 0.25),),
    parameters=1000,
    multiply_adds=2000000,
    cost=Cost(1.5, 123456789, "2030-01-01T00:00:00+00:00"),
)


def entry_of(trial: int) -> Entry:
    """Any trial's entry; long and short ones alternate."""
    failed = {"outcome": "failed", "reason": "out of memory " * (trial % 50), "score": None}
    entry = replace(FIRST, trial=trial, source="proposed")
    return replace(entry, **failed) if trial % 2 else entry  # type: ignore[arg-type]


def main(path: str, limit: str) -> None:
    """Append from where the ledger stands until the disk is full, or for ever."""
    ledger = open_ledger(Path(path))
    if int(limit):
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
    print("started", flush=True)  # noqa: T201 - to the test
    while True:
        before = list(ledger.entries)
        try:
            ledger.append(entry_of(len(before)))
        except ArtifactError as error:
            assert ledger.entries == before
            print(len(before), error)  # noqa: T201 - to the test
            return


if __name__ == "__main__":
    main(*sys.argv[1:])
