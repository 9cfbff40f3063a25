"""Stage train: weights, history and logs per fold; killed and continued; what retrains."""

from __future__ import annotations

import csv
import math
import os
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from pipeline.artifacts import StageFolder, load_stage
from pipeline.config import Config
from pipeline.config.models import Ensemble
from pipeline.errors import ArtifactError, TrainingError
from pipeline.files import read_json, write_json
from pipeline.learning.weights import load_network
from pipeline.stages import augment, train
from pipeline.stages.fold import Training
from pipeline.stages.job import Job
from tests.chain_project import ROOT
from tests.forking import Forked, forked
from tests.stages.tiled_run import CONFIG, LABELLED, tiled_job, write_tiled_run


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


@pytest.mark.parametrize(
    ("ends", "steps"),
    [
        ([(200, 0.5), (400, 0.1), (1000, 0)], 300),  # 1000 is the last step: nothing was chosen
        ([(200, 0.5), (1000, None), (1000, 0)], 200),
        ([(1000, 0), (600, None)], 800),
    ],
)
def test_steps_without_validation_follow_the_folds_that_chose(
    tmp_path: Path, ends: list[tuple[int, float | None]], steps: int
) -> None:
    def build(folder: Path, step: int, score: float | None) -> None:
        write_json(folder / "training.json", {"best_step": step, "mean_jaccard": score})

    wanted = [Training("all", fold) for fold in range(len(ends))]
    with StageFolder(tmp_path, "train", "test") as folder:
        for training, (step, score) in zip(wanted, ends, strict=True):
            folder.item(training.name, {}, partial(build, step=step, score=score))
        assert train._chosen_steps(folder.items, [*wanted, Training("all", None)]) == steps


def test_a_limit_at_the_top_is_shared_by_the_trainings_of_all_models(tmp_path: Path) -> None:
    def seconds(repeats: int, unlabelled: str, *own: float | None) -> list[float | None]:
        rows = [{"name": f"m{n}", "train": {} if m == 5 else {"minutes": m}} for n, m in _nth(own)]
        tree = {**CONFIG, "train": {**CONFIG["train"], "minutes": 5}, "models": rows}
        tree["ensemble"] = {"repeats": repeats, "unlabelled": unlabelled}
        job = Job(Config.model_validate(tree), tmp_path)
        return [train.seconds_of(job, row) for row in job.config.models]

    assert seconds(1, "folds", 5) == [300 / 2]  # two folds
    assert seconds(1, "folds", 5, 5) == [300 / 4] * 2
    assert seconds(2, "both", 5, 5) == [300 / 12] * 2  # two folds and one on all, each twice
    assert seconds(1, "folds", 5, 2, 5, None) == [300 / 4, 120 / 2, 300 / 4, None]


def _nth(values: Sequence[float | None]) -> list[tuple[int, float | None]]:
    return list(enumerate(values))


def test_another_share_of_the_time_trains_again(job: Job, tmp_path: Path) -> None:
    limited = tiled_job(tmp_path, train={"minutes": 60})
    train.run(limited)
    before = _built(limited)
    train.run(limited)
    assert _built(limited) == before
    twice = limited.config.model_copy(update={"ensemble": Ensemble(repeats=2)})
    train.run(Job(twice, limited.run))
    after = _built(limited)
    assert set(after) == {f"all-fold-{name}" for name in ("0", "1", "0.1", "1.1")}
    assert all(after[name] != time for name, time in before.items())


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


KILLED = """
from pathlib import Path
import torch._dynamo
torch.set_num_threads(1)
from pipeline.learning import training
from pipeline.stages import train
from tests.stages.tiled_run import tiled_job
training.SAVE_SECONDS = 0.05
def work(folder):
    train.run(tiled_job(Path(folder), train={"steps": 240}))
"""


@pytest.mark.slow
def test_killed_again_and_again_ends_with_the_same_weights(tmp_path: Path) -> None:
    """SIGKILL at several moments of a training."""
    jobs = []
    for name in ("killed", "whole"):
        augment.run(write_tiled_run(tmp_path / name))
        jobs.append(tiled_job(tmp_path / name, train={"steps": 240}))
    killed, whole = jobs
    torch.set_num_threads(1)
    train.run(whole)
    kills = 0
    with forked(KILLED, ROOT) as process:
        for delay in (0.2, 0.6, 0.1):
            process.start(str(tmp_path / "killed"))
            _wait_for_checkpoint(process, killed.run / "train")
            time.sleep(delay)
            kills += process.kill()
        assert kills >= 2
        process.start(str(tmp_path / "killed"))
        assert process.wait() == 0
    for fold in (0, 1):
        one, other = _weights(killed, fold), _weights(whole, fold)
        assert all(torch.equal(one[name], other[name]) for name in one)


def _wait_for_checkpoint(process: Forked, folder: Path) -> None:
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
