"""Discs are those of the definition, to the pixel."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import distance_transform_edt

from pipeline.mapping.masks.morphology import grown
from pipeline.mapping.rules.distances import blocks, fine, squared_distances
from tests.mapping.rules.drawn import Mask, stacks


@settings(deadline=None, max_examples=200)
@given(masks=stacks(1, 25))
def test_distances_are_exact(masks: Mask) -> None:
    found = squared_distances(masks[0])
    if masks.any():
        expected = distance_transform_edt(~masks[0]) ** 2
        np.testing.assert_array_equal(found, np.rint(expected))
    else:
        assert np.isinf(found).all()


@settings(deadline=None)
@given(masks=stacks(1, 9), radius=st.sampled_from([0.0, 0.9, 1.0, 1.4, 1.5, 2.0, 2.5, 5.0]))
def test_a_disc_takes_centres_up_to_its_radius(masks: Mask, radius: float) -> None:
    set_pixels = np.argwhere(masks[0])
    places = np.argwhere(np.ones_like(masks[0]))
    gaps = ((places[:, None] - set_pixels[None]) ** 2).sum(axis=2)
    expected = (gaps <= radius**2).any(axis=1).reshape(masks[0].shape)
    np.testing.assert_array_equal(grown(masks[0], radius), expected)


@given(masks=stacks(1, 9))
def test_halves_belong_to_their_pixels(masks: Mask) -> None:
    halves = blocks(fine(masks[0]))
    np.testing.assert_array_equal(halves, np.repeat(masks[0][:, :, None], 4, axis=2))
