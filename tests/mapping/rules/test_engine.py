"""Rows one after the other: their order counts, nothing else does."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipeline.config.rules import Bridge, Clear, IndexRow, Near, RuleRow, Shape, SpectralIndex
from pipeline.mapping.rules.engine import apply
from tests.mapping.rules.drawn import Mask, applied, mask_of, stacks, text_of

CODES = (1, 2, 3, 4)
ROWS: tuple[RuleRow, ...] = (
    Bridge(rule="bridge", of=(1, 3), metres=2.5),
    Clear(rule="clear", by=(1,), of=(2, 3), grow=1),
    Shape(rule="shape", of=3, into=4, min_elongation=1.5, max_area=9, border="keep"),
    Near(rule="near", of=(2,), to=(4,), metres=2.3, ground=0.5, covered_by=(1,)),
    IndexRow(rule="index", of=4, index="NDVI", above=0.2, how="add"),
)
CLEARING = Clear(rule="clear", by=(1,), of=(2,))
BACK = Clear(rule="clear", by=(2,), of=(1,))


def values(seed: int, shape: tuple[int, ...]) -> NDArray[np.float32]:
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


def run(
    masks: Mask, rules: tuple[RuleRow, ...], answered: Mask, raster: NDArray[np.float32]
) -> Mask:
    def index(_: SpectralIndex) -> NDArray[np.float32]:
        return raster

    return apply(masks, rules, CODES, 1.0, answered, index)


def turned(image: NDArray[np.generic], number: int) -> NDArray[np.generic]:
    """One of the eight views of the last two axes."""
    flipped = image[..., ::-1] if number >= 4 else image
    return np.rot90(flipped, number % 4, axes=(-2, -1))


def test_rows_follow_each_other() -> None:
    masks = [mask_of("##.."), mask_of(".##.")]
    one = [text_of(mask)[0] for mask in applied(masks, CLEARING, BACK)]
    two = [text_of(mask)[0] for mask in applied(masks, BACK, CLEARING)]
    assert one == ["##..", "..#."]
    assert two == ["#...", ".##."]


def test_a_row_that_is_off_does_nothing() -> None:
    masks = [mask_of("##.."), mask_of(".##.")]
    off = CLEARING.model_copy(update={"on": False})
    np.testing.assert_array_equal(applied(masks, off, BACK), applied(masks, BACK))
    np.testing.assert_array_equal(applied(masks), masks)


def test_the_result_is_another_array() -> None:
    masks = np.stack([mask_of("##.."), mask_of(".##.")])
    applied(list(masks))[:] = False
    assert masks.sum() == 4


@settings(deadline=None, max_examples=60)
@given(masks=stacks(5), seed=st.integers(0, 99))
def test_input_is_not_changed_and_unanswered_pixels_gain_nothing(masks: Mask, seed: int) -> None:
    answered, masks = masks[4], masks[:4] & masks[4]
    raster = values(seed, answered.shape)
    for image in (masks, answered, raster):
        image.flags.writeable = False
    assert not (run(masks, ROWS, answered, raster) & ~answered).any()


@settings(deadline=None, max_examples=30)
@given(masks=stacks(5), seed=st.integers(0, 99))
def test_the_order_of_classes_does_not_count(masks: Mask, seed: int) -> None:
    answered, masks = masks[4], masks[:4]
    raster = values(seed, answered.shape)
    expected = run(masks, ROWS, answered, raster)
    for order in itertools.islice(itertools.permutations(range(4)), 0, None, 5):
        codes = [CODES[place] for place in order]
        found = apply(masks[list(order)], ROWS, codes, 1.0, answered, lambda _: raster)
        np.testing.assert_array_equal(found, expected[list(order)])


@settings(deadline=None, max_examples=60)
@given(masks=stacks(5), seed=st.integers(0, 99), number=st.integers(1, 7))
@pytest.mark.parametrize("rules", [(row,) for row in ROWS] + [ROWS], ids=len)
def test_views_of_a_scene_have_views_of_its_result(
    rules: tuple[RuleRow, ...], masks: Mask, seed: int, number: int
) -> None:
    answered, masks = masks[4], masks[:4]
    raster = values(seed, answered.shape)
    expected = turned(run(masks, rules, answered, raster), number)
    views = (turned(image, number) for image in (masks, answered, raster))
    seen, known, index = (np.asarray(view) for view in views)
    np.testing.assert_array_equal(run(seen, rules, known, index), expected)
