"""Stage train: weights, history and logs per fold; killed and continued; what retrains."""

from __future__ import annotations

import csv
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from pipeline.artifacts import load_stage
from pipeline.errors import ArtifactError, TrainingError
from pipeline.files import read_json
from pipeline.learning.weights import load_network
from pipeline.stages import augment, train
from pipeline.stages.job import Job
from tests.stages.tiled_run import LABELLED, tiled_job, write_tiled_run


@pytest.fixture
def job(tmp_path: Path) -> Job:
    made = write_tiled_run(tmp_path)
    augment.run(made)
    return made


def _built(job: Job) -> dict[str, int]:
    return {p.parent.name: p.stat().st_mtime_ns for p in (job.run / "train").glob("*/item.json")}


def _weights(job: Job, fold: int) -> dict[str, torch.Tensor]:
    return load_file(job.run / "train" / f"all-fold-{fold}" / "weights.safetensors")


def test_writes_all_that_a_fold_has(job: Job) -> None:
    train.run(job)
    items = load_stage(job.run / "train")
    assert sorted(items) == ["all-fold-0", "all-fold-1"]
    folder = items["all-fold-0"].folder
    assert load_network(folder)(torch.zeros(1, 3, 16, 16)).shape == (1, 2, 16, 16)
    text = items["all-fold-0"].path("history.csv").read_text()
    rows = list(csv.DictReader(text.splitlines()))
    assert [row["step"] for row in rows] == ["3", "6"]
    assert set(rows[0]) >= {"loss", "rate", "seconds", "mean_jaccard", "jaccard_3", "jaccard_7"}
    end = read_json(items["all-fold-0"].path("training.json"))
    assert end["stopped"] == "steps"
    assert end["device"] == "cpu, float32"
    assert 0 <= end["mean_jaccard"] <= 1
    assert any(name.startswith("tensorboard/events") for name in items["all-fold-0"].files)
    assert not any((job.run / "train" / ".work").iterdir())


@pytest.mark.slow
def test_learns_what_is_easy(job: Job, tmp_path: Path) -> None:
    easy = tiled_job(tmp_path, train={"steps": 250, "rate": 0.02, "batch": 4})
    train.run(easy)
    for fold in (0, 1):
        end = read_json(easy.run / "train" / f"all-fold-{fold}" / "training.json")
        assert end["mean_jaccard"] > 0.85


def test_same_run_same_weights_and_nothing_twice(job: Job, tmp_path: Path) -> None:
    train.run(job)
    before, weights = _built(job), _weights(job, 1)
    train.run(job)
    assert _built(job) == before
    other = write_tiled_run(tmp_path / "other")
    augment.run(other)
    train.run(other)
    again = _weights(other, 1)
    assert all(torch.equal(weights[name], again[name]) for name in weights)


@pytest.mark.parametrize(
    ("sections", "retrains"),
    [
        ({"train": {"rate": 0.01}}, True),
        ({"augment": {"d4": False}}, True),
        ({"augment": {"rare": 0.9}}, True),
        ({"predict": {"overlap": 0.1}}, False),
    ],
)
def test_only_what_matters_retrains(
    job: Job, tmp_path: Path, sections: dict[str, dict[str, object]], retrains: bool
) -> None:
    train.run(job)
    before = _built(job)
    changed = tiled_job(tmp_path, **sections)
    augment.run(changed)
    train.run(changed)
    assert (_built(job) != before) == retrains


def test_a_new_test_scene_or_new_file_times_retrain_nothing(job: Job, tmp_path: Path) -> None:
    train.run(job)
    before = _built(job)
    write_tiled_run(tmp_path, extra=("6050_0_0",))
    for path in (job.run / "tiles").rglob("*"):
        os.utime(path, (1, 1))
    augment.run(job)
    train.run(job)
    assert _built(job) == before


def test_folds_of_other_scenes_are_refused(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LABELLED, "6060_0_0", (20, 20))
    write_tiled_run(tmp_path)
    with pytest.raises(ArtifactError, match="run `augment` again"):
        train.run(job)


class _NoNumber(nn.Module):
    def forward(self, logits: Tensor, *_: Tensor) -> Tensor:
        return logits.mean() * math.nan


def test_diverged_training_names_the_fold_and_leaves_no_item(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train, "build_loss", lambda *_: _NoNumber())
    with pytest.raises(TrainingError, match=r"fold-0: the loss of step 0 is nan.*train\.rate"):
        train.run(job)
    assert not (job.run / "train" / "all-fold-0").exists()
    assert not (job.run / "train" / "manifest.json").exists()


SCRIPT = """
import sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from pipeline.learning import training
from pipeline.stages import train
from tests.stages.tiled_run import LABELLED, tiled_job
training.SAVE_SECONDS = 0.05
train.run(tiled_job(Path(sys.argv[1]), train={"steps": 240}))
"""


@pytest.mark.slow
def test_killed_again_and_again_ends_with_the_same_weights(tmp_path: Path) -> None:
    """SIGKILL at several moments of a training, of the process as a user starts it."""
    jobs = []
    for name in ("killed", "whole"):
        augment.run(write_tiled_run(tmp_path / name))
        jobs.append(tiled_job(tmp_path / name, train={"steps": 240}))
    killed, whole = jobs
    torch.set_num_threads(1)
    train.run(whole)
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "killed")]
    kills = 0
    for delay in (0.2, 0.6, 0.1):
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        _wait_for_checkpoint(process, killed.run / "train")
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        kills += process.wait() == -signal.SIGKILL
    assert kills >= 2
    assert subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode == 0
    for fold in (0, 1):
        one, other = _weights(killed, fold), _weights(whole, fold)
        assert all(torch.equal(one[name], other[name]) for name in one)


def _wait_for_checkpoint(process: subprocess.Popen[bytes], folder: Path) -> None:
    """Wait until a checkpoint is written that was not there before, or the process ends."""

    def newest() -> float:
        return max((p.stat().st_mtime for p in folder.glob(".work/*/last.checkpoint")), default=0)

    before = newest()
    while process.poll() is None:
        try:
            if newest() > before:
                return
        except FileNotFoundError:
            pass
        time.sleep(0.02)
