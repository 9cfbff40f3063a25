from __future__ import annotations

import numpy as np
import pytest
from affine import Affine
from numpy.typing import NDArray

from pipeline.imagery.patches import Resampling, Window, cut_bands
from pipeline.imagery.scene import BandGroup
from pipeline.imagery.tiles import TiledScene, TileGroup
from pipeline.imagery.validity import valid_on_grid

IDENTITY = Affine.identity()


def group(side: int, to_reference: Affine, valid: NDArray[np.bool_] | None = None) -> BandGroup:
    return BandGroup("X", np.zeros((1, side, side), dtype=np.uint16), valid, to_reference)


def test_all_valid() -> None:
    assert valid_on_grid([group(6, IDENTITY)], IDENTITY, (6, 6)).all()


def test_invalid_pixel_and_what_is_mixed_with_it() -> None:
    valid = np.ones((7, 7), dtype=np.bool_)
    valid[3, 3] = False
    found = valid_on_grid([group(7, IDENTITY, valid)], IDENTITY, (7, 7))
    expected = np.ones((7, 7), dtype=np.bool_)
    expected[2:5, 2:5] = False
    np.testing.assert_array_equal(found, expected)


def test_coarse_invalid_pixel_covers_its_neighbourhood_on_the_fine_grid() -> None:
    valid = np.ones((4, 4), dtype=np.bool_)
    valid[0, 0] = False
    found = valid_on_grid([group(4, Affine.scale(3), valid)], IDENTITY, (12, 12))
    assert not found[:6, :6].any()
    assert found[6:].all()
    assert found[:, 6:].all()


@pytest.mark.parametrize("resampling", ["bilinear", "bicubic"])
@pytest.mark.parametrize("scale", [0.4, 1, 2, 3, 3.3, 4, 5])
def test_no_invalid_pixel_takes_part_in_a_valid_value(resampling: Resampling, scale: float) -> None:
    # One pixel of the group is invalid, and the only one that is not zero.
    side, shift, spot = 60, Affine.translation(0.3, -0.2), (29, 31)
    ok = np.ones((side, side), dtype=np.bool_)
    ok[spot] = False
    pixels = np.where(ok, 0, 60000).astype(np.uint16)[None]
    imagery = BandGroup("X", pixels, ok, shift)
    to_working, shape = Affine.scale(1 / scale), (int(side / scale), int(side / scale))
    valid = valid_on_grid([imagery], to_working, shape, resampling)
    groups = {"X": TileGroup("X", pixels, to_working @ shift)}
    mask = np.zeros(shape, dtype=np.uint8)
    tiles = TiledScene("a", shape, 1.0, IDENTITY, groups, mask, 1, labelled=True)
    cut = cut_bands(tiles, Window(0, 0, *shape), ["X"], resampling)[0].numpy()
    assert (cut != 0).any()
    assert not cut[valid].any()


def test_ground_past_a_shifted_group() -> None:
    # The group begins three working pixels right of the grid: one of its pixels is granted.
    found = valid_on_grid([group(10, Affine.translation(3, 0))], IDENTITY, (10, 10))
    assert not found[:, :2].any()
    assert found[:, 2:].all()


def test_every_group_counts() -> None:
    groups = [group(10, Affine.translation(3, 0)), group(10, Affine.translation(0, -4))]
    found = valid_on_grid(groups, IDENTITY, (10, 10))
    assert int(found.sum()) == 8 * 7


def test_working_grid_of_another_resolution_in_strips() -> None:
    # 1200 working rows are more than one strip.
    valid = np.ones((300, 300), dtype=np.bool_)
    valid[200, 100] = False
    found = valid_on_grid([group(300, IDENTITY, valid)], Affine.scale(4), (1200, 1200))
    rows, cols = np.nonzero(~found)
    assert (rows.min(), rows.max(), cols.min(), cols.max()) == (796, 807, 396, 407)
