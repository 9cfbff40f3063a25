"""Batches from cached scenes: values at their places under every view."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from affine import Affine

from pipeline.config.augment import Enrichment
from pipeline.imagery.bit_field import pack
from pipeline.imagery.channels import Channels, GroupBands
from pipeline.imagery.features import InputRecipe, Normalisation
from pipeline.imagery.scene import BandGroup
from pipeline.imagery.tiles import TiledScene, open_tiles, write_tiles
from pipeline.learning.difficulty import Difficulty
from pipeline.learning.enrichment import Enricher
from pipeline.learning.plan import make_plan, scene_windows, window_counts
from pipeline.learning.sampler import Sampler
from pipeline.learning.scene_inputs import SceneInputs
from pipeline.learning.scene_source import SceneSource, side_by_side

CPU = torch.device("cpu")
SHAPE = (20, 24)


def _scene(folder: Path, name: str) -> TiledScene:
    """Band value 100 where class 0 is; an invalid row."""
    rng = np.random.default_rng(len(name))
    masks = rng.random((2, *SHAPE)) < 0.4
    valid = np.ones(SHAPE, bool)
    valid[3] = False
    pixels = (np.stack([masks[0], ~masks[0]]) * 100).astype(np.uint16)
    group = BandGroup("M", pixels, None, Affine.identity())
    folder = folder / name
    folder.mkdir()
    identity = Affine.identity()
    write_tiles(folder, name, (group,), identity, identity, 1.0, pack(masks, valid), 2, True)
    return open_tiles(folder)


@pytest.fixture
def scenes(tmp_path: Path) -> dict[str, TiledScene]:
    return {name: _scene(tmp_path, name) for name in ("a", "bb")}


def _source(scenes: dict[str, TiledScene], **enrich: float) -> SceneSource:
    channels = Channels((GroupBands("M", ("x", "y"), 1000.0),), True, False, False, (), ())
    recipe = InputRecipe(channels, "bilinear", Normalisation((50.0, 50.0), (50.0, 50.0)))
    corners = scene_windows(SHAPE, 8, 4)
    counts = window_counts(np.ones((2, *SHAPE), bool), np.ones(SHAPE, bool), corners, 8)
    plan = make_plan({"a": (corners, counts)}, 0.5)
    shapes = {name: scene.shape for name, scene in scenes.items()}
    sampler = Sampler(plan, shapes, 8, 4, True, 0, 0)
    inputs = SceneInputs(scenes, recipe, CPU)
    return SceneSource(
        scenes, (0, 1), ("bb",), sampler, inputs, Enricher(Enrichment(**enrich), 2, 2), 4, 8, CPU
    )


def test_inputs_and_masks_stay_together_in_every_view(scenes: dict[str, TiledScene]) -> None:
    source = _source(scenes)
    for step in range(20):
        batch = source.batch(step)
        assert batch.inputs.shape == (4, 2, 8, 8)
        assert batch.inputs.dtype == torch.float32
        # Channel 0 is 1 in class 0 and -1 elsewhere, channel 1 the opposite; masks are of valid
        # pixels alone.
        assert torch.equal((batch.inputs[:, 0] > 0) & batch.valid, batch.masks[:, 0])
        assert torch.equal((batch.inputs[:, 1] < 0) & batch.valid, batch.masks[:, 0])
        assert batch.inputs.abs().max() == pytest.approx(1.0)
        assert batch.masks.dtype == batch.valid.dtype == torch.bool


def test_a_step_gives_the_same_batch_again(scenes: dict[str, TiledScene]) -> None:
    settings = {"noise": 0.5, "gain": 0.1, "rotation": 5.0}
    one, two = _source(scenes, **settings), _source(scenes, **settings)
    one.batch(0)
    assert torch.equal(one.batch(7).inputs, two.batch(7).inputs)
    assert not torch.equal(one.batch(7).inputs, two.batch(8).inputs)


def test_hard_windows_come_more_often(scenes: dict[str, TiledScene]) -> None:
    source = _source(scenes)
    difficulty = Difficulty(source.windows, 1.0)
    losses = [1e-6] * source.windows
    losses[:3] = [1.0] * 3
    difficulty.update(range(source.windows), [1.0] * source.windows)
    even = [place for number in range(30) for place in source.batch(number, difficulty).places]
    difficulty.losses[:] = losses
    assert len(even) == 120
    assert source.batch(2).places == source.batch(2).places
    hard = [place for number in range(30) for place in source.batch(number, difficulty).places]
    assert sum(place < 3 for place in hard) > sum(place < 3 for place in even)


def test_gain_changes_bands_before_normalisation(scenes: dict[str, TiledScene]) -> None:
    plain, bright = _source(scenes).batch(0), _source(scenes, gain=0.5).batch(0)
    dark = plain.inputs < 0  # the number 0 stays 0 under any light
    assert torch.allclose(bright.inputs[dark], plain.inputs[dark], atol=1e-5)
    for patch, before in zip(bright.inputs, plain.inputs, strict=True):
        lit = patch[before > 0]
        assert lit.std() < 1e-5
        assert -0.01 <= lit[0] <= 2.01  # 100 x 0.5 ... 1.5, less 50, over 50
    assert not torch.equal(bright.inputs, plain.inputs)


def test_held_out_scenes_come_whole_and_once(scenes: dict[str, TiledScene]) -> None:
    batches = list(_source(scenes).held_out())
    valid = torch.cat([batch.valid for batch in batches])
    masks = torch.cat([batch.masks for batch in batches])
    scene = scenes["bb"]
    expected_valid = scene.mask & 4 == 0
    assert int(valid.sum()) == int(expected_valid.sum())
    for k in range(2):
        expected = ((scene.mask >> k) & 1).astype(bool) & expected_valid
        assert int((masks[:, k] & valid).sum()) == int(expected.sum())


def test_windows_side_by_side_cover_once() -> None:
    seen = np.zeros((24, 16), int)
    for window in side_by_side((20, 9), 8):
        seen[window.row : window.row + 8, window.col : window.col + 8] += 1
    assert (seen[:20, :9] == 1).all()
