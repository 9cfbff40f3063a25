"""The majority's ground, against pixels counted one by one."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from shapely import MultiPolygon, box

from pipeline.imagery.outlines import polygons_of
from pipeline.mapping.submissions.majority import majority


def vote(*layers: MultiPolygon, weights: tuple[float, ...] = (), share: float = 0.5) -> float:
    found = majority(layers, np.array(weights or [1.0] * len(layers)), share)
    assert found.is_valid
    return float(found.area)


def multi(*bounds: tuple[float, float, float, float]) -> MultiPolygon:
    return MultiPolygon([box(*one) for one in bounds])


def test_two_of_three_by_hand() -> None:
    """Three squares of side 2, each shifted by 1: two cover x 1 to 3, three of them 2 to 2."""
    one, two, three = (multi((x, 0, x + 2, 2)) for x in (0, 1, 2))
    assert vote(one, two, three) == 4
    assert vote(one, two, three, weights=(2, 1, 1)) == 2
    assert vote(one, two, three, weights=(3, 1, 1)) == 4
    assert vote(one, two, three, share=0) == 8
    assert vote(one, two, three, share=0.7) == 0


def test_half_is_no_majority() -> None:
    one, two = multi((0, 0, 2, 2)), multi((1, 0, 3, 2))
    assert vote(one, two) == 2
    assert vote(one, MultiPolygon()) == 0
    assert vote(one, multi((5, 5, 6, 6)), share=0.4) == 5
    # 0.1 + 0.2 is a little more than 0.3 in binary, and still no more than half of 0.6.
    assert vote(one, one, two, weights=(0.1, 0.2, 0.3)) == 2


def test_nothing_at_all() -> None:
    assert vote(MultiPolygon(), MultiPolygon()) == 0


def test_holes_and_islands() -> None:
    ring = MultiPolygon([box(0, 0, 6, 6).difference(box(1, 1, 5, 5))])
    island = multi((2, 2, 3, 3))
    whole = multi((0, 0, 6, 6))
    assert vote(ring, whole, MultiPolygon()) == 20
    assert vote(ring, whole, island) == 21


def outlined(mask: NDArray[np.bool_]) -> MultiPolygon:
    """The union of a mask's pixels, each a square of side 1."""
    return polygons_of(shapely.union_all([box(x, y, x + 1, y + 1) for y, x in np.argwhere(mask)]))


MASKS = hnp.arrays(np.bool_, (3, 6, 7))


@settings(deadline=None, max_examples=100)
@given(MASKS, st.tuples(*[st.integers(1, 4)] * 3), st.sampled_from([0.0, 0.3, 0.5, 0.9]))
def test_as_counted_on_pixels(
    masks: NDArray[np.bool_], weights: tuple[int, int, int], share: float
) -> None:
    layers = [outlined(mask) for mask in masks]
    counted = np.tensordot(np.array(weights), masks, axes=1)
    wanted = counted > share * sum(weights) + 1e-6
    found = majority(layers, np.array(weights, float), share)
    assert found.is_valid
    expected = outlined(wanted)
    assert shapely.area(shapely.symmetric_difference(found, expected)) == pytest.approx(0, abs=1e-9)


@settings(deadline=None, max_examples=60)
@given(hnp.arrays(np.float64, (5, 4), elements=st.floats(0, 1, width=32)))
def test_any_boxes_follow_inclusion_and_exclusion(bounds: NDArray[np.float64]) -> None:
    """Of two layers: more than no share is the union, more than half both."""
    boxes = [box(x, y, x + 0.1 + w, y + 0.1 + h) for x, y, w, h in bounds]
    one, two = (
        MultiPolygon(list(shapely.get_parts(shapely.union_all(part))))
        for part in (boxes[:2], boxes[2:])
    )
    assert vote(one, two, share=0) == pytest.approx(shapely.union(one, two).area)
    assert vote(one, two) == pytest.approx(shapely.intersection(one, two).area, abs=1e-9)
