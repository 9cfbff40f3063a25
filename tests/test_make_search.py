"""`make search` and what it found, through Make as people use it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from pipeline.files import read_json
from pipeline.search.ledger import read_ledger
from tests.chain_project import make, make_project, tiny_config, write_config

SPACE = """
dimensions:
  network.width: {choice: [2, 4, 6], default: 4}
  train.rate: {loguniform: [1.0e-3, 1.0e-1], default: 4.0e-3}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_project(tmp_path_factory.mktemp("project"))
    (folder / "space.yaml").write_text(SPACE)
    search = {"space": "space.yaml", "rungs": 2, "eta": 2, "startup": 2}
    write_config(folder, {**tiny_config(), "search": search})
    return folder


@pytest.mark.slow
def test_search_goes_on_and_is_taken_over_by_train(project: Path) -> None:
    run = project / "data" / "runs" / "tiny"
    early = make(project, "train", "SET=search.use=best")
    assert early.returncode != 0
    assert "run `make search` with the same CONFIG and RUN first" in early.stderr
    first = make(project, "search", "TRIALS=2")
    assert first.returncode == 0, first.stderr
    ledger = run / "search" / "together.jsonl"
    assert len({entry.trial for entry in read_ledger(ledger)}) == 2
    assert (run / "search" / "trials-together" / "progress.png").stat().st_size > 1000
    again = make(project, "search", "TRIALS=2")
    assert "nothing to do" in again.stderr
    more = make(project, "search", "TRIALS=3")
    assert more.returncode == 0, more.stderr
    assert len({entry.trial for entry in read_ledger(ledger)}) == 3
    trained = make(project, "train", "TRIALS=3", "SET=search.use=best")
    assert trained.returncode == 0, trained.stderr
    found = yaml.safe_load((run / "search" / "best.yaml").read_text())["models"][0]
    record = read_json(run / "train" / "all-fold-0" / "training.json")["settings"]
    assert record["network"]["width"] == found["network"]["width"]
    assert record["train"]["rate"] == found["train"]["rate"]
    assert record["train"]["steps"] == 6, "only what was searched is taken over"
    stored = (run / "search" / "manifest.json").stat().st_mtime_ns
    still = make(project, "search", "TRIALS=3")
    assert "nothing to do" in still.stderr, "taking it over makes no search old"
    assert (run / "search" / "manifest.json").stat().st_mtime_ns == stored


@pytest.mark.slow
def test_search_on_two_processes(project: Path) -> None:
    done = make(project, "search", "TRIALS=3", "WORKERS=2", "RUN=pool")
    assert done.returncode == 0, done.stderr
    entries = read_ledger(project / "data" / "runs" / "pool" / "search" / "together.jsonl")
    assert len({entry.trial for entry in entries}) == 3
    assert all(entry.outcome == "done" for entry in entries)
    best = yaml.safe_load((project / "data" / "runs" / "pool" / "search" / "best.yaml").read_text())
    assert best["models"][0]["name"] == "all"
