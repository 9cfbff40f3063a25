"""Pixel -> polygon -> pixel is the identity; cleaning and simplifying do what they say."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from rasterio.features import rasterize

from pipeline.mapping.polygons import assembled, draw, mean_levels, outline, trace
from pipeline.mapping.simplification import simplified

MASKS = hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, max_side=14))


def mask_of(*rows: str) -> NDArray[np.bool_]:
    return np.array([[letter == "#" for letter in row] for row in rows])


def redrawn(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    whole = assembled(trace(mask))
    if whole.is_empty:
        return np.zeros_like(mask)
    drawn: NDArray[np.bool_] = rasterize([whole], out_shape=mask.shape) > 0
    return drawn


@settings(deadline=None, max_examples=300)
@given(mask=MASKS)
def test_tracing_and_drawing_is_the_identity(mask: NDArray[np.bool_]) -> None:
    whole = assembled(trace(mask))
    assert whole.is_valid
    assert whole.area == mask.sum()
    np.testing.assert_array_equal(redrawn(mask), mask)
    np.testing.assert_array_equal(draw(trace(mask), mask.shape) > 0, mask)


@pytest.mark.parametrize(
    "rows",
    [
        ("#",),
        (".",),
        ("####", "####"),
        ("#.", ".#"),
        (".#.", "#.#", ".#."),
        ("#######", "#.....#", "#.###.#", "#.#.#.#", "#.###.#", "#.....#", "#######"),
        ("####", "#.##", "##.#", "####"),
        ("#..#", "....", "#..#"),
    ],
    ids=["pixel", "empty", "full", "diagonal", "ring", "nested", "diagonal holes", "corners"],
)
def test_shapes_that_are_easily_wrong(rows: tuple[str, ...]) -> None:
    mask = mask_of(*rows)
    assert assembled(trace(mask)).is_valid
    np.testing.assert_array_equal(redrawn(mask), mask)


def test_parts_follow_pixel_edges() -> None:
    (part,) = trace(mask_of("...", ".##", "..."))
    assert part.equals(shapely.box(1, 1, 3, 2))


def test_diagonal_pixels_are_two_parts() -> None:
    assert len(trace(mask_of("#.", ".#"))) == 2


def test_small_parts_go_and_small_holes_fill() -> None:
    mask = mask_of("####..#", "#.##...", "####.##", "####.##")
    kept = outline(mask, min_area=4)
    assert sorted(part.area for part in kept) == [4, 15]
    filled = outline(mask, min_area=4, min_hole=2)
    assert sorted(part.area for part in filled) == [4, 16]
    assert sorted(part.area for part in outline(mask, min_hole=1)) == [1, 4, 15]


def test_filling_a_hole_swallows_its_island() -> None:
    mask = mask_of("#####", "#...#", "#.#.#", "#...#", "#####")
    (part,) = outline(mask, min_hole=10)
    assert part.equals(shapely.box(0, 0, 5, 5))


@settings(deadline=None, max_examples=150)
@given(mask=MASKS, tolerance=st.floats(0.1, 3))
def test_simplified_is_valid_and_moves_no_further_than_told(
    mask: NDArray[np.bool_], tolerance: float
) -> None:
    parts = trace(mask)
    simple = simplified(parts, tolerance)
    assert len(simple) == len(parts)
    assert assembled(simple).is_valid
    for before, after in zip(parts, simple, strict=True):
        assert shapely.hausdorff_distance(before.boundary, after.boundary) <= tolerance + 1e-9
        assert len(after.exterior.coords) <= len(before.exterior.coords)


def test_staircase_becomes_a_slope() -> None:
    mask = np.tril(np.ones((30, 30), bool))
    (part,) = outline(mask, simplify=1)
    assert len(part.exterior.coords) < 10
    assert len(outline(mask)[0].exterior.coords) > 50


def test_mean_levels_by_hand() -> None:
    levels = np.array([[10, 20, 0], [0, 0, 0], [0, 7, 9]], np.uint8)
    parts = trace(levels > 0)
    assert mean_levels(parts, levels).tolist() == [15, 8]
    assert mean_levels(trace(levels > 99), levels).tolist() == []
