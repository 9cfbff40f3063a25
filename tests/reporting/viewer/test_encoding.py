"""Polygons survive their way into the page and back."""

import base64
import time

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Polygon

from pipeline.reporting.viewer.encoding import encode_group, group_bytes, leb128
from pipeline.reporting.viewer.polygon_layer import encode_layer
from pipeline.reporting.viewer.shapes import Shapes, tidy
from tests.reporting.viewer.decoding import numbers, polygons_of, rings_of, values_of


def shapes(*polygons: Polygon | None, code: int = 1) -> Shapes:
    found = np.array(polygons, object)
    areas = np.nan_to_num(shapely.area(found))
    return Shapes(code, found, areas, np.linspace(0, 1, len(found)))


def test_bytes_by_hand() -> None:
    """A square of two pixels at (1, 1), with units of half a pixel."""
    square = Polygon([(1, 1), (3, 1), (3, 3), (1, 3)])
    group = encode_group(Shapes(7, np.array([square]), np.array([20.04]), np.array([0.5])), 2)
    assert base64.b64decode(group["rings"]) == bytes([1, 4, 4, 4, 8, 0, 0, 8, 7, 0])
    assert base64.b64decode(group["values"]) == bytes([200, 1, 128, 1])  # 200 and 1 + 127
    assert (group["code"], group["count"]) == (7, 1)
    assert group_bytes(group) == 16 + 8


def test_leb128_by_hand() -> None:
    found = leb128(np.array([0, 127, 128, 300, 2**14]))
    assert found == bytes([0, 127, 128, 1, 172, 2, 128, 128, 1])
    assert leb128(np.array([], np.int64)) == b""


@given(st.lists(st.integers(0, 2**62)))
def test_any_numbers_come_back(values: list[int]) -> None:
    text = base64.b64encode(leb128(np.array(values, np.int64))).decode()
    assert list(numbers(text)) == values


def test_probabilities_that_nobody_knows() -> None:
    square = shapely.box(0, 0, 4, 4)
    two = np.array([square, square])
    assert values_of(encode_group(Shapes(1, two, np.ones(2)), 1)) == [(1, None)] * 2
    some = Shapes(1, two, np.array([np.nan, -1]), np.array([np.nan, 1.0]))
    assert values_of(encode_group(some, 1)) == [(0, None), (0, 1)]


def test_rings_that_shrink_to_nothing_are_left_out() -> None:
    hole = [(1, 1), (1.2, 1), (1.2, 1.2), (1, 1.2)]
    wide = Polygon([(0, 0), (9, 0), (9, 9), (0, 9)], [hole])
    tiny = shapely.box(3, 3, 3.2, 3.2)
    group = encode_group(shapes(tiny, wide, tiny), 1)
    assert rings_of(group) == [[[(0, 0), (9, 0), (9, 9), (0, 9)]]]
    area, chance = values_of(group)[0]
    assert (area, chance) == (81, 0.5)
    assert encode_group(shapes(tiny), 1)["count"] == 0


def test_points_that_fall_together_are_one() -> None:
    """The last point rounds onto the first, and two in between onto each other."""
    rough = Polygon([(0, 0), (5, 0), (5.3, 0.3), (5, 5), (0, 0.4)])
    assert rings_of(encode_group(shapes(rough), 1)) == [[[(0, 0), (5, 0), (5, 5)]]]


corner = st.integers(-300, 300)


@st.composite
def polygon(draw: st.DrawFn) -> Polygon:
    """A box, or one with a hole, at quarters of a pixel."""
    x, y = draw(corner) / 4, draw(corner) / 4
    width, height = draw(st.integers(8, 4000)) / 4, draw(st.integers(8, 4000)) / 4
    outline = shapely.box(x, y, x + width, y + height)
    if draw(st.booleans()):
        return outline
    return outline.difference(shapely.box(x + 0.5, y + 0.5, x + width / 2, y + height / 2))


@settings(max_examples=60, deadline=None)
@given(st.lists(polygon(), min_size=1, max_size=8))
def test_polygons_come_back(polygons: list[Polygon]) -> None:
    group = encode_group(shapes(*polygons), 8)
    assert all(
        one.normalize() == other.normalize()
        for one, other in zip(polygons, polygons_of(group, 8), strict=True)
    )
    known = zip(values_of(group), shapely.area(polygons), strict=True)
    assert all(abs(area - true) <= 0.051 for (area, _), true in known)


def test_broken_polygons_are_left_out() -> None:
    bow = Polygon([(0, 0), (4, 4), (4, 0), (0, 4)])
    endless = Polygon([(0, 0), (np.inf, 0), (4, 4)])
    given_shapes = shapes(bow, Polygon(), None, endless, shapely.box(1, 1, 2, 2))
    found = encode_layer([given_shapes], (8, 8), 1000)
    assert [group["count"] for group in found.record["groups"]] == [1]
    assert (found.left_out, found.dropped) == (0, 4)
    assert encode_layer([shapes(bow)], (8, 8), 1000).record["groups"] == []
    nothing = encode_layer([], (8, 8), 1000)
    assert (nothing.left_out, nothing.dropped) == (0, 0)


def test_what_reaches_past_the_scene_is_cut() -> None:
    """A wide U comes apart at the border; half a pixel too much stays."""
    arms = shapely.box(-90, 2, 4, 3) | shapely.box(-90, 5, 4, 6) | shapely.box(-90, 2, -80, 6)
    near, away = shapely.box(0, 0, 8.5, 1), shapely.box(50, 50, 60, 60)
    found = tidy(shapes(arms, near, away), (8, 8))
    assert sorted(part.bounds for part in found.polygons) == [
        (0, 0, 8.5, 1),
        (0, 2, 4, 3),
        (0, 5, 4, 6),
    ]
    assert found.probabilities is not None
    assert sorted(found.probabilities) == [0, 0, 0.5]


def test_layers_get_coarse_and_then_lose_their_smallest() -> None:
    rng = np.random.default_rng(0)
    centres = rng.random((300, 1, 2)) * 400 + 50
    angles = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    radius = rng.uniform(4, 20, (300, 1, 1))
    circle = np.stack((np.cos(angles), np.sin(angles)), -1)
    discs = shapely.polygons(centres + radius * circle)
    rows = [shapes(*discs[:100], code=1), shapes(*discs[100:], code=2)]
    fine, coarse, few = (encode_layer(rows, (500, 500), limit) for limit in (10**6, 9000, 2000))
    assert (fine.tolerance, fine.left_out) == (0.1, 0)
    assert coarse.tolerance > 0.1
    assert coarse.left_out == 0
    assert coarse.size <= 9000
    assert few.size <= 2000
    assert few.left_out == 300 - few.count > 100
    assert few.dropped == 0
    shown = [part.area for group in few.record["groups"] for part in polygons_of(group, 1)]
    assert min(shown) > np.quantile(shapely.area(discs), few.left_out / 300) * 0.8
    assert encode_layer(rows, (500, 500), 0).record["groups"] == []


def test_small_objects_are_kept_when_outlines_get_coarse() -> None:
    car = shapely.box(3, 3, 5, 4)
    found = encode_layer([shapes(*[car] * 40)], (8, 8), 1500)
    assert found.tolerance > 0
    assert found.record["groups"][0]["count"] == 40


def test_parts_of_a_geometry() -> None:
    both = shapely.MultiPolygon([shapely.box(0, 0, 2, 2), shapely.box(4, 4, 5, 5)])
    mixed = shapely.GeometryCollection([shapely.Point(0, 0), shapely.box(0, 0, 1, 3)])
    assert Shapes.of(3, both, 2.0).areas.tolist() == [16, 4]
    assert Shapes.of(3, mixed, 1.0).areas.tolist() == [3]
    assert Shapes.of(3, shapely.MultiPolygon(), 1.0).areas.tolist() == []


def test_many_polygons_take_little_time() -> None:
    """50,000 polygons: less than two seconds, of the processor's time."""
    rng = np.random.default_rng(0)
    corners = rng.random((50_000, 1, 2)) * 4000
    angles = np.linspace(0, 2 * np.pi, 10, endpoint=False)
    polygons = shapely.polygons(corners + 6 * np.stack((np.cos(angles), np.sin(angles)), -1))
    one = Shapes(1, polygons, shapely.area(polygons))
    start = time.process_time()
    assert encode_layer([one], (4000, 4000), 10**8).record["groups"][0]["count"] == 50_000
    assert time.process_time() - start < 2
