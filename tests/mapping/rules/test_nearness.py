"""Vehicles stand near roads, or on open ground."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config.rules import Near
from tests.mapping.rules.drawn import Mask, applied, mask_of, stacks, text_of

CARS = mask_of(
    "##....##",
    "......##",
    "##......",
    "........",
)
ROAD = mask_of(
    "........",
    "........",
    "........",
    "....####",
)


def test_a_part_is_near_by_its_nearest_pixel() -> None:
    """The car above the road is 2 pixels away, the one beside it 3.16, the third 4.2."""
    for metres, kept in ((1.9, 0), (2, 4), (3.1, 4), (3.2, 6), (4.2, 6), (4.25, 8)):
        found = applied([CARS, ROAD], Near(rule="near", of=(1,), to=(2,), metres=metres))
        assert found[0].sum() == kept
    assert text_of(found[1]) == text_of(ROAD)


def test_where_nothing_is_to_be_near_to_nothing_stays() -> None:
    row = Near(rule="near", of=(1,), to=(2,), metres=1000)
    assert not applied([CARS, np.zeros_like(CARS)], row).any()


def test_open_ground_keeps_what_is_far() -> None:
    """Of the cars 1/2, 1/4 and all lie on ground that no trees cover."""
    trees = mask_of(
        ".#....#.",
        "......##",
        "........",
        "........",
    )
    for ground, kept in ((0.25, 8), (0.5, 4), (0.6, 2), (0, 8), (1, 2)):
        row = Near(rule="near", of=(1,), to=(2,), metres=1, ground=ground, covered_by=(3,))
        assert applied([CARS, ROAD, trees], row)[0].sum() == kept


def test_classes_are_judged_each_by_itself() -> None:
    """Together the two would be one part that reaches the road."""
    large, small, road = mask_of("##...."), mask_of("..##.."), mask_of("....##")
    found = applied([large, small, road], Near(rule="near", of=(1, 2), to=(3,), metres=1))
    assert [text_of(mask) for mask in found] == [["......"], ["..##.."], ["....##"]]


@settings(deadline=None)
@given(masks=stacks(4), metres=st.sampled_from([0.5, 1, 2.5]), ground=st.floats(0, 1))
def test_nothing_is_added_and_once_is_enough(masks: Mask, metres: float, ground: float) -> None:
    row = Near(rule="near", of=(1, 2), to=(3,), metres=metres, ground=ground, covered_by=(4,))
    found = applied(list(masks), row)
    assert not (found & ~masks).any()
    np.testing.assert_array_equal(found[2:], masks[2:])
    np.testing.assert_array_equal(applied(list(found), row), found)
