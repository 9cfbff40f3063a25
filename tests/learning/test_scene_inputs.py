"""Inputs kept for whole scenes are those of windows cut anew."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from affine import Affine

from pipeline.imagery.bit_field import pack
from pipeline.imagery.channels import Channels, GroupBands, Index
from pipeline.imagery.features import InputRecipe, Normalisation
from pipeline.imagery.patches import Window
from pipeline.imagery.scene import BandGroup
from pipeline.imagery.tiles import TiledScene, open_tiles, write_tiles
from pipeline.learning.scene_inputs import SceneInputs

CPU = torch.device("cpu")
SHAPE = (20, 26)
RECIPE = InputRecipe(
    Channels(
        (GroupBands("M", ("x", "y"), 1000.0), GroupBands("A", ("z",), 1000.0)),
        True,
        True,
        False,
        (9.0,),
        (Index("i", "difference", (0, 1)),),
    ),
    "bilinear",
    Normalisation((-1.0, -1.0, -1.0, 0.0, 0.0, 0.0, 0.0), (1.0,) * 7),
)


@pytest.fixture
def scenes(tmp_path: Path) -> dict[str, TiledScene]:
    rng = np.random.default_rng(0)
    groups = (
        BandGroup(
            "M", rng.integers(1, 900, (2, *SHAPE)).astype(np.uint16), None, Affine.identity()
        ),
        BandGroup(
            "A", rng.integers(1, 900, (1, 5, 7)).astype(np.uint16), None, Affine.scale(4.0, 4.0)
        ),
    )
    field = pack(np.zeros((1, *SHAPE), bool), np.ones(SHAPE, bool))
    identity = Affine.identity()
    write_tiles(tmp_path, "a", groups, identity, identity, 1.0, field, 1, True)
    return {"a": open_tiles(tmp_path)}


def test_kept_and_cut_anew_are_equal_inside(scenes: dict[str, TiledScene]) -> None:
    windows = [Window(0, 0, 8, 8), Window(12, 18, 8, 8), Window(5, 7, 8, 8)]
    kept = SceneInputs(scenes, RECIPE, CPU)(["a"] * 3, windows)
    anew = SceneInputs(scenes, RECIPE, CPU, limit=0)(["a"] * 3, windows)
    for one, other in zip(kept, anew, strict=True):
        assert one.shape == other.shape == (7, 8, 8)
        assert torch.allclose(one, other, atol=1e-4)


def test_past_the_scene_the_edge_repeats(scenes: dict[str, TiledScene]) -> None:
    source = SceneInputs(scenes, RECIPE, CPU)
    (whole,) = source(["a"], [Window(0, 0, *SHAPE)])
    (over,) = source(["a"], [Window(-3, 22, 30, 8)])
    expected = np.pad(whole.numpy(), ((0, 0), (3, 7), (0, 4)), mode="edge")[:, :, 22:30]
    assert np.array_equal(over.numpy(), expected)


def test_gains_are_never_taken_from_what_is_kept(scenes: dict[str, TiledScene]) -> None:
    source = SceneInputs(scenes, RECIPE, CPU)
    window = [Window(2, 3, 8, 8)]
    (plain,) = source(["a"], window)
    (bright,) = source(["a"], window, torch.full((1, 3), 2.0))
    # The logarithm's guard is 1e-3 of 1: twice the light adds a little less than log 2.
    assert (bright[:3] - plain[:3]).mean().item() == pytest.approx(np.log(2), abs=0.02)
    assert torch.allclose(bright[3:], plain[3:], atol=1e-4)


def test_a_tint_changes_its_own_band(scenes: dict[str, TiledScene]) -> None:
    source = SceneInputs(scenes, RECIPE, CPU)
    window = [Window(2, 3, 8, 8)]
    (plain,) = source(["a"], window)
    (tinted,) = source(["a"], window, torch.tensor([[1.0, 2.0, 1.0]]))
    change = (tinted - plain).abs().amax((1, 2))
    assert change[1] > 0.5
    assert change[[0, 2]].max() < 1e-4
    assert torch.allclose(tinted[3:6], plain[3:6], atol=1e-4), "contrasts of logarithms stay"
    assert change[6] > 0.1, "an index of both bands"
