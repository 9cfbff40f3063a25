"""Make and the stages together: what is rerun after which change."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.chain import CHAIN, needed
from tests.chain_project import make, make_project, tiny_config, write_config

pytestmark = pytest.mark.slow

NAMES = [row.name for row in CHAIN if row.name in needed("score")]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_project(tmp_path_factory.mktemp("project"))
    done = make(folder, "score")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def finished(project: Path, tmp_path: Path) -> Iterator[Path]:
    """The finished run, which is as it was after the test, times included."""
    run, kept = project / "data" / "runs" / "tiny", tmp_path / "kept"
    shutil.copytree(run, kept)
    yield run
    shutil.rmtree(run)
    shutil.move(kept, run)


def _manifests(folder: Path) -> dict[str, tuple[int, dict[str, Any]]]:
    """Time and items of every stage's manifest."""
    found = {}
    for name in NAMES:
        path = folder / "data" / "runs" / "tiny" / name / "manifest.json"
        found[name] = (path.stat().st_mtime_ns, json.loads(path.read_text())["items"])
    return found


def _item_times(folder: Path) -> dict[str, int]:
    """When each item was made."""
    run = folder / "data" / "runs" / "tiny"
    return {
        str(path.parent.relative_to(run)): path.stat().st_mtime_ns
        for path in run.glob("*/*/item.json")
    }


def _remade(before: dict[str, int], after: dict[str, int]) -> set[str]:
    return {name for name, moment in after.items() if before.get(name) != moment}


def test_results_lie_where_others_look(project: Path) -> None:
    run = project / "data" / "runs" / "tiny"
    score = json.loads((run / "score" / "score.json").read_text())
    assert 0 <= score["mean_jaccard"] <= 1
    assert set(score["classes"]) == {str(code) for code in range(1, 11)}
    assert set(score["classes"]["1"]) >= {"jaccard", "tp", "fp", "fn"}
    sample = (project / "data/raw/tiny/sample_submission.csv").read_text().splitlines()
    submission = (run / "submission" / "submission.csv").read_text().splitlines()
    assert len(submission) == len(sample)
    assert (run / "config.yaml").exists()


def test_second_run_does_nothing_and_says_so(project: Path) -> None:
    before = _manifests(project)
    started = time.monotonic()
    done = make(project, "score")
    assert done.returncode == 0, done.stderr
    assert "nothing to do" in done.stderr
    assert _manifests(project) == before
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.write_text("x")])
def test_missing_or_altered_result_is_put_back(project: Path, harm: Any) -> None:
    run = project / "data" / "runs" / "tiny"
    names = ("submission/submission.csv", "score/score.json", "score/overview/overview.png")
    whole = {name: (run / name).read_bytes() for name in names}
    for name in names:
        harm(run / name)
    done = make(project, "score")
    assert done.returncode == 0, done.stderr
    assert {name: (run / name).read_bytes() for name in names} == whole
    assert "nothing to do" in make(project, "score").stderr


def test_score_that_is_out_of_date_is_not_said(project: Path) -> None:
    done = make(project, "submission", "SET=polygons.min_area=9")
    assert "mean Jaccard" not in done.stderr
    assert "brings it up to date" in done.stderr
    assert "mean Jaccard" in make(project, "score").stderr


def test_polygons_key_reruns_polygons_and_what_follows(project: Path) -> None:
    before, items = _manifests(project), _item_times(project)
    done = make(project, "score", "SET=polygons.min_hole=20 polygons.min_area=5")
    assert done.returncode == 0, done.stderr
    after = _manifests(project)
    moved = [name for name in NAMES if after[name][0] != before[name][0]]
    assert moved == ["polygons", "submission", "score"]
    assert {name.split("/")[0] for name in _remade(items, _item_times(project))} <= set(moved)
    assert make(project, "score").returncode == 0


def test_training_key_reruns_training_and_not_tiles(project: Path, finished: Path) -> None:
    before = _manifests(project)
    done = make(project, "train", "SET=train.steps=7")
    assert done.returncode == 0, done.stderr
    after = _manifests(project)
    assert [name for name in NAMES if after[name][0] != before[name][0]] == ["train"]
    assert after["train"][1]["all-fold-0"]["key"] != before["train"][1]["all-fold-0"]["key"]


def test_new_file_times_retrain_nothing(project: Path) -> None:
    items = _item_times(project)
    for path in (project / "data" / "raw").rglob("*"):
        os.utime(path)
    done = make(project, "score")
    assert done.returncode == 0, done.stderr
    assert _remade(items, _item_times(project)) == set()


def test_damaged_result_is_made_again(project: Path) -> None:
    run = project / "data" / "runs" / "tiny"
    victim = next((run / "predict").glob("scene-*/probability.tif"))
    whole = victim.read_bytes()
    victim.write_bytes(whole[: len(whole) // 2])
    write_config(project, tiny_config() | {"predict": {"window": 32, "overlap": 0.5, "d4": True}})
    assert make(project, "predict").returncode == 0
    write_config(project, tiny_config())
    assert make(project, "score").returncode == 0
    assert victim.read_bytes() == whole


def test_one_added_scene_costs_one_scene(project: Path) -> None:
    data = project / "data" / "raw" / "tiny"
    sample = (data / "sample_submission.csv").read_text().splitlines()
    model = sample[1].split(",")[0]
    for path in [*data.glob(f"three_band/{model}.tif"), *data.glob(f"sixteen_band/{model}_*.tif")]:
        path.with_name(path.name.replace(model, "6990_0_0")).write_bytes(path.read_bytes())
    _append(data / "sample_submission.csv", [r.replace(model, "6990_0_0") for r in sample[1:11]])
    sizes = (data / "grid_sizes.csv").read_text().splitlines()
    _append(
        data / "grid_sizes.csv",
        [row.replace(model, "6990_0_0") for row in sizes if row.startswith(model)],
    )
    solution = (data / "solution.csv").read_text().splitlines()
    _append(
        data / "solution.csv",
        [row.replace(model, "6990_0_0") for row in solution if row.startswith(model)],
    )
    before = _item_times(project)
    done = make(project, "score")
    assert done.returncode == 0, done.stderr
    remade = _remade(before, _item_times(project))
    scenes = {name for name in remade if name.split("/")[1].startswith("scene-")}
    assert scenes == {
        f"{stage}/scene-6990_0_0" for stage in ("scenes", "tiles", "predict", "polygons")
    }
    assert not [name for name in remade if name.startswith("train/")]


def _append(path: Path, rows: list[str]) -> None:
    assert rows
    with path.open("a") as file:
        file.write("\n".join(rows) + "\n")
