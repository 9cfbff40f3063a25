"""Corners, rings and masks: as GDAL traces them, in windows, and back again."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from shapely import Polygon

from pipeline.mapping.polygons import assembled, trace, trace_windows
from pipeline.mapping.tracing.corners import FALLING, NE, NW, RISING, SE, SW, corners_of
from pipeline.mapping.tracing.drawing import drawn
from pipeline.mapping.tracing.rings import polygons_of, rings_of
from tests.mapping.tracing.reference import Mask, blobs, mask_of, outlines, texts

MASKS = hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, max_side=14))

ODD = {
    "pixel": ("#",),
    "empty": (".",),
    "full": ("####", "####"),
    "falling": ("#.", ".#"),
    "rising": (".#", "#."),
    "four touch in one": (".#.", "#.#", ".#."),
    "nested": ("#######", "#.....#", "#.###.#", "#.#.#.#", "#.###.#", "#.....#", "#######"),
    "holes touch": ("####", "#.##", "##.#", "####"),
    "hole touches the outside": ("##.", "#.#", "###"),
    "bay that a corner closes": ("###", "#.#", "##.", "###"),
    "island touches its hole": ("####", "#.##", "##.#", "#..#", "####"),
    "corners of the image": ("#..#", "....", "#..#"),
    "chessboard": ("#.#.#.", ".#.#.#", "#.#.#.", ".#.#.#"),
    "two rings touch": ("###...", "#.#...", "###...", "...###", "...#.#", "...###"),
}


def check(mask: Mask) -> None:
    rings = rings_of(corners_of(mask))
    parts = polygons_of(rings)
    whole = assembled(parts)
    assert whole.is_valid
    assert whole.area == rings.areas.sum() == mask.sum()
    assert texts(list(parts)) == texts(outlines(mask))
    np.testing.assert_array_equal(drawn(rings, mask.shape), mask)
    # Vertices are where the outline turns, nowhere else.
    assert len(rings.rows) == len(corners_of(mask))


@pytest.mark.parametrize("rows", ODD.values(), ids=ODD)
def test_shapes_that_are_easily_wrong(rows: tuple[str, ...]) -> None:
    check(mask_of(*rows))


@settings(deadline=None, max_examples=400)
@given(mask=MASKS)
def test_any_mask(mask: Mask) -> None:
    check(mask)


@pytest.mark.parametrize("seed", range(20))
def test_larger_masks(seed: int) -> None:
    check(blobs(seed, 30, (0.35, 0.5, 0.65)[seed % 3]))


@settings(deadline=None, max_examples=300)
@given(mask=MASKS, side=st.integers(1, 15))
def test_windows_give_what_the_whole_gives(mask: Mask, side: int) -> None:
    found = trace_windows(lambda rows, columns: mask[rows, columns], mask.shape, side)
    assert [part.wkt for part in found] == [part.wkt for part in trace(mask)]


def test_windows_of_a_large_mask() -> None:
    mask = blobs(3, 400, 0.55)
    found = trace_windows(lambda rows, columns: mask[rows, columns], mask.shape, 512)
    assert len(found) > 1000
    assert shapely.to_wkb(found).tolist() == shapely.to_wkb(trace(mask)).tolist()


def test_parts_follow_pixel_edges() -> None:
    (part,) = trace(mask_of("...", ".##", "..."))
    assert part.equals(shapely.box(1, 1, 3, 2))


def test_parts_are_in_the_order_of_their_first_pixels() -> None:
    mask = mask_of("..##.#", "#....#", "#.#...")
    firsts = [part.bounds[:2] for part in trace(mask)]
    assert firsts == [(2, 0), (5, 0), (0, 1), (2, 2)]


def test_corners_by_hand() -> None:
    found = corners_of(mask_of("#.", ".#"))
    assert list(zip(found.rows, found.columns, found.around, strict=True)) == [
        (0, 0, SE),
        (0, 1, SW),
        (1, 0, NE),
        (1, 1, FALLING),
        (1, 1, FALLING),
        (1, 2, SW),
        (2, 1, NE),
        (2, 2, NW),
    ]
    assert (corners_of(mask_of(".#", "#.")).around == RISING).sum() == 2


def test_rings_by_hand() -> None:
    """A frame around a pixel: an outer ring, its hole, and the island's ring."""
    rings = rings_of(corners_of(mask_of("#####", "#...#", "#.#.#", "#...#", "#####")))
    assert rings.areas.tolist() == [25, -9, 1]
    assert rings.parts.tolist() == [0, 0, 1]
    assert rings.outer.tolist() == [True, False, True]
    frame, island = polygons_of(rings)
    hole = [(1, 1), (4, 1), (4, 4), (1, 4)]
    assert frame.equals(Polygon([(0, 0), (5, 0), (5, 5), (0, 5)], [hole]))
    assert island.equals(shapely.box(2, 2, 3, 3))
    assert drawn(rings.take(~rings.outer), (5, 5)).sum() == 9


def test_wide_masks() -> None:
    """Columns past the largest number of two bytes."""
    mask = np.zeros((3, 70_000), np.bool_)
    mask[1, 5:69_000] = True
    mask[1, 66_000] = False
    one, two = trace(mask)
    assert one.equals(shapely.box(5, 1, 66_000, 2))
    assert two.equals(shapely.box(66_001, 1, 69_000, 2))
