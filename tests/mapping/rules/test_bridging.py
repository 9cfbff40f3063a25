"""Gaps are closed where that joins, and only there."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import label

from pipeline.config.rules import Bridge
from tests.mapping.rules.drawn import Mask, applied, mask_of, stacks, text_of


def bridged(mask: Mask, metres: float, answered: Mask | None = None) -> Mask:
    row = Bridge(rule="bridge", of=(1,), metres=metres)
    found: Mask = applied([mask], row, answered=answered)[0]
    return found


def road(width: int, gap: int) -> Mask:
    mask = np.zeros((width + 4, 40 + gap), np.bool_)
    mask[2:-2] = True
    mask[:, 20 : 20 + gap] = False
    return mask


@pytest.mark.parametrize("width", [1, 2, 3, 8])
@pytest.mark.parametrize("gap", [1, 2, 3])
def test_gaps_up_to_the_width_are_closed(width: int, gap: int) -> None:
    mask = road(width, gap)
    for metres in (gap, gap + 0.5, gap + 1, gap + 5):
        found = bridged(mask, metres)
        assert label(found)[1] == 1
        assert not found[:2].any()
        assert not found[-2:].any()
    for metres in (gap - 0.1, gap - 0.5, gap / 2):
        assert text_of(bridged(mask, metres)) == text_of(mask)


@pytest.mark.parametrize("gap", [5, 8, 12])
def test_a_gap_that_is_wider_than_the_road(gap: int) -> None:
    mask = road(1, gap)
    assert label(bridged(mask, gap))[1] == 1
    assert text_of(bridged(mask, gap - 0.5)) == text_of(mask)


def test_a_gap_is_filled_in_full_width_in_the_middle_of_a_plate() -> None:
    found = bridged(road(9, 2), 2)
    assert found[2:-2, 20:22].sum() == 18


def test_bays_and_corners_are_not_filled() -> None:
    bay = mask_of(
        "..........",
        ".########.",
        ".########.",
        ".##..#####",
        ".##..####.",
        ".##..#....",
        ".##.......",
    )
    for metres in (1, 2, 3, 5, 9):
        assert text_of(bridged(bay, metres)) == text_of(bay)


def test_a_ring_with_a_gap_is_closed() -> None:
    """A part and itself: the gap at the top, which makes the ring a ring, and not its inside."""
    ring = mask_of(
        "...........",
        ".####.####.",
        ".#.......#.",
        ".#.......#.",
        ".#.......#.",
        ".#########.",
        "...........",
    )
    expected = ring.copy()
    expected[1, 5] = True
    assert text_of(bridged(ring, 1)) == text_of(expected)


def test_a_hole_stays() -> None:
    mask = np.ones((9, 9), np.bool_)
    mask[4, 4] = mask[0] = mask[-1] = mask[:, 0] = mask[:, -1] = False
    assert text_of(bridged(mask, 4)) == text_of(mask)


def test_nothing_is_added_without_an_answer() -> None:
    mask = road(3, 2)
    answered = np.ones_like(mask)
    answered[:, 20] = False
    assert text_of(bridged(mask, 2, answered)) == text_of(mask)
    answered[3, 20] = True
    found = bridged(mask, 2, answered)
    assert label(found)[1] == 1
    assert not (found & ~answered).any()


def test_the_image_ends_no_gap() -> None:
    """What lies outside is neither of the class, nor does it keep a gap at the edge open."""
    mask = mask_of("##.##", "##.##", ".....")
    assert text_of(bridged(mask, 1)) == ["#####", "#####", "....."]
    assert text_of(bridged(mask_of("..#..", "....."), 3)) == ["..#..", "....."]


@settings(deadline=None, max_examples=300)
@given(masks=stacks(2), metres=st.sampled_from([0.4, 1.0, 1.5, 2.0, 3.0, 6.0]))
def test_pixels_are_added_only_where_they_join(masks: Mask, metres: float) -> None:
    """All that is added hangs together with the mask, and each piece joins or makes a ring."""
    mask, answered = masks
    mask = mask & answered
    found = bridged(mask, metres, answered)
    assert not (mask & ~found).any()
    assert not (found & ~answered).any()
    parts = label(mask)[1]
    eight = np.ones((3, 3), np.int64)
    pieces, count = label(found & ~mask, structure=eight)
    for number in range(1, count + 1):
        joined = mask | (pieces == number)
        fewer = label(joined)[1] < parts
        holes = label(~np.pad(joined, 1), structure=eight)[1]
        rings = holes > label(~np.pad(mask, 1), structure=eight)[1]
        assert fewer or rings
