from __future__ import annotations

import numpy as np
import pytest
import torch
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.imagery.patches import Resampling, Window, cut_bands, cut_batch, cut_mask, whole
from tests.imagery.tiny_scene import tiny_scene

RNG = np.random.default_rng(0)
IDENTITY = Affine.identity()


def ramp(height: int, width: int, dtype: str = "float32") -> np.ndarray:
    """One band (1, H, W) whose number is 10 times the row plus the column, at pixel centres."""
    return (10 * np.arange(height)[:, None] + np.arange(width)).astype(dtype)[None]


def test_same_grid_gives_the_pixels() -> None:
    pixels = RNG.integers(0, 4000, (3, 7, 9), dtype=np.uint16)
    cut = cut_bands(tiny_scene((7, 9), {"X": (pixels, IDENTITY)}), Window(1, 2, 4, 5), ["X"])
    assert cut.dtype == torch.float32
    np.testing.assert_allclose(cut.numpy(), pixels[:, 1:5, 2:7], rtol=0, atol=0.01)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
def test_types_of_pixels(dtype: str) -> None:
    pixels = ramp(4, 6, dtype)
    cut = cut_bands(tiny_scene((4, 6), {"X": (pixels, IDENTITY)}), Window(0, 0, 4, 6), ["X"])
    np.testing.assert_allclose(cut.numpy(), pixels, rtol=1e-6, atol=1e-5)


def test_shift_between_pixels_is_exact() -> None:
    # The group lies 0.25 pixels right of and 0.5 above the grid: at a working centre its column
    # is 0.25 less and its row 0.5 more.
    scene = tiny_scene((8, 8), {"X": (ramp(8, 8), Affine.translation(0.25, -0.5))})
    cut = cut_bands(scene, Window(2, 2, 3, 3), ["X"])[0].numpy()
    expected = ramp(8, 8)[0, 2:5, 2:5] + 10 * 0.5 - 0.25
    np.testing.assert_allclose(cut, expected, rtol=1e-6)


def test_coarse_group_is_interpolated() -> None:
    # Three working pixels per group pixel; centres at 1/6, 1/2, 5/6 of each.
    scene = tiny_scene((12, 12), {"X": (ramp(4, 4), Affine.scale(3))})
    cut = cut_bands(scene, Window(4, 4, 3, 3), ["X"])[0].numpy()
    rows = (np.arange(4, 7) + 0.5) / 3 - 0.5
    np.testing.assert_allclose(cut, 10 * rows[:, None] + rows, rtol=1e-6)


def test_fine_group_is_averaged_not_sampled() -> None:
    pixels = np.zeros((1, 16, 16), dtype=np.uint16)
    pixels[0, ::4, ::4] = 1600  # one bright pixel of sixteen
    scene = tiny_scene((4, 4), {"X": (pixels, Affine.scale(0.25))})
    cut = cut_bands(scene, whole(scene), ["X"])
    np.testing.assert_allclose(cut.numpy(), 100)


def test_last_block_that_is_not_whole_repeats_the_edge() -> None:
    pixels = ramp(10, 10)
    scene = tiny_scene((3, 3), {"X": (pixels, Affine.scale(0.25))})
    corner = cut_bands(scene, Window(2, 2, 1, 1), ["X"]).item()
    # Rows 8, 9, 9, 9 and columns likewise: their mean is 8.75.
    assert corner == pytest.approx(11 * 8.75)


def test_border_repeats() -> None:
    scene = tiny_scene((5, 5), {"X": (ramp(5, 5), IDENTITY)})
    cut = cut_bands(scene, Window(-3, 3, 4, 6), ["X"])[0].numpy()
    np.testing.assert_allclose(cut[:, 0], 3)
    np.testing.assert_allclose(cut[0], [3, 4, 4, 4, 4, 4])
    far = cut_bands(scene, Window(100, -200, 2, 2), ["X"])[0].numpy()
    np.testing.assert_allclose(far, 40)


def test_rotated_group() -> None:
    # A quarter turn about the middle of a 6 x 6 image.
    turn = Affine.translation(3, 3) @ Affine.rotation(90) @ Affine.translation(-3, -3)
    pixels = RNG.integers(0, 4000, (1, 6, 6), dtype=np.uint16)
    scene = tiny_scene((6, 6), {"X": (pixels, turn)})
    cut = cut_bands(scene, whole(scene), ["X"])[0].numpy()
    np.testing.assert_allclose(cut, np.rot90(pixels[0], -1), rtol=1e-4)


GROUPS = {
    "fine": (
        RNG.integers(0, 4000, (3, 190, 201), dtype=np.uint16),
        Affine.scale(50 / 201, 47 / 190),
    ),
    "same": (
        RNG.integers(0, 4000, (2, 47, 50), dtype=np.uint16),
        Affine.translation(0.7, -0.3),
    ),
    "coarse": (
        RNG.integers(0, 4000, (2, 8, 9), dtype=np.uint16),
        Affine.translation(0.2, 0.1) @ Affine.rotation(1.5) @ Affine.scale(50 / 9, 47 / 8),
    ),
}


@settings(max_examples=60, deadline=None)
@given(
    row=st.integers(-20, 50),
    col=st.integers(-20, 50),
    height=st.integers(1, 30),
    width=st.integers(1, 30),
    resampling=st.sampled_from(["bilinear", "bicubic"]),
)
def test_window_equals_the_whole_scene_cropped(
    row: int, col: int, height: int, width: int, resampling: Resampling
) -> None:
    scene = tiny_scene((47, 50), GROUPS)
    window = Window(row, col, height, width)
    # The whole scene with as much around it as a window may reach past it.
    everything = cut_bands(scene, Window(-20, -20, 110, 110), list(GROUPS), resampling)
    cut = cut_bands(scene, window, list(GROUPS), resampling)
    expected = everything[:, row + 20 : row + 20 + height, col + 20 : col + 20 + width]
    np.testing.assert_allclose(cut.numpy(), expected.numpy(), rtol=0, atol=4000 * 1e-5)


def test_batch_stacks_scenes_and_keeps_the_order_of_groups() -> None:
    one = tiny_scene((47, 50), GROUPS)
    other = tiny_scene((47, 50), {**GROUPS, "same": (GROUPS["same"][0][::-1], IDENTITY)})
    windows = [Window(0, 0, 8, 8), Window(5, 7, 8, 8)]
    batch = cut_batch([one, other], windows, ["coarse", "same"])
    assert batch.shape == (2, 4, 8, 8)
    torch.testing.assert_close(batch[0], cut_bands(one, windows[0], ["coarse", "same"]))
    torch.testing.assert_close(batch[1], cut_bands(other, windows[1], ["coarse", "same"]))


def test_mask_of_a_window_past_the_scene() -> None:
    masks = np.zeros((2, 3, 4), dtype=np.bool_)
    masks[0, 0, 0] = masks[1, 2, 3] = True
    valid = np.ones((3, 4), dtype=np.bool_)
    valid[1, 1] = False
    scene = tiny_scene((3, 4), {}, masks, valid)
    cut, seen = cut_mask(scene, Window(-1, -1, 5, 6))
    assert cut.shape == (2, 5, 6)
    assert list(zip(*np.nonzero(cut), strict=True)) == [(0, 1, 1), (1, 3, 4)]
    assert not seen[0].any()
    assert not seen[:, 5].any()
    assert not seen[2, 2]
    assert seen.sum() == 11
    nothing, nowhere = cut_mask(scene, Window(50, 50, 2, 2))
    assert not nothing.any()
    assert not nowhere.any()
