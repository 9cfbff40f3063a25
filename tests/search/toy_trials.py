"""Trials that take no time, for searches with many workers; other processes import them."""

from __future__ import annotations

import math
import os
import sys
import time
from pathlib import Path
from typing import Any, Literal, cast

from pipeline.config.search import Search
from pipeline.search.driver import Checked, Driver
from pipeline.search.ledger import open_ledger
from pipeline.search.space_file import read_space
from pipeline.search.study import Study, key_of
from pipeline.workers.opening import open_workers

SPACE = """
dimensions:
  network.width: {choice: [4, 8, 16], default: 16}
  train.rate: {loguniform: [1.0e-3, 1.0e-1], default: 4.0e-3}
"""
STUCK = 3
"""Number of the trial whose first attempt never ends."""
Backend = Literal["inline", "pool", "dask"]


def trial(argument: dict[str, Any]) -> dict[str, Any]:
    """Best at a rate of 0.01; each attempt leaves its process's number in a file."""
    begun = Path(argument["folder"]) / f"{argument['number']}-{argument['budget']}"
    with begun.open("a") as file:
        file.write(f"{os.getpid()}\n")
    attempts = len(begun.read_text().splitlines())
    if argument["stuck"] and argument["number"] == STUCK and attempts == 1:
        time.sleep(600)
    score = 0.5 - 0.2 * (math.log10(argument["params"]["train.rate"]) + 2) ** 2
    return {
        "outcome": "done",
        "score": score + 0.001 * argument["budget"],
        "loss": 1.0,
        "folds": [score],
        "classes": {"1": score},
        "seconds": 0.1,
        "peak_bytes": 1,
    }


def search(folder: Path, backend: Backend, workers: int, trials: int, stuck: bool) -> str:
    """A search whose ledger, space and attempts lie in a folder."""
    space = folder / "space.yaml"
    space.write_text(SPACE)
    (folder / "begun").mkdir(exist_ok=True)
    settings = Search(trials=trials, startup=4)
    study = Study(read_space(space), settings, settings.budgets(90), "ground", "code", 0, key_of)
    with open_workers(trial, backend, workers) as pool:
        driver = Driver(
            study,
            open_ledger(folder / "ledger.jsonl"),
            pool,
            lambda _params: Checked(None, 1, 1),
            lambda number, params, budget: {
                "number": number,
                "params": dict(params),
                "budget": budget,
                "folder": str(folder / "begun"),
                "stuck": stuck,
            },
        )
        return driver.run()


if __name__ == "__main__":
    search(Path(sys.argv[1]), cast(Backend, sys.argv[2]), int(sys.argv[3]), 16, stuck=True)
