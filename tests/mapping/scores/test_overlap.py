"""Areas that polygons share: by hand, and equal to an overlay's on whatever touches and crosses."""

import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon
from shapely.affinity import translate

from pipeline.imagery.outlines import polygons_of
from pipeline.imagery.transform import moved
from pipeline.mapping.jaccard import Overlap
from pipeline.mapping.polygons import assembled, trace
from pipeline.mapping.scores import overlap
from pipeline.mapping.scores.overlap import overlap_of, shared_area

SQUARE = shapely.box(0, 0, 4, 4)
RING = SQUARE.difference(shapely.box(1, 1, 3, 3))
DIAMOND = shapely.Polygon([(2, 0), (4, 2), (2, 4), (0, 2)])


@pytest.mark.parametrize(
    ("one", "other", "area"),
    [
        (SQUARE, SQUARE, 16),
        (SQUARE, RING, 12),
        (RING, RING, 12),
        (RING, shapely.box(1, 1, 3, 3), 0),
        (SQUARE, DIAMOND, 8),
        (RING, DIAMOND, 4),
        (SQUARE, translate(SQUARE, 4, 0), 0),
        (SQUARE, translate(SQUARE, 3, -3), 1),
        (DIAMOND, translate(DIAMOND, 2, 0), 2),
        (DIAMOND, translate(DIAMOND, 2, 2), 0),
        (SQUARE, translate(SQUARE, 9, 9), 0),
        (MultiPolygon([SQUARE, translate(RING, 4, 4)]), translate(SQUARE, 2, 2), 7),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_areas_by_hand(
    one: shapely.Polygon, other: shapely.Polygon, area: float, turned: bool
) -> None:
    if turned:
        one = shapely.reverse(one)
    assert shared_area(one, other) == pytest.approx(area, abs=1e-13)
    assert shared_area(other, one) == pytest.approx(area, abs=1e-13)


def test_overlap_by_hand() -> None:
    assert overlap_of(shapely.box(0, 0, 2, 2), shapely.box(1, 0, 4, 2)) == Overlap(2, 2, 4)
    assert overlap_of(MultiPolygon(), shapely.box(0, 0, 1, 1)) == Overlap(0, 0, 1)
    assert overlap_of(shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)) == Overlap(0, 1, 1)
    assert overlap_of(MultiPolygon(), MultiPolygon()).jaccard is None


def masks(rng: np.random.Generator, side: int, share: float) -> MultiPolygon:
    """Outlines of random pixels: many corners that touch, many holes."""
    return assembled(trace(rng.random((side, side)) < share))


def triangles(rng: np.random.Generator, number: int) -> MultiPolygon:
    corners = rng.uniform(0, 10, (number, 3, 2))
    return polygons_of(shapely.union_all(shapely.polygons(corners)))


def slivers(rng: np.random.Generator, number: int) -> MultiPolygon:
    """Thin parts side by side, all as long as the whole."""
    left = np.arange(number) / number
    boxes = shapely.box(left, 0, left + rng.uniform(0.1, 0.9, number) / number, 10)
    return MultiPolygon(list(boxes))


def check(one: MultiPolygon, other: MultiPolygon) -> None:
    expected = shapely.area(shapely.intersection(one, other))
    least = min(one.area, other.area)
    assert shared_area(one, other) == pytest.approx(expected, rel=1e-10, abs=1e-12 * least)


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 2**32 - 1),
    are_masks=st.tuples(st.booleans(), st.booleans()),
    size=st.integers(1, 12),
)
def test_equals_an_overlay(seed: int, are_masks: tuple[bool, bool], size: int) -> None:
    rng = np.random.default_rng(seed)
    one, other = (masks(rng, size, 0.5) if mask else triangles(rng, size) for mask in are_masks)
    if not one.is_empty and not other.is_empty:
        check(one, other)
        check(one, one)


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 2**32 - 1), angle=st.floats(0, 90), scale=st.floats(1e-6, 1e6))
def test_equals_an_overlay_on_large_masks_that_are_turned(
    seed: int, angle: float, scale: float
) -> None:
    rng = np.random.default_rng(seed)
    one, other = masks(rng, 40, 0.6), masks(rng, 40, 0.6)
    turn = Affine.scale(scale) @ Affine.rotation(angle)
    check(moved(one, turn), moved(other, turn))
    check(moved(one, turn), moved(other, Affine.scale(scale)))


def test_whole_masks_that_are_equal_share_all() -> None:
    whole = masks(np.random.default_rng(0), 100, 0.55)
    assert overlap_of(whole, whole).tp == pytest.approx(whole.area, rel=1e-13)


def test_long_thin_parts_crosswise() -> None:
    rng = np.random.default_rng(1)
    down, across = slivers(rng, 300), slivers(rng, 300)
    across = moved(across, Affine(0, 0.1, 0, 10, 0, 0))
    # Each part of one crosses each of the other: the shared area is a product of widths.
    widths = down.area / 10 * across.area
    assert shared_area(down, across) == pytest.approx(widths, rel=1e-12)


def test_parts_that_crowd_in_two_places(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    near = [masks(rng, 30, 0.5) for _ in range(4)]
    one, other = (
        MultiPolygon([*a.geoms, *translate(b, 30_000, 50_000).geoms])
        for a, b in (near[:2], near[2:])
    )
    check(one, other)
    monkeypatch.setattr(overlap, "_CHUNK", 7)
    check(one, other)


def test_points_far_from_the_origin_keep_their_digits() -> None:
    rng = np.random.default_rng(3)
    one, other = (moved(masks(rng, 20, 0.5), Affine.translation(2**22, 2**23)) for _ in range(2))
    expected = shapely.intersection(one, other).area
    assert shared_area(one, other) == pytest.approx(expected, rel=1e-12)


def test_edges_of_no_width_to_speak_of() -> None:
    thin = shapely.Polygon([(0, 0), (1e-320, 1), (1, 1), (1, 0)])
    assert shared_area(thin, SQUARE) == pytest.approx(1, rel=1e-12)
