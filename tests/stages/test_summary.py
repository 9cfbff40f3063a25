"""The end of a make target: what was made, nothing that is out of date, and what comes next."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.files import write_json
from pipeline.stages.asked import ASKED
from pipeline.stages.job import Job
from pipeline.stages.summary import summarise
from tests.stages.standing.finished_run import SCORED, job_of, make


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run that is finished up to its score."""
    folder = tmp_path_factory.mktemp("template")
    job = job_of(folder)
    (folder / "raw" / "solution.csv").touch()
    make(job, *SCORED)
    (job.run / "scenes" / "scene-a" / "labels.json").touch()
    (job.run / "submission" / "submission.csv").touch()
    write_json(job.run / "score" / "score.json", {"mean_jaccard": 0.25, "of": "test"})
    return folder


@pytest.fixture
def job(tmp_path: Path, template: Path) -> Job:
    """A copy of it, asked for once more."""
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    job = job_of(tmp_path)
    (job.run / "inputs" / ASKED).touch()
    return job


def _said(job: Job, capsys: pytest.CaptureFixture[str]) -> list[str]:
    summarise(job)
    return capsys.readouterr().err.splitlines()


def test_nothing_to_do_is_said_with_the_score(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    assert _said(job, capsys) == [
        f"{job.run}: nothing to do, 9 stages are up to date",
        f"{job.run}: mean Jaccard 0.2500 (test)",
        f"{job.run}: submission in {job.run}/submission/submission.csv",
        f"next: make report CONFIG={job.run.parents[2]}/configs/r.yaml",
    ]


def test_a_table_says_what_was_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], template: Path
) -> None:
    """Another area remakes polygons; submission and score are out of date then."""
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    job = job_of(tmp_path, polygons={"min_area": 9})
    assert job.asked is not None
    job = replace(job, asked=replace(job.asked, overrides=("polygons.min_area=9",)))
    time.sleep(0.01)
    make(job, "polygons")
    said = _said(job, capsys)
    rows = {line.split()[0]: line.split()[1:4] for line in said[: len(SCORED) + 1]}
    assert rows["stage"] == ["state", "items", "took"]
    assert rows["train"][:2] == ["unchanged", "1"]
    assert rows["polygons"] == ["made", "1", "of"]
    assert rows["submission"][0] == rows["score"][0] == "stale"
    assert "1 item of polygons changed" in said[SCORED.index("submission") + 1]
    rest = "\n".join(said[len(SCORED) + 1 :])
    assert "0.2500" not in rest
    assert "`make score` brings it up to date" in rest
    assert "submission.csv" not in rest
    assert said[-1] == (
        f"next: make score CONFIG={tmp_path}/configs/r.yaml SET=polygons.min_area=9"
    )
    make(job, "report")
    os.utime(job.run / "report" / "manifest.json", (1, 1))
    assert "next: make score report " in _said(job, capsys)[-1], "a report asks for no score"


@pytest.mark.parametrize(
    ("newer", "submission"),
    [("submission/manifest", True), ("inputs/score", True), ("polygons/manifest", False)],
)
def test_score_that_is_out_of_date_is_not_said(
    job: Job, newer: str, submission: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    now = time.time()
    os.utime(job.run / f"{newer}.json", (now, now))
    said = "\n".join(_said(job, capsys))
    assert "0.2500" not in said
    assert "`make score` brings it up to date" in said
    assert ("submission.csv" in said) == submission


@pytest.mark.parametrize(
    ("there", "following"),
    [
        (("scenes",), "train"),
        (("scenes", "tiles", "augment", "train"), "polygons"),
        (SCORED[:-2], "score"),
        (SCORED, "report"),
        ((*SCORED, "report"), None),
    ],
)
def test_the_next_command_follows_from_what_is_there(
    there: tuple[str, ...],
    following: str | None,
    job: Job,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if "report" in there:
        make(job, "report")
    for stage in SCORED:
        if stage not in there:
            shutil.rmtree(job.run / stage)
    said = _said(job, capsys)
    commands = [line.split()[2] for line in said if line.startswith("next: ")]
    assert commands == ([] if following is None else [following])


def test_what_would_fail_at_once_is_not_next(
    tmp_path: Path, template: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    job = job_of(tmp_path)
    dataset = job.config.dataset.model_copy(update={"solution": None})
    job = replace(job, config=job.config.model_copy(update={"dataset": dataset}))
    for stage in ("submission", "score"):
        shutil.rmtree(job.run / stage)
    assert _said(job, capsys)[-1].startswith("next: make score "), "labels are truth, too"
    (job.run / "scenes" / "scene-a" / "labels.json").unlink()
    said = _said(job, capsys)
    assert not any(line.startswith("next: ") for line in said), "nothing can be trained"
    dataset = dataset.model_copy(update={"solution": "gone.csv"})
    (job.run / "scenes" / "scene-a" / "labels.json").touch()
    job = replace(job, config=job.config.model_copy(update={"dataset": dataset}))
    assert _said(job, capsys)[-1].startswith("next: make submission "), "`score` would fail"


def test_what_tuning_has_found_is_to_be_used(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    make(job, "tune")
    assert _said(job, capsys)[-1].endswith("/configs/r.yaml SET=tune.use=true")
