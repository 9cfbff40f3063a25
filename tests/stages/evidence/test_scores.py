"""Scores of a run and of those beside it."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.artifacts import StageFolder
from pipeline.files import write_json
from pipeline.reporting.page.blocks import Section, Table, Text
from pipeline.stages import evaluate
from pipeline.stages.evidence.chapter import Chapter
from pipeline.stages.evidence.scores import chapter
from pipeline.stages.job import Job
from tests.stages.fake_run import LABELLED, changed, make_run, write_predictions


@pytest.fixture(scope="module")
def finished_job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    made = make_run(tmp_path_factory.mktemp("scored"))
    write_predictions(made, LABELLED, {"c_0_0": 5})
    evaluate.run(made)
    return made


@pytest.fixture
def job(finished_job: Job, tmp_path: Path) -> Job:
    """A run with the score of its pixels."""
    shutil.copytree(finished_job.run, tmp_path / "run")
    return replace(finished_job, run=tmp_path / "run")


def told(job: Job) -> Chapter:
    found = chapter(job, StageFolder(job.run / "report", "report", "test"))
    assert found is not None
    return found


def section_of(job: Job) -> Section:
    (section,) = told(job).write()
    return section


def warnings_of(job: Job) -> list[str]:
    blocks = section_of(job).blocks
    return [block.text for block in blocks if isinstance(block, Text) and block.kind == "warning"]


def names_of(job: Job) -> list[object]:
    """Runs in the table of means."""
    tables = [block for block in section_of(job).blocks if isinstance(block, Table)]
    means = [table for table in tables if table.header[0] == "run"]
    return [row[0] for table in means for row in table.rows]


def put_score(run: Path, name: str = "table", **more: Any) -> None:
    """A polygon score of these classes, as stage ``score`` leaves it."""
    row = {"jaccard": 0.5, "interval": [0.4, 0.6], "tp": 1.0, "fp": 1.0, "fn": 0.0, "objects": None}
    record = {
        "of": "held-out",
        "mean_jaccard": 0.5,
        "interval": [0.4, 0.6],
        "absent": "zero",
        "scenes": list(LABELLED),
        "classes": {"3": {"name": "Road", **row}, "7": {"name": "Water", **row}},
        **more,
    }
    with StageFolder(run / "score", "score", "test") as stage:
        stage.item(name, more, lambda folder: write_json(folder / "score.json", record))
    write_json(run / "score" / "score.json", record)


def put_pixels(job: Job, name: str, age: int = 0) -> None:
    """Another run with this run's score of pixels."""
    path = job.run.parent / name / "evaluate" / "scores" / "scores.json"
    path.parent.mkdir(parents=True)
    path.write_bytes((job.run / "evaluate" / "scores" / "scores.json").read_bytes())
    os.utime(path, ns=(10**18 - age, 10**18 - age))


def test_score_that_is_not_made_yet(job: Job) -> None:
    (warning,) = warnings_of(job)
    assert "no score yet: `make score RUN=run`" in warning
    table = next(block for block in section_of(job).blocks if isinstance(block, Table))
    assert "pixels" in table.caption
    assert [row[0] for row in table.rows] == ["Road", "Water"]


def test_score_that_is_old(job: Job) -> None:
    """Of this run `scenes` has no inputs that Make could ask for."""
    put_score(job.run)
    (warning,) = warnings_of(job)
    assert "is old: `scenes` is missing or older" in warning


def test_nothing_tells_what_is_true(job: Job) -> None:
    for labels in job.run.glob("scenes/*/labels.json"):
        labels.unlink()
        item = labels.with_name("item.json")
        record = json.loads(item.read_text())
        del record["files"]["labels.json"]
        item.write_text(json.dumps(record))
    assert "nothing tells what is true" in warnings_of(job)[0]


def test_newest_runs_of_the_same_scenes(job: Job) -> None:
    for age in range(7):
        put_pixels(job, f"run{age}", age)
    expected = ["run (this run)", "run0", "run1", "run2", "run3", "run4"]
    assert names_of(job) == expected


def test_other_folders_do_no_harm(job: Job) -> None:
    runs = job.run.parent
    good = runs / "good"
    put_score(good)
    put_score(job.run)
    for name, text in (
        ("list", "[1, 2]"),
        ("torn", '{"of": "held-out"'),
        ("binary", "\x00\x01"),
        ("deep", "[" * 100_000),
        ("<script>", (good / "score" / "score.json").read_text()),
    ):
        folder = runs / name / "score"
        folder.mkdir(parents=True)
        (folder / "score.json").write_text(text)
    (runs / "folder" / "score" / "score.json").mkdir(parents=True)
    (runs / "file").write_text("no folder")
    (runs / "gone").symlink_to(runs / "nowhere")
    put_score(runs / "elsewhere", scenes=["x"])
    put_score(runs / "solution", of="solution")
    assert names_of(job) == ["run (this run)", "good"]


def test_runs_that_are_named(job: Job) -> None:
    put_score(job.run)
    put_score(job.run.parent / "b")
    put_score(job.run.parent / "other", scenes=["x"])
    put_score(job.run.parent / "a")
    named = changed(job, report={"against": ("b", "other", "none", "../run", "run", "b")})
    assert names_of(named) == ["run (this run)", "b"]
    text = "\n".join(warnings_of(named))
    for name in ("other", "none", "../run"):
        assert f"report.against: {name} is left out" in text


def test_page_depends_on_what_it_shows(job: Job) -> None:
    before = told(job).inputs
    assert told(job).inputs == before
    put_pixels(job, "another")
    assert told(job).inputs != before
