"""Levels of labelled scenes beside their truth."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.artifacts import StageFolder
from pipeline.errors import ArtifactError
from pipeline.imagery.bit_field import pack
from pipeline.learning.metrics import LevelCounts
from pipeline.mapping.masks.postprocessing import Cleaning, soft_levels
from pipeline.mapping.prediction.answers import HeldLevels
from pipeline.mapping.prediction.raster import write_levels
from pipeline.reporting.page.blocks import Table
from pipeline.reporting.report.confusion import ClassConfusion
from pipeline.stages import evaluate
from pipeline.stages.evidence.level_counts import count_scene
from pipeline.stages.evidence.levels import chapter
from pipeline.stages.held_out import read_held_out
from pipeline.stages.job import SCENE, Job
from tests.stages.fake_run import (
    INSIDE,
    LABELLED,
    TEST,
    TO_MAP,
    make_run,
    stored,
    write_predictions,
)


def opened(job: Job) -> StageFolder:
    return StageFolder(job.run / "report", "report", "test")


@pytest.fixture(scope="module")
def finished_job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    made = make_run(tmp_path_factory.mktemp("predicted"))
    write_predictions(made, (*LABELLED, *TEST), {"c_0_0": 5})
    evaluate.run(made)
    return made


@pytest.fixture
def job(finished_job: Job, tmp_path: Path) -> Job:
    """A run whose third scene has five pixels of road too many."""
    shutil.copytree(finished_job.run, tmp_path / "run")
    return replace(finished_job, run=tmp_path / "run")


def test_thresholds_agree_with_those_of_evaluate(job: Job) -> None:
    with opened(job) as folder:
        found = chapter(job, folder)
        assert found is not None
        assert folder.built == ["levels"]
        (section,) = found.write()
    table = next(block for block in section.blocks if isinstance(block, Table))
    scores = stored(job.run / "evaluate" / "scores" / "scores.json")["classes"]
    assert [row[3] for row in table.rows] == [
        scores[code]["chosen"]["jaccard"] for code in ("3", "7")
    ]
    with opened(job) as folder:
        assert chapter(job, folder) is not None
        assert folder.built == [], "counted once"


def test_counts_by_fold(job: Job) -> None:
    with opened(job) as folder:
        chapter(job, folder)
        with np.load(folder.items["levels"].path("levels.npz"), allow_pickle=False) as arrays:
            positives, wrong = arrays["positives"], arrays["wrong"]
            negatives = arrays["negatives"]
    assert positives.shape == (2, 2, 256)
    assert negatives[:, 0, INSIDE].tolist() == [0, 5], "the five are of the second fold"
    assert int(wrong[:, 0].sum()) >= 5
    predictions, tiles = job.scenes("predict"), job.scenes("tiles")
    for number, scenes in enumerate((LABELLED[:2], LABELLED[2:])):
        counts = LevelCounts.empty(2)
        for scene in scenes:
            known = read_held_out(predictions[scene], tiles[scene])
            counts.add(known.levels, known.truth, known.valid)
        assert np.array_equal(counts.positives, positives[number])
        assert np.array_equal(counts.negatives, negatives[number])


def test_run_without_thresholds_has_no_such_section(job: Job) -> None:
    shutil.rmtree(job.run / "evaluate")
    with opened(job) as folder:
        assert chapter(job, folder) is None


def test_networks_of_another_run(job: Job, tmp_path: Path) -> None:
    """All labelled scenes are one part, cut at the thresholds of all folds."""
    other = make_run(tmp_path / "new", ensemble={"trained": "run"})
    write_predictions(other, (*LABELLED, *TEST))
    thresholds = job.results("evaluate")["thresholds"].path("thresholds.json").read_text()
    with StageFolder(other.run / "evaluate", "evaluate", "test") as stage:
        stage.item("thresholds", {}, lambda f: _write_thresholds(f, thresholds))
    with opened(other) as folder:
        found = chapter(other, folder)
        assert found is not None
        with np.load(folder.items["levels"].path("levels.npz"), allow_pickle=False) as arrays:
            assert arrays["positives"].shape == (1, 2, 256)
        assert "networks of another run" in str(found.write()[0].blocks[0])


def _write_thresholds(folder: Path, text: str) -> None:
    (folder / "thresholds.json").write_text(text)
    (folder / "held_out.json").write_text("{}")


def _write_small(folder: Path) -> None:
    write_levels(folder / "probability.tif", np.zeros((2, 3, 4), np.uint8), TO_MAP, ("3", "7"))


def test_prediction_of_another_shape(job: Job) -> None:
    with StageFolder(job.run / "predict", "predict", "test") as stage:
        for scene in LABELLED:
            stage.item(f"{SCENE}{scene}", {"shape": 3}, _write_small)
    with pytest.raises(ArtifactError, match=r"shape \(2, 3, 4\).*run `predict`"), opened(job) as f:
        chapter(job, f)


@pytest.mark.parametrize("cleaning", [Cleaning(120), Cleaning(120, smooth=3.0, median=4.0)])
def test_counting_by_rows_is_counting_at_once(cleaning: Cleaning) -> None:
    rng = np.random.default_rng(3)
    levels = rng.integers(0, 256, (2, 61, 40)).astype(np.uint8)
    truth, valid = rng.random((2, 61, 40)) < 0.3, rng.random((61, 40)) < 0.9
    field = pack(truth, valid)
    soft = np.stack([soft_levels(plane, cleaning, 2.0) for plane in levels])
    counts, confusion = LevelCounts.empty(2), ClassConfusion.empty(2)
    counts.add(soft, truth & valid, valid)
    confusion.add(truth[:, valid], soft[:, valid] >= 120)
    for values in (1, 7 * 80, 1 << 20):
        by_rows, pairs = LevelCounts.empty(2), ClassConfusion.empty(2)
        count_scene(HeldLevels(levels), field, [cleaning] * 2, 2.0, by_rows, pairs, values)
        assert np.array_equal(by_rows.positives, counts.positives)
        assert np.array_equal(by_rows.negatives, counts.negatives)
        for name, array in confusion.arrays().items():
            assert np.array_equal(pairs.arrays()[name], array)
