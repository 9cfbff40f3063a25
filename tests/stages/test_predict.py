"""Stage predict: who predicts whom, and what is made again when something changes."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
import torch

from pipeline.artifacts import StageFolder
from pipeline.errors import ArtifactError
from pipeline.mapping.prediction.raster import Levels
from pipeline.stages import predict, predictor
from pipeline.stages.job import Job
from tests.stages.fake_run import (
    CODES,
    TEST,
    TO_MAP,
    fake_network,
    make_run,
    masks_of,
    stored,
    write_network,
)
from tests.stages.fake_run import built as built_by


@pytest.fixture(autouse=True)
def _one_convolution(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predictor, "load_network", fake_network)


def levels(job: Job, scene: str) -> Levels:
    with rasterio.open(job.run / "predict" / f"scene-{scene}" / "probability.tif") as file:
        assert file.dtypes == ("uint8",) * len(CODES)
        assert file.descriptions == ("3", "7")
        assert file.transform == TO_MAP
        found: Levels = file.read()
        return found


def wanted(scene: str, *logits: float) -> Levels:
    """Levels where the networks say ``logits`` inside a class and the opposite outside."""
    inside = np.mean([1 / (1 + np.exp(-logit)) for logit in logits])
    found = np.where(masks_of(scene), round(255 * inside), round(255 * (1 - inside)))
    found[:, -1, -1] = 0  # invalid
    return np.asarray(found, np.uint8)


def built(job: Job) -> set[str]:
    return built_by(job, predict.run, "predict")


def test_labelled_scenes_are_held_out_and_test_scenes_see_all_networks(tmp_path: Path) -> None:
    job = make_run(tmp_path)
    predict.run(job)
    # Fold 0's network says 2, fold 1's says 4 inside a class.
    np.testing.assert_array_equal(levels(job, "a_0_0"), wanted("a_0_0", 2))
    np.testing.assert_array_equal(levels(job, "b_0_0"), wanted("b_0_0", 2))
    np.testing.assert_array_equal(levels(job, "c_0_0"), wanted("c_0_0", 4))
    np.testing.assert_array_equal(levels(job, "t_0_0"), wanted("t_0_0", 2, 4))


def test_each_network_of_the_only_model_is_loaded_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = []

    def load(folder: Path) -> torch.nn.Module:
        loaded.append(folder.name)
        return fake_network(folder)

    monkeypatch.setattr(predictor, "load_network", load)
    predict.run(make_run(tmp_path))
    assert sorted(loaded) == ["all-fold-0", "all-fold-1"]


def test_level_0_is_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However sure a network is that a class is not there: that is level 1."""

    def sure(folder: Path) -> torch.nn.Module:
        network = fake_network(folder)
        with torch.no_grad():
            for weights in network.parameters():
                weights.mul_(100)
        return network

    monkeypatch.setattr(predictor, "load_network", sure)
    job = make_run(tmp_path)
    predict.run(job)
    found = levels(job, "t_0_0")
    wanted = np.where(masks_of("t_0_0"), 255, 1)
    wanted[:, -1, -1] = 0
    np.testing.assert_array_equal(found, wanted)
    record = stored(job.run / "predict" / "scene-t_0_0" / "prediction.json")
    assert record["unanswered"] == 0


def test_nothing_is_made_twice_and_a_new_scene_costs_one(tmp_path: Path) -> None:
    job = make_run(tmp_path)
    assert len(built(job)) == 5
    assert built(job) == set()
    assert built(make_run(tmp_path, test=(*TEST, "t_0_2"))) == {"scene-t_0_2"}
    assert built(make_run(tmp_path)) == set()
    assert not (job.run / "predict" / "scene-t_0_2").exists()


def test_other_weights_of_a_fold_cost_its_scenes_and_the_test_scenes(tmp_path: Path) -> None:
    job = make_run(tmp_path)
    built(job)
    with StageFolder(job.run / "train", "train", "test") as stage:
        stage.item("all-fold-0", {}, lambda _: None)
        stage.item("all-fold-1", {"seed": 1}, lambda folder: write_network(folder, 1, seed=1))
    assert built(job) == {"scene-c_0_0", "scene-t_0_0", "scene-t_0_1"}


def test_settings_that_matter(tmp_path: Path) -> None:
    built(make_run(tmp_path))
    assert len(built(make_run(tmp_path, predict={"overlap": 0.25}))) == 5
    assert built(make_run(tmp_path, predict={"overlap": 0.25}, polygons={"min_area": 5})) == set()


def test_network_of_other_inputs_is_refused(tmp_path: Path) -> None:
    job = make_run(tmp_path, features={"shape": True})
    with pytest.raises(ArtifactError, match="other inputs or classes"):
        predict.run(job)
    assert not list((job.run / "predict").glob("scene-*"))
