"""Searches with many workers: a killed worker or driver loses no trial."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest

from pipeline.search.ledger import read_ledger
from tests.search.toy_trials import STUCK, Backend, search
from tests.workers.toy import is_alive, until

TRIALS = 16


def _begun(folder: Path) -> list[int]:
    path = folder / "begun" / f"{STUCK}-10"
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def _check(folder: Path) -> None:
    """Every trial is there once per budget, and halving went to the end."""
    entries = read_ledger(folder / "ledger.jsonl")
    places = Counter((e.trial, e.budget) for e in entries)
    assert set(places.values()) == {1}
    assert {e.trial for e in entries} == set(range(TRIALS))
    assert all(e.outcome == "done" for e in entries)
    counts = [sum(e.budget == budget for e in entries) for budget in (10, 30, 90)]
    assert counts[0] == TRIALS
    assert counts[1] >= TRIALS // 3
    assert counts[2] >= 1


@pytest.mark.slow
@pytest.mark.parametrize(("backend", "workers"), [("pool", 4), ("dask", 2)])
def test_a_killed_worker_loses_no_trial(tmp_path: Path, backend: Backend, workers: int) -> None:
    def kill() -> None:
        until(lambda: bool(_begun(tmp_path)), 60)
        os.kill(_begun(tmp_path)[0], signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    assert search(tmp_path, backend, workers, TRIALS, stuck=True) == "16 trials"
    killer.join()
    assert len(_begun(tmp_path)) == 2, "it ran again"
    _check(tmp_path)


@pytest.mark.slow
def test_a_killed_driver_leaves_no_worker_and_goes_on(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.search.toy_trials", str(tmp_path), "pool", "2"]
    process = subprocess.Popen(command)
    until(lambda: bool(_begun(tmp_path)), 60)
    ledger = tmp_path / "ledger.jsonl"
    until(lambda: ledger.exists() and ledger.read_text().count("\n") >= 3, 60)
    process.send_signal(signal.SIGKILL)
    process.wait()
    until(lambda: not is_alive(_begun(tmp_path)[0]))
    before = read_ledger(ledger)
    assert STUCK not in {e.trial for e in before}
    assert search(tmp_path, "pool", 2, TRIALS, stuck=False) == "16 trials"
    entries = read_ledger(ledger)
    assert entries[: len(before)] == before
    assert max(Counter((e.trial, e.budget) for e in entries).values()) == 1
    assert len({e.trial for e in entries}) == TRIALS
