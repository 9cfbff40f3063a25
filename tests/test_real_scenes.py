"""The whole chain on real scenes, from the folder that the variable REAL_SCENES names."""

from __future__ import annotations

import csv
import json
import os
import shutil
from pathlib import Path

import pytest
import shapely

from pipeline.search.ledger import read_ledger
from tests.browser.report_tour import tour
from tests.chain_project import ROOT, link_project, make

pytestmark = pytest.mark.slow

SHORT = (
    "train.steps=40 train.batch=4 train.validations=1 augment.folds=2 predict.d4=false "
    "ensemble.repeats=1"
)


FEW_STEPS = """
extends: dstl_swir.yaml
models:
  - {name: buildings, classes: [1], capacity: 0.25}
  - {name: roads, classes: [3], capacity: 0.25, train: {steps: 8}}
  - {name: trees, classes: [5], capacity: 0.25, train: {steps: 8}}
  - {name: crops, classes: [6], capacity: 0.25}
  - {name: water, classes: [7], capacity: 0.25, train: {steps: 8}}
"""
"""Crops are to be learned, and buildings not to lie on all of them; others take part."""


def real_scenes() -> Path:
    """Folder of real scenes; in CI it must be there."""
    folder = os.environ.get("REAL_SCENES")
    if not folder:
        if os.environ.get("CI") == "true":
            pytest.fail("REAL_SCENES is not set: CI runs the chain on real scenes")
        pytest.skip("REAL_SCENES names no folder of real scenes")
    return (ROOT / folder).resolve()


def test_short_training_gives_a_whole_submission(tmp_path: Path) -> None:
    data = real_scenes() / "dstl_swir"
    link_project(tmp_path)
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    (tmp_path / "configs" / "short.yaml").write_text(FEW_STEPS)
    config = ("CONFIG=configs/short.yaml", f"DATA={data}", f"SET={SHORT}")
    done = make(tmp_path, "score", "report", *config)
    assert done.returncode == 0, done.stderr[-3000:]

    run = tmp_path / "data" / "runs" / "short"
    report = run / "report" / "report.html"
    assert report.stat().st_size < 15e6
    assert json.loads((run / "report" / "manifest.json").read_text())["seconds"] < 60
    tour(report)
    with (data / "sample_submission.csv").open(newline="") as file:
        wanted = [(row["ImageId"], row["ClassType"]) for row in csv.DictReader(file)]
    csv.field_size_limit(10**9)
    with (run / "submission" / "submission.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["ImageId"], row["ClassType"]) for row in rows] == wanted
    shapes = shapely.from_wkt([row["MultipolygonWKT"] for row in rows])
    assert shapely.is_valid(shapes).all()
    assert shapely.area(shapes).sum() > 0

    gains = json.loads((run / "polygons" / "gains" / "gains.json").read_text())
    assert gains["scenes"] == 16
    # Networks of forty steps make masks that rules for good ones may well harm.
    steps = gains["steps"]
    assert gains["end"] == pytest.approx(gains["start"] + sum(row["gain"] for row in steps))
    assert steps[-1]["gain"] == pytest.approx(steps[-1]["share"])
    names = ["0.5", "thresholds", "water clears", "buildings clear", "fields are wide"]
    assert [row["step"] for row in steps] == names
    assert steps[0]["classes"]["6"] > 0.2, "crops are learned within forty steps"

    score = json.loads((run / "score" / "score.json").read_text())
    assert score["of"] == "held-out"
    assert 0 < score["classes"]["6"]["jaccard"] < 1
    with (run / "scenes" / "catalogue" / "catalogue.csv").open(newline="") as file:
        catalogue = list(csv.DictReader(file))
    assert len(catalogue) == 26
    assert sum(row["role"] == "train" for row in catalogue) == 16
    assert sum(row["role"] == "test" for row in catalogue) == 7


def test_search_tune_and_what_they_found_on_real_scenes(tmp_path: Path) -> None:
    data = real_scenes() / "dstl_swir"
    link_project(tmp_path, configs=True)
    short = "search.steps=12 search.startup=2 search.folds=2 augment.folds=2 tune.trials=20"
    config = ("CONFIG=configs/dstl_swir_quick.yaml", f"DATA={data}")
    done = make(tmp_path, "search", *config, f"SET={short}", "TRIALS=3")
    assert done.returncode == 0, done.stderr[-3000:]
    search = tmp_path / "data" / "runs" / "dstl_swir_quick" / "search"
    entries = read_ledger(search / "together.jsonl")
    assert len({entry.trial for entry in entries if entry.outcome == "done"}) == 3
    assert max(entry.budget for entry in entries) == 12
    assert all(set(e.classes) == {"1", "3", "5", "6", "7"} for e in entries if e.score is not None)
    taken = f"{short} train.steps=40 train.validations=1 search.use=best"
    done = make(tmp_path, "tune", *config, f"SET={taken}")
    assert done.returncode == 0, done.stderr[-3000:]
    done = make(tmp_path, "score", *config, f"SET={taken} tune.use=true")
    assert done.returncode == 0, done.stderr[-3000:]
    score = json.loads((search.parent / "score" / "score.json").read_text())
    assert score["classes"]["6"]["jaccard"] > 0.2, "crops are learned within forty steps"
