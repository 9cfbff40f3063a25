"""Every text is valid when it is read back."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon

from pipeline.imagery.transform import contest_affine, moved
from pipeline.mapping.geometry.simplification import simplified
from pipeline.mapping.polygons import assembled, trace
from pipeline.mapping.tables import geometry_of
from pipeline.mapping.text import polygonal, valid_text

# Valid, but rounded to one digit a side of the inner ring lies on the outer ring.
FRAGILE = Polygon([(0, 0), (1, 0.04), (1, 1), (0, 1)], [[(0.5, 0.03), (0.6, 0.03), (0.5, 0.2)]])


def test_text_by_hand() -> None:
    square = shapely.box(0, 0, 0.5, 2)
    text = valid_text(square, 2)
    assert text == "MULTIPOLYGON (((0.50 0.00, 0.50 2.00, 0.00 2.00, 0.00 0.00, 0.50 0.00)))"
    assert valid_text(MultiPolygon(), 2) == "MULTIPOLYGON EMPTY"
    assert valid_text(Polygon(), 2) == "MULTIPOLYGON EMPTY"


def test_small_numbers_have_no_exponent() -> None:
    assert "e" not in valid_text(shapely.box(0, -2.7e-6, 2.7e-6, 0), 9)


def test_rounding_that_breaks_is_mended() -> None:
    assert FRAGILE.is_valid
    naive = shapely.from_wkt(shapely.to_wkt(FRAGILE, rounding_precision=1, trim=False))
    assert not naive.is_valid
    back = shapely.from_wkt(valid_text(FRAGILE, 1))
    assert back.is_valid
    assert shapely.area(shapely.symmetric_difference(back, FRAGILE)) < 0.1


def test_what_is_thinner_than_the_last_digit_goes() -> None:
    sliver = shapely.box(0, 0, 1, 1e-5)
    assert valid_text(MultiPolygon([sliver, shapely.box(2, 2, 3, 3)]), 2).count("((") == 1
    assert valid_text(sliver, 2) == "MULTIPOLYGON EMPTY"


def test_only_polygons_remain() -> None:
    mixed = shapely.from_wkt(
        "GEOMETRYCOLLECTION (POINT (0 0), LINESTRING (0 0, 1 1), POLYGON ((0 0, 1 0, 1 1, 0 0)),"
        " MULTIPOLYGON (((5 5, 6 5, 6 6, 5 5))))"
    )
    assert polygonal(mixed).area == 1.0
    assert polygonal(shapely.from_wkt("LINESTRING (0 0, 1 1)")).is_empty


@settings(deadline=None, max_examples=150)
@given(
    mask=hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, max_side=12)),
    decimals=st.integers(2, 12),
    simplify=st.sampled_from([0.0, 0.015, 0.2]),
)
def test_masks_stay_valid_at_any_number_of_digits(
    mask: NDArray[np.bool_], decimals: int, simplify: float
) -> None:
    """From 12 pixels on 0.03 units: two digits can hold next to nothing of that."""
    parts = trace(mask)
    whole = assembled(simplified(parts, simplify) if simplify else parts)
    on_map = moved(whole, contest_affine(0.0321, -0.0297, mask.shape))
    back = geometry_of(valid_text(on_map, decimals))
    assert back.is_valid
    if decimals >= 9:
        assert back.area == pytest.approx(on_map.area, rel=1e-3)


def test_ground_that_two_parts_share_is_written_as_ground() -> None:
    parts = MultiPolygon([shapely.box(0, 0, 4, 4), shapely.box(1, 1, 2, 2)])
    assert geometry_of(valid_text(parts, 2)).area == 16
