"""Pixel -> polygon -> pixel is the identity; cleaning and simplifying do what they say."""

import numpy as np
from hypothesis import given, settings
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from rasterio.features import rasterize

from pipeline.mapping.masks.planes import HeldPlane, Strips
from pipeline.mapping.polygons import assembled, mean_levels, trace
from pipeline.mapping.tracing.corners import corners_of
from pipeline.mapping.tracing.rings import rings_of
from tests.mapping.tracing.reference import draw

MASKS = hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, max_side=14))


def redrawn(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    whole = assembled(trace(mask))
    if whole.is_empty:
        return np.zeros_like(mask)
    drawn: NDArray[np.bool_] = rasterize([whole], out_shape=mask.shape) > 0
    return drawn


@settings(deadline=None, max_examples=300)
@given(mask=MASKS)
def test_tracing_and_drawing_is_the_identity(mask: NDArray[np.bool_]) -> None:
    whole = assembled(trace(mask))
    assert whole.is_valid
    assert whole.area == mask.sum()
    np.testing.assert_array_equal(redrawn(mask), mask)
    np.testing.assert_array_equal(draw(trace(mask), mask.shape) > 0, mask)


def means(levels: NDArray[np.uint8], least: int) -> list[float]:
    mask = levels >= least
    strips = Strips((mask.shape[0], mask.shape[1]), 2)
    return list(
        mean_levels(HeldPlane(mask), strips, levels.__getitem__, rings_of(corners_of(mask)))
    )


def test_mean_levels_by_hand() -> None:
    levels = np.array([[10, 20, 0], [0, 0, 0], [0, 7, 9]], np.uint8)
    assert means(levels, 1) == [15, 8]
    assert means(levels, 99) == []


@settings(deadline=None, max_examples=100)
@given(levels=hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9)))
def test_mean_levels_are_of_the_pixels_that_a_part_covers(levels: NDArray[np.uint8]) -> None:
    drawn = draw(trace(levels > 127), levels.shape)
    wanted = [levels[drawn == number].mean() for number in range(1, drawn.max() + 1)]
    np.testing.assert_allclose(means(levels, 128), wanted)
