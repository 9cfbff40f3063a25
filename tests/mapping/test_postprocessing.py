"""From levels to the mask of objects: by hand, and as tracing has it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from pipeline.config.mapping import Polygons
from pipeline.mapping.components import without_small_holes, without_small_parts
from pipeline.mapping.polygons import trace
from pipeline.mapping.postprocessing import Rule, cut, object_mask, rule_of, smoothed
from tests.mapping.tracing.reference import Mask, blobs, cleaned, mask_of

MASKS = hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, max_side=14))
AREAS = st.sampled_from([0.0, 1.0, 1.5, 2.0, 3.0, 4.5, 7.0, 12.0, 30.0, 200.0])


@settings(deadline=None, max_examples=400)
@given(mask=MASKS, min_area=AREAS, min_hole=AREAS)
def test_pixels_are_dropped_and_filled_as_tracing_does(
    mask: Mask, min_area: float, min_hole: float
) -> None:
    found = cut(mask.astype(np.uint8), Rule(1, 0, min_area, min_hole), 1)
    np.testing.assert_array_equal(found, cleaned(mask, min_area, min_hole))
    assert sum(part.area for part in trace(found)) == found.sum()


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("smallest", [3.0, 9.0, 40.0])
def test_holes_of_larger_masks_are_those_of_tracing(seed: int, smallest: float) -> None:
    mask = blobs(seed, 24, (0.35, 0.5, 0.65)[seed % 3])
    found = cut(mask.astype(np.uint8), Rule(1, 0, smallest, smallest), 1)
    np.testing.assert_array_equal(found, cleaned(mask, smallest, smallest))


def test_parts_that_meet_in_a_corner_are_two() -> None:
    mask = mask_of("##..", "##..", "..#.")
    assert without_small_parts(mask, 2).sum() == 4
    np.testing.assert_array_equal(without_small_parts(mask, 1), mask)


def test_islands_belong_to_the_hole_that_they_lie_in() -> None:
    rows = ("#####", "#...#", "#.#.#", "#...#", "#####")
    mask = mask_of(*rows)
    assert without_small_holes(mask, 9.5).all()
    np.testing.assert_array_equal(without_small_holes(mask, 9), mask)


def test_hole_of_an_island_is_filled_where_its_own_hole_is_too_large() -> None:
    mask = mask_of("#######", "#.....#", "#.###.#", "#.#.#.#", "#.###.#", "#.....#", "#######")
    found = without_small_holes(mask, 2)
    assert found.sum() == mask.sum() + 1
    assert found[3, 3]
    assert without_small_holes(mask, 26).all()


def test_what_reaches_the_edge_is_no_hole() -> None:
    mask = mask_of("###", "#.#", "#.#")
    np.testing.assert_array_equal(without_small_holes(mask, 99), mask)


def test_holes_are_filled_before_parts_are_measured() -> None:
    levels = mask_of("###", "#.#", "###").astype(np.uint8) * 200
    # Nine pixels of 4 square metres.
    assert object_mask(levels, Rule(100, 0, 36, 5), 2).all()
    assert not object_mask(levels, Rule(100, 0, 36, 0), 2).any()


def test_areas_are_square_metres() -> None:
    levels = np.zeros((5, 9), np.uint8)
    levels[1:3, 1:3], levels[1:4, 5:8] = 150, 150
    mask = object_mask(levels, Rule(100, 0, 9 * 2.25), 1.5)
    assert mask.sum() == 9
    assert object_mask(levels, Rule(151), 1.5).sum() == 0


def test_smoothing_by_hand() -> None:
    """One pixel among five of a row: its own weight of a Gaussian of one pixel, and the edges'."""
    weights = np.exp(-(np.arange(-4, 5) ** 2) / 2)
    weights /= weights.sum()
    levels = np.full((1, 11), 1, np.uint8)
    levels[0, 5] = 255
    found = smoothed(levels, 1.0)
    assert found[0, 5] == round(float(1 + 254 * weights[4]))
    assert found[0, 4] == found[0, 6] == round(float(1 + 254 * weights[3]))
    assert found[0, 0] == 1
    np.testing.assert_array_equal(smoothed(np.full((4, 5), 90, np.uint8), 2.0), 90)


def test_pixels_without_an_answer_take_no_part() -> None:
    """Half of the scene is unanswered: the other half stays what it is up to the edge."""
    levels = np.full((8, 10), 180, np.uint8)
    levels[:, 5:] = 0
    np.testing.assert_array_equal(smoothed(levels, 1.5), levels)


@settings(deadline=None, max_examples=100)
@given(
    levels=hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9)),
    sigma=st.floats(0.3, 6),
)
def test_smooth_levels_keep_their_range_and_their_gaps(
    levels: NDArray[np.uint8], sigma: float
) -> None:
    found = smoothed(levels, sigma)
    np.testing.assert_array_equal(found == 0, levels == 0)
    if levels.any():
        answers = levels[levels > 0]
        assert found[levels > 0].min() >= answers.min()
        assert found.max() <= answers.max()
    np.testing.assert_array_equal(smoothed(levels, 0), levels)


def test_rule_of_a_class() -> None:
    tables = Polygons(smooth={3: 5.0}, thresholds={3: 0.5}, min_area=9, min_hole={7: 4})
    assert rule_of(tables, 3, 40) == Rule(128, 5.0, 9.0, 0.0)
    assert rule_of(tables, 7, 40) == Rule(40, 0.0, 9.0, 4.0)
