from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pipeline.config import Config
from pipeline.imagery.channels import Channels
from pipeline.imagery.contrast import DARK, box_mean
from pipeline.imagery.features import CLIP, InputRecipe, Normalisation, inputs
from pipeline.imagery.patches import Window, whole
from tests.contest_folder import GROUPS, contest_config
from tests.imagery.tiny_scene import tiny_scene

RNG = np.random.default_rng(1)


def of_config(config: Config) -> Channels:
    return Channels.of(config, config.features)


def channels(present: tuple[str, ...] = ("P", "M"), **features: Any) -> Channels:
    return of_config(contest_config(Path("raw"), present, features=features))


def test_bands_alone() -> None:
    made = channels()
    assert made.names == (
        "P.pan",
        *(f"M.{band}" for band in GROUPS["M"][3]),
    )
    bands = torch.rand(2, 9, 3, 4)
    torch.testing.assert_close(made(bands), bands, rtol=0, atol=0)


def test_groups_are_used_in_the_datasets_order() -> None:
    assert channels(("RGB", "P", "M"), groups=["M", "RGB"]).names[:4] == (
        "RGB.red",
        "RGB.green",
        "RGB.blue",
        "M.coastal",
    )


def test_order_of_all_channels() -> None:
    made = channels(
        ("RGB", "P"),
        shape=True,
        log=True,
        contrast=[5, 20],
        indices=[{"name": "hue", "a": "RGB.red", "b": "P.pan"}],
    )
    assert made.names == (
        "RGB.red",
        "RGB.green",
        "RGB.blue",
        "P.pan",
        "shape RGB.red",
        "shape RGB.green",
        "shape RGB.blue",
        "contrast 5 m RGB.red",
        "contrast 5 m RGB.green",
        "contrast 5 m RGB.blue",
        "contrast 20 m RGB.red",
        "contrast 20 m RGB.green",
        "contrast 20 m RGB.blue",
        "contrast 5 m P.pan",
        "contrast 20 m P.pan",
        "hue",
    )
    assert Channels.from_json(made.to_json()) == made


def test_values_worked_out_by_hand() -> None:
    # Reflectance is a number over 10000.
    bands = torch.tensor([1000.0, 3000.0, 8000.0, 500.0]).reshape(1, 4, 1, 1)
    index = {"name": "hue", "a": "RGB.red", "b": "P.pan"}
    raw = channels(("RGB", "P"), shape=True, indices=[index])(bands).flatten().tolist()
    assert raw[4:7] == [-3000, -1000, 4000]
    assert raw[7] == pytest.approx(500 / 1500)
    logs = channels(("RGB", "P"), log=True, shape=True)(bands).flatten().tolist()
    expected = [math.log(number / 10_000 + DARK) for number in (1000, 3000, 8000, 500)]
    assert logs[:4] == pytest.approx(expected)
    assert logs[4] == pytest.approx(expected[0] - sum(expected[:3]) / 3)


def test_bands_can_be_left_out() -> None:
    made = channels(("RGB",), bands=False, shape=True)
    assert made.names == ("shape RGB.red", "shape RGB.green", "shape RGB.blue")
    bands = torch.tensor([1.0, 2.0, 6.0]).reshape(1, 3, 1, 1)
    assert made(bands).flatten().tolist() == [-2, -1, 3]


def test_index_uses_bands_of_the_group_that_has_them_all() -> None:
    made = channels(("RGB", "M"), indices=["NDVI", "EVI"])
    names = [*channels(("RGB", "M")).names]
    assert [names[place] for place in made.indices[0].bands] == ["M.nir1", "M.red"]
    assert [names[place] for place in made.indices[1].bands] == ["M.nir1", "M.red", "M.blue"]


@given(
    bands=hnp.arrays(np.float32, (1, 9, 2, 2), elements=st.floats(-(2.0**100), 2.0**100, width=32))
)
def test_finite_for_any_finite_band(bands: np.ndarray) -> None:
    made = channels(log=True, indices=["NDVI", "NDWI", "EVI", "SAVI", "CCCI"])
    assert torch.isfinite(made(torch.from_numpy(bands))).all()


@pytest.mark.parametrize("radius", [1, 3, 20])
def test_box_mean_is_the_plain_mean_with_repeated_edges(radius: int) -> None:
    values = RNG.normal(1000, 50, (2, 1, 9, 12)).astype(np.float32)
    found = box_mean(torch.from_numpy(values), radius).numpy()
    padded = np.pad(values, ((0, 0), (0, 0), (radius, radius), (radius, radius)), mode="edge")
    side = 2 * radius + 1
    for row, col in ((0, 0), (4, 5), (8, 11)):
        plain = padded[:, :, row : row + side, col : col + side].mean((2, 3), dtype=np.float64)
        np.testing.assert_allclose(found[:, :, row, col], plain, rtol=1e-6)


def test_normalisation_is_robust() -> None:
    samples = RNG.normal(5, 2, (4001, 1)).astype(np.float32)
    samples[:40] = 1e9
    found = Normalisation.of(samples)
    assert found.center[0] == pytest.approx(5, abs=0.2)
    assert found.scale[0] == pytest.approx(2, abs=0.2)


def test_normalisation_by_hand_and_of_constant_channels() -> None:
    rare = [0.0] * 96 + [10.0] * 4
    samples = np.array([np.arange(100), np.full(100, 7), rare], dtype=np.float32).T
    found = Normalisation.of(samples)
    # Quartiles of 0 ... 99 are 24.75 and 74.25.
    assert found.center == pytest.approx((49.5, 7, 0))
    assert found.scale[0] == pytest.approx(49.5 / 1.3489795)
    assert found.scale[1] == 1
    assert found.scale[2] == pytest.approx(np.std(rare))


def test_recipe_normalises_and_clips() -> None:
    recipe = InputRecipe(channels(("RGB",)), "bilinear", Normalisation((10, 0, 0), (2, 1, 1)))
    bands = torch.tensor([14.0, 1e6, -1e6]).reshape(1, 3, 1, 1)
    assert recipe(bands).flatten().tolist() == [2, CLIP, -CLIP]
    assert InputRecipe.from_json(recipe.to_json()) == recipe


SCENE = tiny_scene(
    (40, 44),
    {
        "RGB": (
            RNG.integers(100, 900, (3, 120, 130), dtype=np.uint16),
            Affine.scale(44 / 130, 40 / 120),
        ),
        "A": (
            RNG.integers(100, 900, (8, 7, 8), dtype=np.uint16),
            Affine.translation(0.4, -0.2) @ Affine.scale(44 / 8, 40 / 7),
        ),
    },
    metres=1.25,
)


@pytest.mark.parametrize("resampling", ["bilinear", "bicubic"])
def test_inputs_have_no_seams_between_windows(resampling: Any) -> None:
    config = contest_config(
        Path("raw"),
        ("RGB", "A"),
        features={"log": True, "shape": True, "contrast": [6, 18], "resampling": resampling},
    )
    made = of_config(config)
    count = len(made.names)
    recipe = InputRecipe(made, resampling, Normalisation((0.0,) * count, (1.0,) * count))
    everything = inputs([SCENE], [whole(SCENE)], recipe)[0]
    assert everything.shape == (count, 40, 44)
    for window in (Window(0, 0, 16, 16), Window(13, 9, 16, 16), Window(24, 28, 16, 16)):
        rows = slice(window.row, window.row + 16)
        cols = slice(window.col, window.col + 16)
        part = inputs([SCENE], [window], recipe)[0]
        torch.testing.assert_close(part, everything[:, rows, cols], rtol=0, atol=5e-5)
