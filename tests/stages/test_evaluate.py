"""Stage evaluate: thresholds and scores of held-out scenes."""

import csv
from pathlib import Path

import pytest

from pipeline.stages import evaluate
from pipeline.stages.job import Job
from tests.stages.fake_run import (
    INSIDE,
    LABELLED,
    OUTSIDE,
    TEST,
    make_run,
    masks_of,
    stored,
    write_predictions,
)


def predictions(job: Job, wrong: dict[str, int] | None = None) -> None:
    write_predictions(job, LABELLED, wrong)


def test_right_predictions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    job = make_run(tmp_path)
    predictions(job)
    evaluate.run(job)
    scores = stored(job.run / "evaluate" / "scores" / "scores.json")
    assert scores["cross_validated_mean_jaccard"] == 1.0
    assert scores["interval"] == [1.0, 1.0]
    assert scores["means"] == {"chosen": 1.0, "cross_fitted": 1.0, "at_half": 1.0}
    thresholds = stored(job.run / "evaluate" / "thresholds" / "thresholds.json")
    for code in ("3", "7"):
        assert OUTSIDE < thresholds[code]["level"] <= INSIDE
        assert thresholds[code]["probability"] == pytest.approx(thresholds[code]["level"] / 255)
    assert "Road" in capsys.readouterr().out


def test_scores_by_hand(tmp_path: Path) -> None:
    job = make_run(tmp_path)
    predictions(job, {"c_0_0": 5})
    evaluate.run(job)
    scores = stored(job.run / "evaluate" / "scores" / "scores.json")
    inside = {scene: int(masks_of(scene)[0].sum()) for scene in LABELLED}
    total = sum(inside.values())
    road = scores["classes"]["3"]
    assert road["cross_fitted"] == {"tp": total, "fp": 5, "fn": 0, "jaccard": total / (total + 5)}
    assert road["folds"]["0"]["jaccard"] == 1
    assert road["folds"]["1"]["jaccard"] == inside["c_0_0"] / (inside["c_0_0"] + 5)
    assert scores["folds"]["1"]["scenes"] == ["c_0_0"]
    mean = (total / (total + 5) + 1) / 2
    assert scores["cross_validated_mean_jaccard"] == pytest.approx(mean)
    text = (job.run / "evaluate" / "scores" / "scores.csv").read_text()
    rows = list(csv.DictReader(text.splitlines()))
    assert {row["thresholds"] for row in rows} == {
        "chosen",
        "cross_fitted",
        "at_half",
        "fold 0",
        "fold 1",
    }
    assert len(rows) == 10


def test_invalid_pixels_do_not_count(tmp_path: Path) -> None:
    """Each scene's last pixel is invalid and in no class: predicting it costs nothing."""
    job = make_run(tmp_path)
    everywhere = {scene: masks_of(scene)[0].size for scene in LABELLED}
    predictions(job, everywhere)
    evaluate.run(job)
    road = stored(job.run / "evaluate" / "scores" / "scores.json")["classes"]["3"]["at_half"]
    assert road["tp"] + road["fp"] == sum(everywhere.values()) - len(everywhere)


def test_one_probability_for_all(tmp_path: Path) -> None:
    job = make_run(tmp_path, evaluate={"thresholds": 0.9})
    predictions(job)
    evaluate.run(job)
    thresholds = stored(job.run / "evaluate" / "thresholds" / "thresholds.json")
    assert {row["level"] for row in thresholds.values()} == {230}
    scores = stored(job.run / "evaluate" / "scores" / "scores.json")
    assert scores["means"]["cross_fitted"] == 0
    assert scores["means"]["at_half"] == 1


def test_test_scenes_take_no_part(tmp_path: Path) -> None:
    job = make_run(tmp_path)
    predictions(job)
    evaluate.run(job)
    records = sorted((job.run / "evaluate").glob("*/item.json"))
    times = [path.stat().st_mtime_ns for path in records]
    more = make_run(tmp_path, test=(*TEST, "t_0_2"))
    evaluate.run(more)
    assert [path.stat().st_mtime_ns for path in records] == times
    predictions(job, {"a_0_0": 3})
    evaluate.run(job)
    assert all(a != b.stat().st_mtime_ns for a, b in zip(times, records, strict=True))
