"""Command sanity: reports and pictures of a healthy run; what is wrong fails the command."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from pipeline.errors import ArtifactError, TrainingError
from pipeline.files import read_json
from pipeline.stages import augment, sanity
from pipeline.stages.job import Job
from tests.chain_project import make, make_project, tiny_config, write_config
from tests.stages.tiled_run import tiled_job, write_tiled_run

PICTURES = ("batch", "gradients", "one-batch", "rates", "units")
LEARNS: dict[str, Any] = {"rate": 0.02, "optimizer": "adam"}


@pytest.fixture
def job(tmp_path: Path) -> Job:
    augment.run(write_tiled_run(tmp_path))
    return tiled_job(tmp_path, train=LEARNS)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sanity, "_UNIT_STEPS", 2)
    for name, steps in (("check_gradients", 2), ("check_rates", 40), ("check_overfit", 80)):
        monkeypatch.setattr(sanity, name, partial(getattr(sanity, name), steps=steps))


def _levels(job: Job) -> dict[str, str]:
    report = read_json(job.run / "sanity" / "report.json")
    return {name: result["finding"]["level"] for name, result in report.items()}


def test_healthy_run_passes_and_is_reported(job: Job) -> None:
    sanity.run(job)
    folder = job.run / "sanity"
    for name in PICTURES:
        with Image.open(folder / f"{name}.png") as picture:
            assert min(picture.size) > 200
    assert set(_levels(job).values()) <= {"ok", "warning"}
    assert _levels(job)["one batch"] == "ok"
    text = (folder / "report.txt").read_text()
    assert all(name in text for name in (*_levels(job), "Road", "Water", "scenes held out"))
    assert (folder / "summary.txt").stat().st_size > 100
    assert not (folder / "manifest.json").exists()


def test_nothing_of_an_older_report_stays(job: Job) -> None:
    (job.run / "sanity").mkdir()
    (job.run / "sanity" / "old.png").touch()
    sanity.run(job)
    assert not (job.run / "sanity" / "old.png").exists()


def test_several_models_have_a_folder_each(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    first, parts = job.config.models[0], sanity._parts(job, job.config.models[0])
    broken = replace(parts, recipe=replace(parts.recipe, loss=_Wrong()))
    monkeypatch.setattr(sanity, "check_trainings", lambda _: None)  # the second has no results
    monkeypatch.setattr(sanity, "_parts", lambda _, row: broken if row.name == "second" else parts)
    rows = (first, first.model_copy(update={"name": "second"}))
    with pytest.raises(TrainingError, match="second: loss gradient") as error:
        sanity.run(Job(job.config.model_copy(update={"models": rows}), job.run))
    assert "all:" not in str(error.value)
    for name in ("all", "second"):
        assert (job.run / "sanity" / name / "report.json").exists()


class _Wrong(nn.Module):
    def forward(self, logits: Tensor, masks: Tensor, valid: Tensor) -> Tensor:
        return logits.detach().mean() + 0 * logits.sum()


def test_broken_loss_fails_after_all_is_written(
    job: Job, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sanity, "build_loss", lambda *_: _Wrong())
    with pytest.raises(TrainingError, match="loss gradient"):
        sanity.run(job)
    levels = _levels(job)
    assert levels["loss gradient"] == levels["gradients"] == levels["one batch"] == "failure"
    assert levels["batches"] == "ok"
    assert "-> the training would follow" in capsys.readouterr().err
    assert (job.run / "sanity" / "batch.png").exists()


def test_rate_far_too_high_fails(tmp_path: Path, job: Job) -> None:
    train = {"optimizer": "sgd", "rate": 10.0, "clip": None}
    wild = tiled_job(tmp_path, train=train, network={"normalisation": "none"})
    with pytest.raises(TrainingError, match="all: rate"):
        sanity.run(wild)
    assert "would diverge" in (job.run / "sanity" / "report.txt").read_text()


def test_one_batch_is_learned_without_augmentation(
    tmp_path: Path, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    enriched = tiled_job(tmp_path, augment={"enrich": {"noise": 1.0}}, train=LEARNS)
    parts = sanity._parts(enriched, enriched.config.models[0])
    still = sanity._parts(job, job.config.models[0])
    assert torch.equal(parts.plain.batch(0).inputs, still.plain.batch(0).inputs)
    assert not torch.equal(parts.source.batch(0).inputs, still.source.batch(0).inputs)


def test_time_limit_reaches_the_checks(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[float] = []
    for name in ("check_overfit", "check_rates"):
        real = getattr(sanity, name)

        def watched(*arguments: Any, real: Any = real, **options: Any) -> Any:
            seen.append(options["seconds"])
            return real(*arguments, **options)

        monkeypatch.setattr(sanity, name, watched)
    sanity.run(job, seconds=7.5)
    assert seen == [7.5, 7.5]


def test_without_a_plan_it_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="make augment"):
        sanity.run(write_tiled_run(tmp_path))


@pytest.mark.slow
def test_make_sanity_makes_what_it_needs_and_fails_with_a_check(tmp_path: Path) -> None:
    make_project(tmp_path)
    tree = tiny_config()
    tree["train"] |= {"rate": 0.01, "batch": 4}
    tree["network"] |= {"width": 16}
    write_config(tmp_path, tree)
    run = tmp_path / "data" / "runs" / "tiny"
    done = make(tmp_path, "sanity")
    assert (run / "augment" / "manifest.json").exists(), done.stderr
    levels = {
        name: r["finding"]["level"] for name, r in read_json(run / "sanity/report.json").items()
    }
    assert done.returncode == (2 if "failure" in levels.values() else 0), done.stderr
    assert levels["loss gradient"] == levels["first loss"] == "ok"
    assert not (run / "train").exists()
    high = make(tmp_path, "sanity", "SET=train.rate=10 train.optimizer=sgd train.clip=null")
    assert high.returncode != 0
    assert "error: checks failed" in high.stderr
    assert "Traceback" not in high.stderr
