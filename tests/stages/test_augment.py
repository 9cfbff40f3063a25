"""Stage augment: what it writes, and what makes it write again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.artifacts import load_stage
from pipeline.errors import ConfigError
from pipeline.files import read_json
from pipeline.learning.folds import read_folds
from pipeline.learning.plan import read_plan
from pipeline.stages import augment
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


def test_without_labels_there_is_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.stages.tiled_run.LABELLED", {})
    job = write_tiled_run(tmp_path, extra=("6050_0_0",))
    with pytest.raises(ConfigError, match=r"train_wkt_v4\.csv labels no scene"):
        augment.run(job)
