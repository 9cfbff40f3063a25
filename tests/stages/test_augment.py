"""Stage augment: what it writes, and what makes it write again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipeline.artifacts import StageFolder, load_stage
from pipeline.errors import ConfigError
from pipeline.files import read_json, write_json
from pipeline.learning.folds import read_folds
from pipeline.learning.plan import read_plan
from pipeline.stages import augment
from pipeline.stages.job import SCENE, Job
from tests.stages.tiled_run import LABELLED, tiled_job, write_tiled_run


def _built(folder: Path) -> dict[str, int]:
    return {p.parent.name: p.stat().st_mtime_ns for p in folder.glob("*/item.json")}


def test_writes_folds_plan_and_sheet(tmp_path: Path) -> None:
    job = write_tiled_run(tmp_path)
    augment.run(job)
    items = load_stage(job.run / "augment")
    assert sorted(items) == ["contact-sheet-all", "folds", "plan-all"]
    folds = read_folds(items["folds"].path("folds.json"))
    assert sorted(scene for fold in folds for scene in fold) == sorted(LABELLED)
    assert {"6010_0_0", "6030_0_0"} in [set(fold) & {"6010_0_0", "6030_0_0"} for fold in folds]
    shares = read_json(items["folds"].path("folds.json"))["shares"]
    assert 0.2 < shares["0"]["3"] < 0.6
    plan = read_plan(items["plan-all"].path("plan.csv"))
    assert set(plan.names) == set(LABELLED)
    assert plan.weights.sum() == pytest.approx(1)
    # 40 x 36 with patch 16 and stride 8: rows 0 8 16 24, columns 0 8 16 20.
    assert (plan.scenes == plan.names.index("6010_0_0")).sum() == 16
    sheet = np.asarray(Image.open(items["contact-sheet-all"].path("contact-sheet.png")))
    assert sheet.shape[2] == 3
    assert len(np.unique(sheet.reshape(-1, 3), axis=0)) > 100


def test_reruns_only_what_changed(tmp_path: Path) -> None:
    job = write_tiled_run(tmp_path)
    folder = job.run / "augment"
    augment.run(job)
    before = _built(folder)
    augment.run(job)
    assert _built(folder) == before
    augment.run(tiled_job(tmp_path, augment={"rare": 1.0}))
    after = _built(folder)
    assert after["plan-all"] != before["plan-all"]
    assert after["folds"] == before["folds"]
    augment.run(tiled_job(tmp_path, augment={"rare": 1.0, "seed": 5}))
    assert _built(folder) == after


def test_a_new_test_scene_changes_nothing(tmp_path: Path) -> None:
    job = write_tiled_run(tmp_path)
    augment.run(job)
    before = _built(job.run / "augment")
    augment.run(write_tiled_run(tmp_path, extra=("6050_0_0",)))
    assert _built(job.run / "augment") == before


def test_too_many_folds_leave_nothing_half_written(tmp_path: Path) -> None:
    write_tiled_run(tmp_path)
    job = tiled_job(tmp_path, augment={"folds": 4})
    with pytest.raises(ConfigError, match=r"augment\.folds to at most 3"):
        augment.run(job)
    assert not (job.run / "augment" / "manifest.json").exists()
    assert not (job.run / "augment" / "folds").exists()


def test_a_mistyped_region_is_an_error_that_names_the_regions(tmp_path: Path) -> None:
    write_tiled_run(tmp_path, extra=("6050_0_0",))
    job = tiled_job(tmp_path, augment={"same_place": [["6010", "6003"]]})
    message = r"augment\.same_place: .* region 6003; there are 6010, 6020, 6030, 6040, 6050;"
    with pytest.raises(ConfigError, match=message):
        augment.run(job)
    augment.run(tiled_job(tmp_path, augment={"same_place": [["6010", "6050"]]}))


def _place_scenes(job: Job, corners: dict[str, tuple[float, float] | None]) -> None:
    """Write the stage `scenes`: images of 100 x 200 pixels of 10 m at these corners."""
    with StageFolder(job.run / "scenes", "scenes", "test") as stage:
        for scene, corner in corners.items():
            x, y = corner or (0.0, 0.0)
            record = {
                "crs": None if corner is None else "EPSG:32633",
                "to_map": [10, 0, x, 0, -10, y],
                "shape": [100, 200],
            }

            def build(folder: Path, record: dict[str, Any] = record) -> None:
                write_json(folder / "scene.json", record)

            stage.item(f"{SCENE}{scene}", {}, build)


def test_scenes_in_one_cell_stay_on_one_side(tmp_path: Path) -> None:
    job = write_tiled_run(tmp_path)
    there = (500_000.0, 5_000_000.0)
    near: dict[str, tuple[float, float] | None]
    near = {"6010_0_0": there, "6030_0_0": (502_000.0, 5_001_000.0), "6020_0_0": there}
    _place_scenes(job, {**near, "6040_0_0": (700_000.0, 5_000_000.0)})
    augment.run(tiled_job(tmp_path, augment={"same_place": [], "cell": 50_000}))
    folds = read_folds(job.run / "augment" / "folds" / "folds.json")
    assert {frozenset(fold) for fold in folds} == {frozenset(near), frozenset({"6040_0_0"})}


def test_cells_need_coordinates(tmp_path: Path) -> None:
    job = write_tiled_run(tmp_path)
    _place_scenes(job, dict.fromkeys(LABELLED))
    with pytest.raises(ConfigError, match=r"augment\.cell: 500 metres .* no labelled scene has"):
        augment.run(tiled_job(tmp_path, augment={"cell": 500}))


def test_without_labels_there_is_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.stages.tiled_run.LABELLED", {})
    job = write_tiled_run(tmp_path, extra=("6050_0_0",))
    with pytest.raises(ConfigError, match=r"dataset\.labels: labels no scene of"):
        augment.run(job)
