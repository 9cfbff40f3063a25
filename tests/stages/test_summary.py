"""The last line of a make target says nothing that is out of date."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from pipeline.chain import CHAIN
from pipeline.config import load_config
from pipeline.files import write_json
from pipeline.stages.job import Job
from pipeline.stages.summary import summarise
from tests.chain_project import tiny_config


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """A run that is finished: stage n at second n + 1, its inputs at second 0."""
    path = tmp_path / "c.yaml"
    path.write_text(yaml.safe_dump(tiny_config()))
    run = tmp_path / "run"
    for number, row in enumerate(CHAIN):
        for name, moment in ((f"inputs/{row.name}", 0), (f"{row.name}/manifest", number + 1)):
            write_json(run / f"{name}.json", {}, moment * 10**9)
    (run / "inputs" / ".asked").touch()
    (run / "submission" / "submission.csv").touch()
    write_json(run / "score" / "score.json", {"mean_jaccard": 0.25, "of": "test"})
    return Job(load_config(path), run)


def test_finished_run_says_its_score(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    summarise(job)
    said = capsys.readouterr().err
    assert "mean Jaccard 0.2500" in said
    assert "submission.csv" in said
    assert "nothing to do" in said


@pytest.mark.parametrize(
    ("newer", "submission"),
    [("submission/manifest", True), ("inputs/score", True), ("polygons/manifest", False)],
)
def test_score_that_is_out_of_date_is_not_said(
    job: Job, newer: str, submission: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    os.utime(job.run / f"{newer}.json", (100, 100))
    summarise(job)
    said = capsys.readouterr().err
    assert "0.2500" not in said
    assert "`make score` brings it up to date" in said
    assert ("submission.csv" in said) == submission
