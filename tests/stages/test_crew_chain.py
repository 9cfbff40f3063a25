"""Predictions and polygons of a small run: by one process, by two, and by Dask with one killed."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest
import torch

from pipeline.config import Config
from pipeline.stages import evaluate, polygons, predict
from pipeline.stages.job import Job
from tests.stages import fake_run
from tests.stages.test_crew import bytes_of
from tests.workers.toy import until

pytestmark = pytest.mark.slow
STAGES = ("predict", "evaluate", "polygons")
SIDE = 140


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Job]:
    """A run before `predict`; each of its scenes takes a network a second or so."""
    scenes = (*fake_run.LABELLED, *fake_run.TEST)
    for number, scene in enumerate(scenes):
        monkeypatch.setitem(fake_run.SHAPES, scene, (SIDE, SIDE + number))
    before = torch.get_num_threads()
    yield fake_run.make_run(tmp_path / "one")
    torch.set_num_threads(before)


def chain(job: Job, name: str, **work: Any) -> Path:
    """The same run elsewhere, gone on with up to polygons."""
    run = job.run.parent.parent / name / "run"
    shutil.copytree(job.run, run)
    tree = job.config.model_dump()
    mine = replace(job, config=Config.model_validate({**tree, "work": work}), run=run)
    for stage in (predict, evaluate, polygons):
        stage.run(mine)
    return run


def kill_one_at_work(predicting: Path, killed: list[int]) -> threading.Thread:
    """Kill one of two workers when both have begun a scene."""

    def kill() -> None:
        until(lambda: len(list(predicting.glob(".tmp-scene-*"))) == 2)
        time.sleep(0.1)
        children = psutil.Process().children(recursive=True)
        workers = [c for c in children if any("spawn_main" in part for part in c.cmdline())]
        busy = max(workers, key=lambda child: sum(child.cpu_times()[:2]))
        killed.append(busy.pid)
        os.kill(busy.pid, signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    return thread


def test_all_files_are_the_same_whoever_makes_them(
    job: Job, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.set_num_threads(3)
    one = chain(job, "inline", backend="inline")
    files = {stage: bytes_of(one / stage) for stage in STAGES}
    assert sum(name.endswith("probability.tif") for name in files["predict"]) == 5
    outlines = [text for name, text in files["polygons"].items() if name.endswith(".geojson")]
    assert sum(map(len, outlines)) > 10_000, "scenes without polygons prove nothing"
    pool = chain(job, "pool", backend="pool", workers=2)
    assert {stage: bytes_of(pool / stage) for stage in STAGES} == files
    killed: list[int] = []
    thread = kill_one_at_work(tmp_path / "dask" / "run" / "predict", killed)
    capsys.readouterr()
    cluster = chain(job, "dask", backend="dask", workers=2)
    thread.join()
    assert killed
    assert "runs again" in capsys.readouterr().err
    assert {stage: bytes_of(cluster / stage) for stage in STAGES} == files
