"""Who wins takes the pixels, also around it."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config.rules import Clear
from tests.mapping.rules.drawn import Mask, applied, mask_of, stacks, text_of


def test_winners_take_the_pixels_of_all_losers() -> None:
    water, building, crops = (mask_of(row) for row in ("##....", ".###..", "#....#"))
    found = applied([water, building, crops], Clear(rule="clear", by=(1,), of=(2, 3)))
    assert [text_of(mask) for mask in found] == [["##...."], ["..##.."], [".....#"]]


def test_winners_reach_further_but_gain_nothing() -> None:
    """A disc of 2 m around a pixel of 1 m: 13 pixels, corners of a square left out."""
    one, all_ = np.zeros((5, 5), np.bool_), np.ones((5, 5), np.bool_)
    one[2, 2] = True
    found = applied([one, all_], Clear(rule="clear", by=(1,), of=(2,), grow=2))
    assert text_of(found[0]) == text_of(one)
    assert text_of(found[1]) == ["##.##", "#...#", ".....", "#...#", "##.##"]


def test_the_reach_is_metres() -> None:
    one, all_ = mask_of("#....."), mask_of("######")
    row = Clear(rule="clear", by=(1,), of=(2,), grow=0.93)
    assert text_of(applied([one, all_], row, metres=0.31)[1]) == ["....##"]
    assert text_of(applied([one, all_], row, metres=0.4)[1]) == ["...###"]
    assert text_of(applied([one, all_], row)[1]) == [".#####"]


@settings(deadline=None)
@given(masks=stacks(4), grow=st.sampled_from([0, 1, 1.5, 3]))
def test_nothing_is_left_under_the_winners(masks: Mask, grow: float) -> None:
    row = Clear(rule="clear", by=(1, 2), of=(3, 4), grow=grow)
    found = applied(list(masks), row)
    assert not (found[2:] & (masks[0] | masks[1])).any()
    assert not (found & ~masks).any()
    np.testing.assert_array_equal(found[:2], masks[:2])
    np.testing.assert_array_equal(applied(list(found), row), found)
    if not grow:
        np.testing.assert_array_equal(found[2:], masks[2:] & ~(masks[0] | masks[1]))
