from __future__ import annotations

import numpy as np
import pytest
from affine import Affine
from numpy.typing import NDArray
from scipy.ndimage import affine_transform, gaussian_filter

from pipeline.imagery.registration import Motion, Registration, register

METRES = 2.0


def ground(seed: int = 0, side: int = 96) -> NDArray[np.float64]:
    """A smooth random surface (side, side) around 1000."""
    rng = np.random.default_rng(seed)
    return np.asarray(gaussian_filter(rng.normal(size=(side, side)), 1.5) * 1000 + 1000)


def moved(
    image: NDArray[np.float64], right: float, down: float, degrees: float = 0
) -> NDArray[np.float64]:
    """The image with its content turned about its middle and moved, by cubic splines."""
    middle = image.shape[1] / 2, image.shape[0] / 2
    motion = (
        Affine.translation(right, down)
        @ Affine.translation(*middle)
        @ Affine.rotation(degrees)
        @ Affine.translation(-middle[0], -middle[1])
    )
    a, b, c, d, e, f = (~(Affine.translation(-0.5, -0.5) @ motion @ Affine.translation(0.5, 0.5)))[
        :6
    ]
    result: NDArray[np.float64] = affine_transform(
        image, [[e, d], [b, a]], offset=[f, c], order=3, mode="nearest"
    )
    return result


def find(
    reference: NDArray[np.float64],
    group: NDArray[np.float64],
    motion: Motion = "translation",
    valid: NDArray[np.bool_] | None = None,
    max_shift: float = 15,
) -> Registration:
    bands = np.stack([reference, reference**1.2]).astype(np.float32)
    return register(bands, group[None].astype(np.float32), valid, METRES, motion, max_shift, 0.5)


@pytest.mark.parametrize(("right", "down"), [(0, 0), (0.3, -0.7), (2.25, 1.5), (-5, 4)])
def test_known_shift(right: float, down: float) -> None:
    found = find(ground(), moved(ground(), right, down))
    assert found.status == "aligned"
    assert found.metres == pytest.approx((right * METRES, down * METRES), abs=0.1)
    assert found.correlation > 0.95


def test_motion_leads_from_the_reference_to_the_group() -> None:
    found = find(ground(), moved(ground(), 2.25, -1.5))
    assert found.motion @ (10, 10) == pytest.approx((12.25, 8.5), abs=0.1)


def test_band_in_which_dark_is_bright() -> None:
    found = find(ground(), 2000 - moved(ground(), 1.5, 0.5))
    assert found.status == "aligned"
    assert found.metres == pytest.approx((3, 1), abs=0.1)


def test_finer_reference() -> None:
    fine = ground(side=192)
    blocks = moved(fine, 3, -2).reshape(96, 2, 96, 2).mean((1, 3))
    found = find(fine, blocks)
    assert found.metres == pytest.approx((1.5 * METRES, -1 * METRES), abs=0.1)


def test_large_image_goes_from_coarse_to_fine() -> None:
    big = (
        np.asarray(gaussian_filter(np.random.default_rng(3).normal(size=(420, 420)), 4)) * 3000
        + 1000
    )
    found = find(big, moved(big, -6.5, 3.25))
    assert found.metres == pytest.approx((-13, 6.5), abs=0.3)


def test_rotation_is_found_if_asked_for() -> None:
    turned = moved(ground(), 1.0, 0.5, degrees=1.0)
    found = find(ground(), turned, "euclidean")
    assert found.status == "aligned"
    assert found.degrees == pytest.approx(1.0, abs=0.05)
    assert found.metres == pytest.approx((2, 1), abs=0.15)
    assert find(ground(), turned, "translation").degrees == 0


def test_uncorrelated_pair_stays_unaligned_and_says_why() -> None:
    found = find(ground(1), ground(2))
    assert found.status == "unaligned"
    assert found.motion == Affine.identity()
    assert "correlation" in found.note or "converge" in found.note


def test_implausible_shift_is_not_believed() -> None:
    found = find(ground(), moved(ground(), 4, 0), max_shift=5)
    assert found.status == "unaligned"
    assert found.motion == Affine.identity()
    assert "8 m exceeds scenes.max_shift of 5 m" in found.note
    assert found.metres == pytest.approx((8, 0), abs=0.1)


def test_invalid_corner_takes_no_part() -> None:
    valid = np.ones((96, 96), dtype=np.bool_)
    valid[:40, :40] = False
    reference, group = ground(), moved(ground(), 1.5, -1.0)
    reference[:40, :40] = group[:40, :40] = 0
    found = find(reference, group, valid=valid)
    assert found.metres == pytest.approx((3, -2), abs=0.2)


@pytest.mark.parametrize(
    ("group", "note"),
    [
        (np.full((96, 96), 7.0), "converge"),
        (np.zeros((4, 96)), "smaller than 16 pixels"),
    ],
)
def test_images_that_show_nothing(group: NDArray[np.float64], note: str) -> None:
    found = find(ground(), group)
    assert found.status == "unaligned"
    assert note in found.note


def test_nothing_valid() -> None:
    found = find(ground(), ground(), valid=np.zeros((96, 96), dtype=np.bool_))
    assert (found.status, found.note) == ("unaligned", "no pixel is valid")
