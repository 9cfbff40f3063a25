"""As many digits as the Jaccard index needs, and no more."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon

from pipeline.imagery.transform import contest_affine, moved
from pipeline.mapping.geometry.precision import digits_for
from pipeline.mapping.geometry.simplification import simplified
from pipeline.mapping.polygons import assembled, trace
from pipeline.mapping.text import valid_text


@pytest.mark.parametrize(
    ("side", "share", "digits"),
    [
        (1.0, 1e-4, 1),
        # 0.04 rounds to 0.0 with one digit: nothing would be left.
        (0.04, 1e-4, 2),
        # 0.123456 -> 0.1235 moves 4.4e-5 of 0.123456 on two sides: 7e-4 of the area.
        (0.123456, 1e-3, 4),
        (0.123456, 1e-4, 5),
    ],
)
def test_squares_by_hand(side: float, share: float, digits: int) -> None:
    assert digits_for([shapely.box(0, 0, side, side)], share) == digits


def test_nothing_needs_no_digits() -> None:
    assert digits_for([]) == 1
    assert digits_for([MultiPolygon(), Polygon()]) == 1


def test_a_text_that_would_be_invalid_gets_more_digits() -> None:
    # Rounded to one digit a side of the inner ring lies on the outer ring.
    outer = [(0, 0), (1, 0.04), (1, 1), (0, 1)]
    fragile = Polygon(outer, [[(0.5, 0.03), (0.6, 0.03), (0.5, 0.2)]])
    assert digits_for([fragile], share=0.2) == 2


@settings(deadline=None, max_examples=150)
@given(
    mask=hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, max_side=12)),
    cost=st.sampled_from([0.0, 0.015, 0.2]),
    share=st.sampled_from([1e-2, 1e-4, 1e-6]),
    units=st.sampled_from([0.009, 4.0, 5e5]),
)
def test_rounded_text_keeps_the_area(
    mask: NDArray[np.bool_], cost: float, share: float, units: float
) -> None:
    whole = assembled(simplified(trace(mask), cost))
    on_map = moved(whole, contest_affine(units, -units, (837, 848)))
    digits = digits_for([on_map], share)
    back = shapely.from_wkt(valid_text(on_map, digits))
    assert back.is_valid
    assert back.is_empty == on_map.is_empty
    assert shapely.area(shapely.symmetric_difference(back, on_map)) <= share * on_map.area * 1.001
