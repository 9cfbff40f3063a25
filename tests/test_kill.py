"""Killed at any moment, the same command finishes with the results of an uninterrupted run."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.chain import CHAIN
from tests.chain_project import environment, make_project

pytestmark = pytest.mark.slow

ALL_STAGES = """
import importlib, sys
from pathlib import Path
from pipeline.chain import CHAIN
from pipeline.config import load_config
from pipeline.stages.job import open_job
modules = [importlib.import_module(row.module) for row in CHAIN]
job = open_job(load_config(Path("configs/tiny.yaml")), sys.argv[1])
print("started", flush=True)
for module in modules:
    module.run(job)
"""
KILLS = 12


def _start(folder: Path, run: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", ALL_STAGES, run],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    return process


def _finished(folder: Path, run: str) -> set[str]:
    """Items that are in place."""
    found = (folder / "data" / "runs" / run).glob("*/*/item.json")
    return {str(path.parent) for path in found if not path.parent.name.startswith(".tmp-")}


def _made(folder: Path, run: str) -> dict[str, int]:
    return {name: (Path(name) / "item.json").stat().st_mtime_ns for name in _finished(folder, run)}


def _keys(folder: Path, run: str) -> dict[str, dict[str, str]]:
    """Key of every item of every stage: what it was made from."""
    found = {}
    for row in CHAIN:
        manifest = json.loads((folder / "data/runs" / run / row.name / "manifest.json").read_text())
        found[row.name] = {name: entry["key"] for name, entry in manifest["items"].items()}
    return found


def test_killed_chain_ends_like_an_uninterrupted_one(tmp_path: Path) -> None:
    folder = make_project(tmp_path, train_places=2, test_places=1)
    started = time.monotonic()
    whole = _start(folder, "whole")
    assert whole.wait() == 0
    length = time.monotonic() - started

    dice = random.Random(5)
    for _ in range(KILLS):
        before = _made(folder, "killed")
        process = _start(folder, "killed")
        time.sleep(dice.uniform(0, length / 4))
        process.send_signal(signal.SIGKILL)
        process.wait()
        after = _made(folder, "killed")
        assert {name: after.get(name) for name in before} == before, "finished work was redone"
    last = _start(folder, "killed")
    assert last.wait() == 0

    assert _keys(folder, "killed") == _keys(folder, "whole")
    for name in ("submission/submission.csv", "score/score.json"):
        one, two = (folder / "data" / "runs" / run / name for run in ("whole", "killed"))
        assert one.read_bytes() == two.read_bytes()
    assert not list((folder / "data" / "runs" / "killed").glob("*/.tmp-*"))
