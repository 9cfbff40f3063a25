"""Windows cut from a shared strip are the windows cut alone."""

from pathlib import Path

import numpy as np
import pytest
import torch
from affine import Affine

from pipeline.imagery.bit_field import pack
from pipeline.imagery.channels import Channels, GroupBands
from pipeline.imagery.features import InputRecipe, Normalisation, inputs
from pipeline.imagery.patches import Window
from pipeline.imagery.scene import BandGroup
from pipeline.imagery.tiles import TiledScene, open_tiles, write_tiles
from pipeline.mapping.prediction.cutting import cutter

SIDE = 16


@pytest.fixture
def scene(tmp_path: Path) -> TiledScene:
    rng = np.random.default_rng(0)
    fine = BandGroup("P", rng.integers(1, 999, (1, 40, 60), np.uint16), None, Affine.identity())
    coarse = BandGroup(
        "M", rng.integers(1, 999, (2, 10, 15), np.uint16), None, Affine(4.1, 0, 1.5, 0, 4, -0.7)
    )
    field = pack(np.zeros((1, 40, 60), bool), np.ones((40, 60), bool))
    identity = Affine.identity()
    write_tiles(tmp_path, "a", (fine, coarse), identity, identity, 1.0, field, 1, labelled=False)
    return open_tiles(tmp_path)


def test_strip_equals_single_windows(scene: TiledScene) -> None:
    groups = (GroupBands("P", ("p",), 1000.0), GroupBands("M", ("a", "b"), 1000.0))
    channels = Channels(groups, bands=True, log=False, shape=True, contrast=(9.0,), indices=())
    count = len(channels.names)
    recipe = InputRecipe(channels, "bicubic", Normalisation((400.0,) * count, (300.0,) * count))
    corners = [(-3, -5), (-3, 4), (-3, 30), (-3, 50)]
    together = cutter(scene, recipe, SIDE, torch.device("cpu"))(corners)
    windows = [Window(row, column, SIDE, SIDE) for row, column in corners]
    alone = inputs([scene] * len(corners), windows, recipe)
    assert together.shape == (4, count, SIDE, SIDE)
    torch.testing.assert_close(together, alone, atol=2e-4, rtol=0)
