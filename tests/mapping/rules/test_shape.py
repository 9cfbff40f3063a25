"""Lengths, widths and what is judged by them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config.rules import Shape
from pipeline.mapping.masks.parts import Parts, labelled
from pipeline.mapping.masks.planes import HeldPlane
from pipeline.mapping.rules.ground import whole_ground
from pipeline.mapping.rules.shape import Measures, measured
from tests.mapping.rules.drawn import Mask, applied, mask_of, stacks, text_of

ROWS, COLUMNS = np.mgrid[:300, :300] + 0.5
RADII = np.hypot(COLUMNS - 150, ROWS - 150)
ANGLES = np.arctan2(ROWS - 150, COLUMNS - 150)


def strip(degrees: float, length: float, width: float) -> Mask:
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    along = (COLUMNS - 150) * cosine + (ROWS - 150) * sine
    across = (ROWS - 150) * cosine - (COLUMNS - 150) * sine
    found: Mask = (abs(along) <= length / 2) & (abs(across) <= width / 2)
    return found


def measures_of(mask: Mask) -> Measures:
    ground = whole_ground(np.ones_like(mask), 1)
    return measured(Parts(HeldPlane(mask), ground.strips), HeldPlane(mask), ground)


def length_of(mask: Mask) -> float:
    parts = measures_of(mask)
    assert len(parts.length) == 1
    np.testing.assert_allclose(parts.area, parts.length * parts.width, rtol=1e-5)
    np.testing.assert_allclose(parts.elongation, parts.length / parts.width, rtol=1e-4)
    return float(parts.length[0])


@pytest.mark.parametrize("width", range(1, 12))
@pytest.mark.parametrize("length", [40, 41, 200])
def test_a_straight_strip_is_as_long_as_it_is(length: int, width: int) -> None:
    mask = np.zeros((220, 20), np.bool_)
    mask[5 : 5 + length, 3 : 3 + width] = True
    assert length_of(mask) == pytest.approx(length, rel=0.005)


def test_an_l_is_as_long_as_its_middle_line() -> None:
    mask = np.zeros((300, 300), np.bool_)
    mask[50:250, 50:60] = mask[240:250, 50:250] = True
    assert length_of(mask) == pytest.approx(195 + 195, rel=0.02)


def test_a_curved_river_is_as_long_as_its_middle_line() -> None:
    arc = (abs(RADII - 100) < 5) & (abs(ANGLES) < 0.75 * math.pi)
    assert length_of(arc) == pytest.approx(1.5 * math.pi * 100, rel=0.1)
    winding = abs(ROWS - 150 - 60 * np.sin(COLUMNS / 30)) < 8
    middle = np.hypot(1, 2 * np.cos(COLUMNS[0] / 30)).sum()
    assert length_of(winding) == pytest.approx(middle, rel=0.05)


@pytest.mark.parametrize("degrees", [22.5, 45, 60])
@pytest.mark.parametrize("width", [4, 10])
def test_a_slanting_strip_is_hardly_longer(degrees: float, width: float) -> None:
    assert 200 <= length_of(strip(degrees, 200, width)) <= 240


def test_a_square_and_a_disc_are_compact() -> None:
    square = strip(0, 100, 100)
    assert length_of(square) == pytest.approx(100, rel=0.002)
    assert length_of(RADII < 50) == pytest.approx(math.sqrt(math.pi) * 50, rel=0.01)


def test_a_ragged_pond_is_no_river() -> None:
    """A third of the pixels at its shore are not what they should be."""
    rng = np.random.default_rng(0)
    shore = strip(0, 106, 106) & ~strip(0, 94, 94)
    pond = strip(0, 100, 100) ^ (shore & (rng.random(shore.shape) < 0.3))
    parts = measures_of(pond)
    assert parts.elongation[parts.area.argmax()] < 2.5


RIVER_AND_POND = mask_of(
    "........",
    "######..",
    "........",
    ".##.....",
    ".##...#.",
    "......#.",
    "........",
)


@pytest.mark.parametrize(
    ("limits", "kept"),
    [
        ({"min_length": 6}, [1]),
        ({"min_length": 6.5}, []),
        ({"max_length": 2}, [2, 3]),
        ({"min_elongation": 2}, [1, 3]),
        ({"max_elongation": 1.5}, [2]),
        ({"max_width": 1}, [1, 3]),
        ({"min_width": 2}, [2]),
        ({"min_area": 4}, [1, 2]),
        ({"max_area": 4}, [2, 3]),
        ({"min_length": 3, "border": "keep"}, [1]),
        ({"max_length": 3, "border": "keep"}, [1, 2, 3]),
        ({"min_area": 4, "max_width": 1.5}, [1]),
    ],
)
def test_each_criterion(limits: dict[str, Any], kept: list[int]) -> None:
    """The river is 6 x 1 and touches the border, the pond 2 x 2, the ditch 2 x 1."""
    expected = np.isin(labelled(RIVER_AND_POND)[0], kept)
    row = Shape(rule="shape", of=1, into=2, **limits)
    found = applied([RIVER_AND_POND, np.zeros_like(expected)], row)
    assert text_of(found[0]) == text_of(expected)
    assert text_of(found[1]) == text_of(RIVER_AND_POND & ~expected)


def test_criteria_are_metres() -> None:
    row = Shape(rule="shape", of=1, min_length=12, max_width=2, min_area=24, max_area=24)
    found = applied([RIVER_AND_POND], row, metres=2)
    assert text_of(found[0]) == text_of(labelled(RIVER_AND_POND)[0] == 1)


def test_parts_that_fail_go() -> None:
    both = mask_of("##.#"), mask_of("...#")
    found = applied(both, Shape(rule="shape", of=1, min_area=2))
    assert [text_of(mask) for mask in found] == [["##.."], ["...#"]]


def test_what_has_no_answer_is_the_border() -> None:
    mask = np.zeros((7, 7), np.bool_)
    mask[3, 3] = True
    answered = np.ones_like(mask)
    row = Shape(rule="shape", of=1, min_area=2, border="keep")
    assert not applied([mask], row, answered=answered).any()
    answered[2, 2] = False
    assert not applied([mask], row, answered=answered).any()
    answered[2, 3] = False
    assert applied([mask], row, answered=answered).sum() == 1


@settings(deadline=None)
@given(masks=stacks(2), area=st.integers(1, 12), elongation=st.sampled_from([1.0, 1.5, 3.0]))
def test_no_pixel_is_lost_or_won(masks: Mask, area: int, elongation: float) -> None:
    row = Shape(rule="shape", of=1, into=2, min_area=area, max_elongation=elongation)
    found = applied(list(masks), row)
    np.testing.assert_array_equal(found[0] | found[1], masks[0] | masks[1])
    assert not (found[0] & ~masks[0]).any()
    np.testing.assert_array_equal(applied(list(found), row), found)
