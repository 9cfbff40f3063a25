"""From levels to the mask of objects: by hand, and as tracing has it."""

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from scipy.ndimage import convolve, median_filter

from pipeline.config.mapping import Polygons
from pipeline.mapping.masks import components
from pipeline.mapping.masks.morphology import closed, opened
from pipeline.mapping.masks.planes import HeldPlane, Strips
from pipeline.mapping.masks.postprocessing import Cleaning, cleaning_of, cut, object_mask
from pipeline.mapping.masks.softening import medianed, smoothed
from pipeline.mapping.polygons import trace
from tests.mapping.tracing.reference import Mask, blobs, cleaned, mask_of

MASKS = hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, max_side=14))
AREAS = st.sampled_from([0.0, 1.0, 1.5, 2.0, 3.0, 4.5, 7.0, 12.0, 30.0, 200.0])


def without_small_parts(mask: NDArray[np.bool_], smallest: float) -> NDArray[np.bool_]:
    strips = Strips((mask.shape[0], mask.shape[1]))
    return components.without_small_parts(HeldPlane(mask), strips, smallest).read(strips.whole)


def without_small_holes(mask: NDArray[np.bool_], smallest: float) -> NDArray[np.bool_]:
    strips = Strips((mask.shape[0], mask.shape[1]))
    return components.without_small_holes(HeldPlane(mask), strips, smallest).read(strips.whole)


@settings(deadline=None, max_examples=400)
@given(mask=MASKS, min_area=AREAS, min_hole=AREAS)
def test_pixels_are_dropped_and_filled_as_tracing_does(
    mask: Mask, min_area: float, min_hole: float
) -> None:
    found = cut(mask.astype(np.uint8), Cleaning(1, 0, min_area, min_hole), 1)
    np.testing.assert_array_equal(found, cleaned(mask, min_area, min_hole))
    assert sum(part.area for part in trace(found)) == found.sum()


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("smallest", [3.0, 9.0, 40.0])
def test_holes_of_larger_masks_are_those_of_tracing(seed: int, smallest: float) -> None:
    mask = blobs(seed, 24, (0.35, 0.5, 0.65)[seed % 3])
    found = cut(mask.astype(np.uint8), Cleaning(1, 0, smallest, smallest), 1)
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
    assert object_mask(levels, Cleaning(100, 0, 36, 5), 2).all()
    assert not object_mask(levels, Cleaning(100, 0, 36, 0), 2).any()


def test_areas_are_square_metres() -> None:
    levels = np.zeros((5, 9), np.uint8)
    levels[1:3, 1:3], levels[1:4, 5:8] = 150, 150
    mask = object_mask(levels, Cleaning(100, 0, 9 * 2.25), 1.5)
    assert mask.sum() == 9
    assert object_mask(levels, Cleaning(151), 1.5).sum() == 0


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


LEVELS = hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=12))


@settings(deadline=None, max_examples=100)
@given(levels=LEVELS, level=st.integers(1, 255), radius=st.integers(1, 3))
def test_medians_are_those_of_whole_windows(
    levels: NDArray[np.uint8], level: int, radius: int
) -> None:
    """Where all pixels of a window have an answer and lie inside."""
    levels = np.maximum(levels, 1)
    inner = tuple(slice(radius, max(radius, side - radius)) for side in levels.shape)
    medians = median_filter(levels, 2 * radius + 1)
    found = object_mask(levels, Cleaning(level, median=radius), 1)
    np.testing.assert_array_equal(found[inner], medians[inner] >= level)


def test_medians_count_answers_alone() -> None:
    levels = np.array([[0, 200, 0], [0, 150, 9], [0, 0, 0]], np.uint8)
    np.testing.assert_array_equal(medianed(levels, 1), [[0, 150, 0], [0, 150, 150], [0, 0, 0]])
    levels[2, 1] = 9
    # Of four answers, the lower one in the middle.
    np.testing.assert_array_equal(medianed(levels, 1), [[0, 150, 0], [0, 9, 9], [0, 9, 0]])


@settings(deadline=None, max_examples=150)
@given(levels=LEVELS, level=st.integers(1, 255), radius=st.integers(1, 3))
def test_a_cut_median_is_the_majority(levels: NDArray[np.uint8], level: int, radius: int) -> None:
    """More than half of a window's answers are at or above the threshold."""
    side = np.ones((2 * radius + 1, 2 * radius + 1), np.int64)
    above, answers = (
        convolve((levels >= least).astype(np.int64), side, mode="constant") for least in (level, 1)
    )
    wanted = (levels > 0) & (2 * above > answers)
    np.testing.assert_array_equal(medianed(levels, radius) >= level, wanted)


def test_closing_by_hand() -> None:
    """A disc of radius one is a plus: only the middle of the gap is out of its reach."""
    levels = mask_of("##.##.", "##.##.", "##.##.").astype(np.uint8) * 199 + 1
    wanted = mask_of("##.##.", "#####.", "##.##.")
    np.testing.assert_array_equal(object_mask(levels, Cleaning(100, closing=1), 1), wanted)
    # Radii are metres; what has no answer is not filled.
    np.testing.assert_array_equal(object_mask(levels, Cleaning(100, closing=2), 2), wanted)
    levels[1, 2] = 0
    assert not object_mask(levels, Cleaning(100, closing=1), 1)[1, 2]


def test_opening_by_hand() -> None:
    levels = mask_of("##.###", "##.###", "...###", "...#..").astype(np.uint8) * 199 + 1
    found = object_mask(levels, Cleaning(100, opening=1), 1)
    # Parts at the border are taken to go on there.
    np.testing.assert_array_equal(found, mask_of("##.###", "#..###", "....##", "......"))


@settings(deadline=None, max_examples=200)
@given(levels=LEVELS, radius=st.sampled_from([1.0, 1.5, 2.0, 3.3]))
def test_closing_adds_and_opening_takes(levels: NDArray[np.uint8], radius: float) -> None:
    mask, answered = levels > 127, levels > 0
    filled, worn = closed(mask, answered, radius), opened(mask, answered, radius)
    assert not (mask & ~filled).any()
    assert not (filled & ~answered).any()
    assert not (worn & ~mask).any()
    np.testing.assert_array_equal(closed(filled, answered, radius), filled)
    np.testing.assert_array_equal(opened(worn, answered, radius), worn)


def test_parts_without_a_certain_pixel_go() -> None:
    levels = np.array([[120, 130, 1, 120], [120, 200, 1, 120], [1, 1, 250, 1]], np.uint8)
    found = object_mask(levels, Cleaning(110, seed=190), 1)
    np.testing.assert_array_equal(found, mask_of("##..", "##..", "..#."))
    np.testing.assert_array_equal(object_mask(levels, Cleaning(110, seed=100), 1), levels >= 110)


CLEANINGS = st.builds(
    Cleaning,
    level=st.integers(60, 160),
    smooth=st.sampled_from([0.0, 0.6, 1.1]),
    min_area=AREAS,
    min_hole=AREAS,
    seed=st.sampled_from([0, 140, 200]),
    median=st.sampled_from([0.0, 1.0, 2.0]),
    closing=st.sampled_from([0.0, 1.0, 2.3]),
    opening=st.sampled_from([0.0, 1.0, 1.5]),
)


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 99), cleaning=CLEANINGS, side=st.sampled_from([7, 16, 30]))
def test_windows_give_what_the_whole_gives(seed: int, cleaning: Cleaning, side: int) -> None:
    rng = np.random.default_rng(seed)
    levels = smoothed(rng.integers(0, 256, (37, 45), np.uint8), 1.0)
    levels[:5, :9] = 0
    whole = object_mask(levels, cleaning, 1)
    np.testing.assert_array_equal(object_mask(levels, cleaning, 1, side), whole)


def test_cleaning_of_a_class() -> None:
    tables = Polygons(smooth={3: 5.0}, thresholds={3: 0.5}, min_area=9, min_hole={7: 4})
    assert cleaning_of(tables, 3, 40) == Cleaning(128, 5.0, 9.0, 0.0)
    assert cleaning_of(tables, 7, 40) == Cleaning(40, 0.0, 9.0, 4.0)
    more = Polygons(hysteresis={3: 0.8}, median={3: 2}, closing=4, opening={7: 6})
    assert cleaning_of(more, 3, 40) == Cleaning(40, seed=204, median=2.0, closing=4.0)
    assert cleaning_of(more, 7, 40) == Cleaning(40, closing=4.0, opening=6.0)


@settings(max_examples=40, deadline=None)
@given(levels=LEVELS, radius=st.integers(1, 30))
def test_both_ways_to_medians_agree(levels: NDArray[np.uint8], radius: int) -> None:
    answered = levels != 0
    padded = np.pad(levels, radius)
    wanted = np.zeros_like(levels)
    for row, column in zip(*np.nonzero(answered), strict=True):
        window = padded[row : row + 2 * radius + 1, column : column + 2 * radius + 1]
        answers = np.sort(window[window > 0])
        wanted[row, column] = answers[(len(answers) - 1) // 2]
    np.testing.assert_array_equal(medianed(levels, radius), wanted)
    with patch("pipeline.mapping.masks.softening._DEAR", 0):
        np.testing.assert_array_equal(medianed(levels, radius), wanted)


def test_windows_of_medians_may_hold_more_pixels_than_fit_into_sixteen_bits() -> None:
    levels = np.full((363, 363), 50, np.uint8)
    levels[np.arange(363) % 5 > 2] = 200
    with patch("pipeline.mapping.masks.softening._DEAR", np.inf):
        assert medianed(levels, 181)[181, 181] == 50
    assert medianed(levels, 10_000)[181, 181] == 50


def test_a_smallest_area_itself_is_kept_whatever_binary_makes_of_it() -> None:
    levels = np.full((3, 7), 200, np.uint8)
    levels[:, 3:] = 0
    levels[0, 4:7] = 200
    assert 0.27 / 0.3**2 > 3
    assert object_mask(levels, Cleaning(100, min_area=0.27), 0.3).sum() == 12
    assert object_mask(levels, Cleaning(100, min_area=0.28), 0.3).sum() == 9


def test_windows_are_no_smaller_than_what_decides_on_a_pixel() -> None:
    strips = Strips((90, 90), 4, 4)
    assert [span.kept.stop - span.kept.start for span in strips.spans(24)] == [24, 24, 24, 18]
    widths = []

    def kernel(mask: NDArray[np.bool_]) -> list[NDArray[np.bool_]]:
        widths.append(mask.shape[1])
        return [mask]

    strips.local([np.ones((90, 90), np.bool_).__getitem__], 24, kernel, 1)
    assert widths[:4] == [48, 72, 66, 42]
