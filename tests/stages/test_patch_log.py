"""Pictures of a training: in its log, whatever happened to it, and of no consequence."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from pipeline.code_version import _SHOWN, imported_by
from pipeline.config.dataset import ClassRow
from pipeline.learning.history import Progress
from pipeline.reporting.patch_images import PANEL, draw_colours, draw_panels, shades
from pipeline.reporting.viewer.palette import viewer_classes
from pipeline.stages import augment, train
from pipeline.stages.job import Job
from pipeline.stages.patch_log import PatchLog
from pipeline.stages.watch import Watch
from tests.learning.tiny_training import KilledError
from tests.stages.tiled_run import tiled_job, write_tiled_run

SETTINGS: dict[str, dict[str, Any]] = {
    "train": {"steps": 6, "validations": 3, "average": 0.9},
    "network": {"kind": "unet", "width": 4, "depth": 2, "dropout": 0.3},
}


def _job(folder: Path) -> Job:
    augment.run(write_tiled_run(folder))
    return tiled_job(folder, **SETTINGS)


def _pictures(job: Job, fold: int) -> dict[str, list[tuple[int, bytes]]]:
    """Steps and bytes of the pictures of a finished training, by tag."""
    from tensorboard.backend.event_processing import (  # type: ignore[import-untyped]
        plugin_event_accumulator,
    )

    folder = job.run / "train" / f"all-fold-{fold}" / "tensorboard"
    log = plugin_event_accumulator.EventAccumulator(str(folder), tensor_size_guidance={})
    log.Reload()
    tags = [tag for tag in log.Tags()["tensors"] if tag.startswith("patches/")]
    return {
        tag: [(one.step, one.tensor_proto.string_val[2]) for one in log.Tensors(tag)]
        for tag in tags
    }


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Job:
    """A training that was not interrupted."""
    job = _job(tmp_path_factory.mktemp("whole"))
    train.run(job)
    return job


def test_pictures_lie_at_every_validation(whole: Job) -> None:
    found = _pictures(whole, 0)
    assert sorted(found)[-1] == "patches/colours"
    assert len(found) == 4
    assert [step for step, _ in found["patches/colours"]] == [2]
    for tag in sorted(found)[:-1]:
        assert [step for step, _ in found[tag]] == [2, 4, 6]
        with Image.open(io.BytesIO(found[tag][0][1])) as image:
            assert image.format == "JPEG"
            assert max(image.width / 4, image.height) == pytest.approx(PANEL, abs=4)
    files = list((whole.run / "train").glob("*/tensorboard/*"))
    assert len(files) == 2
    assert all(file.stat().st_size < 300_000 for file in files)


def test_pictures_are_the_same_after_a_kill(
    whole: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, step = _job(tmp_path), Watch.step

    def killed(at: int) -> Callable[[Watch, Progress, float], None]:
        def on_step(self: Watch, progress: Progress, loss: float) -> None:
            step(self, progress, loss)
            if progress.step == at:
                raise KilledError

        return on_step

    monkeypatch.setattr(Watch, "step", killed(5))
    with pytest.raises(KilledError):
        train.run(job)
    monkeypatch.setattr(Watch, "step", step)
    train.run(job)
    for fold in (0, 1):
        assert _pictures(job, fold) == _pictures(whole, fold)
        one, other = (
            load_file(run.run / "train" / f"all-fold-{fold}" / "weights.safetensors")
            for run in (job, whole)
        )
        assert all(torch.equal(one[name], other[name]) for name in one)


def test_weights_are_those_of_a_training_without_pictures(
    whole: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PatchLog, "draw", lambda *_: [])
    job = _job(tmp_path)
    train.run(job)
    assert _pictures(job, 0) == {}
    for fold in (0, 1):
        one, other = (
            load_file(run.run / "train" / f"all-fold-{fold}" / "weights.safetensors")
            for run in (job, whole)
        )
        assert all(torch.equal(one[name], other[name]) for name in one)


def test_many_validations_are_not_all_drawn() -> None:
    def drawn(validations: int) -> list[int]:
        log = PatchLog(None, (), Path(), validations)  # type: ignore[arg-type]
        return [number for number in range(1, validations + 1) if log._is_drawn(number)]

    assert drawn(1) == [1]
    assert drawn(10) == list(range(1, 11))
    assert drawn(25) == [3, 5, 8, 10, 13, 15, 18, 20, 23, 25]
    assert len(drawn(1000)) == 10


def test_code_of_pictures_retrains_nothing() -> None:
    deciding = imported_by("pipeline.stages.train", _SHOWN)
    assert "pipeline.stages.patch_log" in deciding
    assert not {name for name in deciding if name.startswith("pipeline.reporting")}
    assert "pipeline.reporting.patch_images" in imported_by("pipeline.stages.train")


def _panels(data: bytes) -> list[np.ndarray]:
    sheet = np.asarray(Image.open(io.BytesIO(data))).astype(int)
    width = (sheet.shape[1] + 4) // 4
    return [sheet[:, number * width : number * width + width - 4] for number in range(4)]


def test_panels_by_hand() -> None:
    """Red is true on the left half and predicted, with 0.6, on the upper one; the rest is blue."""
    photo = np.full((32, 32, 3), (0, 200, 0), np.uint8)
    truth, probability = np.zeros((2, 8, 8), bool), np.zeros((2, 8, 8), np.float32)
    truth[0, :, :4] = True
    probability[0, :4], probability[1, 4:] = 0.6, 0.4
    valid = np.ones((8, 8), bool)
    valid[:, 7] = False
    data = draw_panels(photo, truth, probability, valid, ("#ff0000", "#0000ff"))
    image, true, masks, chances = _panels(data)
    assert np.abs(image[8:24, 8:24] - (0, 200, 0)).max() < 16
    grey = 56 + 0.36 * 200 / 3
    assert np.abs(true[16, 6] - (0.9 * 255 + 0.1 * grey, 0.1 * grey, 0.1 * grey)).max() < 16
    assert np.abs(true[16, 22] - grey).max() < 16
    assert masks[8, 8, 0] > 200 > masks[24, 8, 0]
    assert np.abs(masks[24, 8] - grey).max() < 16, "0.4 is not predicted"
    assert masks[8, 8, 0] > chances[8, 8, 0] + 40 > grey + 80, "0.6 is paler than all of it"
    assert chances[24, 8, 2] > chances[24, 8, 0] + 40
    for panel in (true, masks, chances):
        assert panel[16, 31].min() > 225, "nothing is known there"


def test_many_classes_have_colours_of_their_own() -> None:
    rows = [ClassRow(code=code, name=f"class {code}") for code in range(60)]
    drawn = [row.colour for row in viewer_classes(rows)]
    assert len(set(drawn)) < 60
    assert len(set(shades(drawn))) == 60
    assert shades(["#ff0000", "#0000ff", "#ff0000", "#ff0000"]) == [
        *("#ff0000", "#0000ff", "#ff8080", "#8c0000")
    ]


def test_colours_are_named_even_if_names_are_long() -> None:
    names = ("trees", "w" * 80, *(f"class {number}" for number in range(58)))
    with Image.open(io.BytesIO(draw_colours(names, ["#ff0000"] * 60))) as image:
        assert image.width == 660
        assert image.height >= 20 * 20
    assert draw_colours(("a\nb\x00",), ["#ff0000"]) == draw_colours(("a?b?",), ["#ff0000"])
    assert Image.open(io.BytesIO(draw_colours(("one",), ["#0000ff"]))).width < 300
