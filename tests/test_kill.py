"""Killed at any moment, the same command finishes with the results of an uninterrupted run."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from pipeline.chain import CHAIN, needed
from pipeline.files import TEMPORARY
from tests.chain_project import environment, link_project, make_project, tiny_config, write_config
from tests.forking import Forked, forked

pytestmark = pytest.mark.slow

ALL_STAGES = """
import importlib
from pathlib import Path
import torch._dynamo
from pipeline.chain import CHAIN, needed
from pipeline.config import load_config
from pipeline.stages.job import open_job
wanted = [row for row in CHAIN if row.name in needed("score")]
modules = [importlib.import_module(row.module) for row in wanted]
def work(run):
    job = open_job(load_config(Path("configs/tiny.yaml")), run)
    for module in modules:
        module.run(job)
"""
SCORED = [row for row in CHAIN if row.name in needed("score")]
TRIES = 20
TINY = ("--config", "configs/tiny.yaml", "--run")


def _command(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """A command as a user or Make starts it."""
    return subprocess.Popen(
        [sys.executable, "-m", "pipeline", *arguments],
        cwd=folder,
        env=environment(),
        stderr=subprocess.DEVNULL,
        text=True,
    )


def _ended(process: subprocess.Popen[str]) -> int:
    """Exit code of a process, when it has ended."""
    process.communicate()
    return process.returncode


def _kill(process: subprocess.Popen[str]) -> bool:
    """Kill a process; False if it had ended well before."""
    process.send_signal(signal.SIGKILL)
    code = _ended(process)
    assert code in (0, -signal.SIGKILL)
    return code != 0


def _wait_for(process: subprocess.Popen[str] | Forked, folder: Path, pattern: str) -> bool:
    """Wait until something of a pattern lies in a folder; False if the process ended before."""
    until = time.monotonic() + 120
    while not any(folder.glob(pattern)):
        assert time.monotonic() < until, f"{pattern} never came"
        if process.poll() is not None:
            return False
        time.sleep(0.001)
    return True


def _killed_within(
    start: Callable[[], subprocess.Popen[str]], folder: Path, pattern: str, made: Path
) -> None:
    """Kill a command while something half made lies in a folder.

    A command that was faster than the signal is tried again from nothing.

    Args:
        start: Starts the command.
        folder: Where it makes things.
        pattern: What is there while it is at work.
        made: What it leaves when it ends; removed before another try.
    """
    for _ in range(TRIES):
        process = start()
        _wait_for(process, folder, pattern)
        if _kill(process):
            return
        shutil.rmtree(made)
    pytest.fail(f"the command was never killed in {TRIES} tries")


def _finished(run: Path) -> dict[Path, int]:
    """Items that are in place, and when they were made."""
    found = run.glob("*/*/item.json")
    return {
        path.parent: path.stat().st_mtime_ns
        for path in found
        if not path.parent.name.startswith(TEMPORARY)
    }


def _keys(run: Path) -> dict[str, dict[str, str]]:
    """Key of every item of every stage: what it was made from."""
    found = {}
    for row in SCORED:
        manifest = json.loads((run / row.name / "manifest.json").read_text())
        found[row.name] = {name: entry["key"] for name, entry in manifest["items"].items()}
    return found


def _assert_same(one: Path, two: Path) -> None:
    assert _keys(one) == _keys(two)
    for name in ("submission/submission.csv", "score/score.json"):
        assert (one / name).read_bytes() == (two / name).read_bytes()
    for run in (one, two):
        assert not list(run.glob(f"*/{TEMPORARY}*"))
        assert not list(run.glob("*/.work/*"))


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project without runs."""
    return make_project(tmp_path_factory.mktemp("project"), train_places=2, test_places=1)


@pytest.fixture(scope="module")
def chain(empty: Path) -> Iterator[Forked]:
    """All stages of a run, in one process each time."""
    with forked(ALL_STAGES, empty) as process:
        yield process


@pytest.fixture(scope="module")
def project(empty: Path, chain: Forked) -> Path:
    """A project whose run "whole" was never interrupted."""
    chain.start("whole")
    assert chain.wait() == 0
    return empty


def test_killed_chain_ends_like_an_uninterrupted_one(project: Path, chain: Forked) -> None:
    """All stages in one process, killed a random moment after each of them was reached."""
    folder = project
    run = folder / "data" / "runs" / "killed"
    dice = random.Random(5)
    hit = set()
    for row in SCORED:
        for _ in range(3):
            shutil.rmtree(run / row.name, ignore_errors=True)
            before = _finished(run)
            chain.start("killed")
            _wait_for(chain, run / row.name, ".lock")
            time.sleep(dice.uniform(0, 0.1))
            killed = chain.kill()
            after = _finished(run)
            assert {name: after.get(name) for name in before} == before, "finished work was redone"
            if killed and not (run / row.name / "manifest.json").exists():
                hit.add(row.name)
                break
    assert len(hit) >= 4, f"killed at work: {hit}"
    chain.start("killed")
    assert chain.wait() == 0
    _assert_same(run, folder / "data" / "runs" / "whole")


def test_killed_commands_end_like_uninterrupted_ones(project: Path) -> None:
    """Each stage's own command, killed while an item of it is half made."""
    folder = project
    run = folder / "data" / "runs" / "commands"
    for row in SCORED:
        arguments = (row.name, *TINY, "commands")
        if row.name in ("scenes", "train", "submission"):
            stage = run / row.name
            _killed_within(partial(_command, folder, *arguments), stage, f"{TEMPORARY}*", stage)
            assert not (stage / "manifest.json").exists()
        assert _ended(_command(folder, *arguments)) == 0
    _assert_same(run, folder / "data" / "runs" / "whole")


def test_killed_generation_ends_like_an_uninterrupted_one(tmp_path: Path) -> None:
    link_project(tmp_path)
    sizes = {"train_places": 2, "test_places": 1, "twins": 0, "smallest": 48, "largest": 52}
    for name in ("killed", "whole"):
        write_config(tmp_path, tiny_config(f"data/raw/{name}") | {"generate": sizes})
        if name == "killed":
            raw = tmp_path / "data" / "raw"
            start = partial(_command, tmp_path, "prepare", *TINY, name)
            _killed_within(start, raw, f"{TEMPORARY}{name}/*/*", raw / name)
            assert not (raw / name).exists()
        assert _ended(_command(tmp_path, "prepare", *TINY, name)) == 0
    one, two = (
        {
            path.relative_to(tmp_path / "data" / "raw" / name): path.read_bytes()
            for path in (tmp_path / "data" / "raw" / name).rglob("*.*")
            if path.name != "item.json"
        }
        for name in ("killed", "whole")
    )
    assert one == two
    assert not list((tmp_path / "data" / "raw").glob(f"{TEMPORARY}*"))
