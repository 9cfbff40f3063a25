from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from affine import Affine

from pipeline.errors import DatasetError
from pipeline.imagery.channels import Channels
from pipeline.imagery.statistics import measure, sample_channels
from tests.contest_folder import contest_config
from tests.imagery.tiny_scene import tiny_scene

CONFIG = contest_config(Path("raw"), ("P",))
CHANNELS = Channels.of(CONFIG, CONFIG.features)
PIXELS = np.arange(300 * 280, dtype=np.float32).reshape(1, 300, 280)


def test_samples_are_the_valid_pixels() -> None:
    valid = np.zeros((300, 280), dtype=np.bool_)
    valid[3:290, 250:270] = True
    scene = tiny_scene((300, 280), {"P": (PIXELS, Affine.identity())}, valid=valid)
    found = sample_channels(scene, CHANNELS, "bilinear", 100_000)
    assert found.shape == (287 * 20, 1)
    np.testing.assert_allclose(np.sort(found[:, 0]), np.sort(PIXELS[0][valid]), atol=0.5)


def test_a_limited_sample_is_drawn_evenly_and_repeatably() -> None:
    scene = tiny_scene((300, 280), {"P": (PIXELS, Affine.identity())})
    one = sample_channels(scene, CHANNELS, "bilinear", 500)
    assert one.shape == (500, 1)
    np.testing.assert_array_equal(one, sample_channels(scene, CHANNELS, "bilinear", 500))
    assert one.mean() == pytest.approx(PIXELS.mean(), rel=0.05)


def test_small_scenes_count_as_much_as_their_pixels() -> None:
    dark = tiny_scene((4, 4), {"P": (np.full((1, 4, 4), 10.0), Affine.identity())})
    bright = tiny_scene((4, 4), {"P": (np.full((1, 4, 4), 30.0), Affine.identity())})
    assert measure([dark, bright], CHANNELS, "bilinear").center == (20,)


def test_no_valid_pixel() -> None:
    valid = np.zeros((4, 4), dtype=np.bool_)
    scene = tiny_scene((4, 4), {"P": (PIXELS[:, :4, :4], Affine.identity())}, valid=valid)
    with pytest.raises(DatasetError, match=r"none of the 1 labelled scenes has a valid pixel"):
        measure([scene], CHANNELS, "bilinear")
