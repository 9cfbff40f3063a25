"""Stage report: one file of what a run has, whatever the names in it hold."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import ArtifactError
from pipeline.stages import evaluate, polygons, report, score, submission
from pipeline.stages.job import Job
from tests.stages.fake_run import (
    CONFIG,
    LABELLED,
    SHAPES,
    TEST,
    built,
    changed,
    make_run,
    write_predictions,
)

HOSTILE = "<script>alert('x')</script>"
ESCAPING = '../../x"><img src=x onerror=alert(1)>'


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Job, str]:
    """A run with polygons and without a score, and its report."""
    job = finished(tmp_path_factory.mktemp("told"))
    return job, page_of(job)


def finished(folder: Path, **sections: Any) -> Job:
    made = make_run(folder, **sections)
    write_predictions(made, (*LABELLED, *TEST), {"c_0_0": 9})
    evaluate.run(made)
    polygons.run(made)
    return made


def page_of(job: Job) -> str:
    report.run(job)
    return (job.run / "report" / "report.html").read_text(encoding="utf-8")


def sections_of(page: str) -> list[str]:
    return re.findall(r'<section id="([^"]+)"', page)


def scenes_of(page: str) -> list[str]:
    head = re.findall(r'id="viewer-data">(.*?)</script>', page, re.DOTALL)
    return [row["id"] for row in json.loads(head[0])["scenes"]]


def test_all_scenes_can_be_seen(told: tuple[Job, str]) -> None:
    _, page = told
    assert sorted(scenes_of(page)) == sorted((*LABELLED, *TEST))
    texts = re.findall(r'id="viewer-scene-\d+">(.*?)</script>', page, re.DOTALL)
    shapes = dict(zip(scenes_of(page), (json.loads(text)["shape"] for text in texts), strict=True))
    assert shapes["b_0_0"] == list(SHAPES["b_0_0"])


def test_what_is_not_there_is_left_out_or_said(told: tuple[Job, str]) -> None:
    _, page = told
    assert sections_of(page)[:2] == ["scores", "scenes"]
    assert "make score" in page
    assert "exact areas" not in page
    assert not {"search", "tune"} & set(sections_of(page))


def test_second_report_makes_nothing_and_damage_is_mended(
    told: tuple[Job, str], capsys: pytest.CaptureFixture[str]
) -> None:
    job, page = told
    assert built(job, report.run, "report") == set()
    assert "report: unchanged" in capsys.readouterr().err
    (job.run / "report" / "report.html").write_text("x")
    assert page_of(job) == page
    shutil.rmtree(job.run / "report")
    assert page_of(job) == page, "the same run gives the same bytes"


def test_score_is_taken_up_and_another_scene_is_drawn_anew(tmp_path: Path) -> None:
    job = finished(tmp_path)
    submission.run(job)
    score.run(job)
    page = page_of(job)
    mean = json.loads((job.run / "score" / "score.json").read_text())["mean_jaccard"]
    assert "exact areas" in page
    assert f"{mean:.4f}" in page
    write_predictions(job, (*LABELLED, *TEST), {"c_0_0": 30})
    evaluate.run(job)
    polygons.run(job)
    made = built(job, report.run, "report")
    assert {"page", "view-c_0_0"} <= made
    assert f"view-{TEST[0]}" not in made


def test_a_page_that_can_not_be_small_enough_is_told(
    told: tuple[Job, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    job, _ = told
    report.run(job)
    assert "report.megabytes" not in capsys.readouterr().err
    small = job.config.report.model_copy(update={"megabytes": 0.01})
    report.run(replace(job, config=job.config.model_copy(update={"report": small})))
    assert "takes more than report.megabytes (0.01)" in capsys.readouterr().err
    report.run(job)


def test_names_of_classes_are_text(tmp_path: Path) -> None:
    names = (HOSTILE, ESCAPING)
    pairs = zip(CONFIG["dataset"]["classes"], names, strict=True)
    page = page_of(finished(tmp_path, dataset={"classes": [row | {"name": n} for row, n in pairs]}))
    assert not [name for name in names if name in page]
    assert page.count("<script>") == 1
    assert "<img src=x" not in page
    plain = re.sub(r"<(script|style).*?</\1>", "", page, flags=re.DOTALL)
    assert plain.count("alert(") > 1, "the names are shown"


def test_run_that_lost_stages_has_a_report_of_as_many_scenes_as_are_asked_for(
    tmp_path: Path,
) -> None:
    job = changed(finished(tmp_path), report={"scenes": 2})
    for stage in ("train", "evaluate"):
        shutil.rmtree(job.run / stage)
    page = page_of(job)
    assert len(scenes_of(page)) == 2
    assert "learning" not in sections_of(page)


def test_run_that_has_nothing_says_what_makes_it(told: tuple[Job, str], tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="nothing to report yet; `make score report`"):
        report.run(replace(told[0], run=tmp_path / "none"))
    assert not (tmp_path / "none").exists()
