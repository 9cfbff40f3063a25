"""Training targets: values by hand, and what soft, hard and grown targets have in common."""

from __future__ import annotations

import math

import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Point, Polygon, box
from shapely.affinity import affine_transform

from pipeline.config.targets import Targets
from pipeline.imagery import targets as module
from pipeline.imagery.labels import draw_masks
from pipeline.imagery.targets import draw_targets

IDENTITY = Affine.identity()
SOFT = Targets(soft=True)


def _one(polygon: Polygon, to_map: Affine = IDENTITY) -> MultiPolygon:
    """A polygon in pixels as a label in map units."""
    a, b, c, d, e, f = to_map[:6]
    return MultiPolygon([affine_transform(polygon, [a, b, d, e, c, f])])


@pytest.mark.parametrize(
    ("part", "level"),
    [
        (box(1, 1, 1.5, 1.5), 64),  # a quarter: 63.75
        (box(1, 1, 1.5, 2), 128),  # a half: 127.5, to the even number
        (box(1, 1, 1.75, 2), 191),  # three quarters: 191.25
        (box(1, 1, 1.25, 1.25), 16),  # a sixteenth: 15.9
        (box(1, 1, 2, 2), 255),
        (
            Polygon(box(1, 1, 2, 2).exterior.coords, [box(1.25, 1.25, 1.75, 1.75).exterior.coords]),
            191,
        ),
    ],
)
def test_soft_target_is_the_share_of_the_pixel(part: Polygon, level: int) -> None:
    target = draw_targets({3: _one(part)}, (3,), IDENTITY, (3, 4), 1.0, SOFT)
    expected = np.zeros((1, 3, 4), np.uint8)
    expected[0, 1, 1] = level
    assert target.dtype == np.uint8
    np.testing.assert_array_equal(target, expected)


def test_samples_say_how_fine_a_share_is_measured() -> None:
    labels = {1: _one(box(0, 0, 0.3, 1))}
    levels = [
        int(
            draw_targets(labels, (1,), IDENTITY, (1, 1), 1.0, Targets(soft=True, samples=n))[
                0, 0, 0
            ]
        )
        for n in (2, 3, 4, 10)
    ]
    # Points lie at .25 .75; at .17 .5 .83; at .125 .375 ...; at .05 .15 .25 .35 ...
    assert levels == [128, 85, 64, 76]


def test_a_thin_line_keeps_its_area_where_the_truth_loses_it() -> None:
    labels = {1: _one(box(0.6, 0, 0.85, 4))}
    assert not draw_masks(labels, (1,), IDENTITY, (4, 2)).any()
    target = draw_targets(labels, (1,), IDENTITY, (4, 2), 1.0, SOFT)
    np.testing.assert_array_equal(target[0], [[64, 0]] * 4)


def test_map_units_may_differ_between_x_and_y() -> None:
    to_map = Affine.translation(5, 7) @ Affine.scale(0.5, -0.2)
    labels = {2: _one(box(3, 3, 5, 4), to_map)}
    soft = draw_targets(labels, (2,), to_map, (8, 9), 2.0, SOFT)
    expected = np.zeros((8, 9), np.uint8)
    expected[3, 3:5] = 255
    np.testing.assert_array_equal(soft[0], expected)
    # 2.9 m are 1.45 pixels on all sides: centres 0.5 (and 0.7, at corners) away are in, 1.5 not.
    grown = draw_targets(labels, (2,), to_map, (8, 9), 2.0, Targets(dilate={2: 2.9}))
    expected[2:5, 2:6] = 255
    np.testing.assert_array_equal(grown[0], expected)


def test_grown_by_metres_not_pixels_and_only_the_named_class() -> None:
    labels = {1: _one(box(4, 4, 5, 5)), 2: _one(box(4, 4, 5, 5))}
    dilate = Targets(dilate={2: 1.0})
    coarse = draw_targets(labels, (1, 2), IDENTITY, (9, 9), 1.0, dilate)
    fine = draw_targets(labels, (1, 2), IDENTITY, (9, 9), 0.5, dilate)
    # A cross of one pixel (its corners' centres are 0.7 away), then two pixels without corners.
    assert [int((level == 255).sum()) for level in coarse] == [1, 9]
    assert [int((level == 255).sum()) for level in fine] == [1, 21]
    assert set(np.unique(fine)) == {0, 255}
    np.testing.assert_array_equal(fine[0], coarse[0])


def test_grown_soft_target_has_the_area_of_the_grown_polygon() -> None:
    labels = {1: _one(box(8, 8, 12, 12))}
    target = draw_targets(
        labels, (1,), IDENTITY, (20, 20), 1.0, Targets(soft=True, dilate={1: 3.0})
    )
    area = 16 + 4 * 4 * 3 + math.pi * 9
    assert target.sum() / 255 == pytest.approx(area, rel=0.01)


def test_parts_that_overlap_count_once() -> None:
    labels = {1: MultiPolygon([box(0, 0, 1, 0.5), box(0, 1.5, 1, 2)])}
    target = draw_targets(labels, (1,), IDENTITY, (2, 1), 1.0, Targets(soft=True, dilate={1: 2.0}))
    np.testing.assert_array_equal(target[0], [[255], [255]])


def test_classes_without_polygons_are_empty_and_labels_past_the_grid_are_cut() -> None:
    labels = {1: MultiPolygon(), 2: MultiPolygon([box(-5, -50, 50, 50)])}
    for settings_ in (SOFT, Targets(dilate={1: 1.0, 2: 1.0}), Targets(soft=True, dilate={1: 1.0})):
        target = draw_targets(labels, (1, 2, 7), IDENTITY, (3, 4), 1.0, settings_)
        assert not target[[0, 2]].any()
        assert (target[1] == 255).all()


def test_strips_fit_together(monkeypatch: pytest.MonkeyPatch) -> None:
    labels = {1: _one(Point(6.2, 5.1).buffer(4.7)), 2: _one(Point(1, 2).buffer(3))}
    whole = draw_targets(labels, (1, 2), IDENTITY, (11, 13), 1.0, SOFT)
    for points in (1, 13 * 16 * 3):
        monkeypatch.setattr(module, "_POINTS", points)
        strips = draw_targets(labels, (1, 2), IDENTITY, (11, 13), 1.0, SOFT)
        np.testing.assert_array_equal(strips, whole)


def test_settings_that_leave_the_truth_say_so() -> None:
    assert Targets().are_truth
    assert not SOFT.are_truth
    assert not Targets(dilate={1: 1.0}).are_truth


_CELL = st.integers(0, 15)


@settings(max_examples=40, deadline=None)
@given(
    edges=st.lists(st.tuples(_CELL, _CELL, st.integers(1, 9), st.integers(1, 9)), max_size=5),
    samples=st.integers(2, 6),
)
def test_hard_and_soft_agree_where_polygons_follow_pixel_edges(
    edges: list[tuple[int, int, int, int]], samples: int
) -> None:
    boxes = [box(x, y, x + width, y + height) for x, y, width, height in edges]
    to_map = Affine.translation(0.25, -3) @ Affine.scale(0.5, -0.25)
    merged = [_one(part, to_map) for part in boxes]
    labels = {1: MultiPolygon([part for multi in merged for part in multi.geoms])}
    masks = draw_masks(labels, (1,), to_map, (18, 20))
    for settings_ in (Targets(), Targets(soft=True, samples=samples)):
        target = draw_targets(labels, (1,), to_map, (18, 20), 1.0, settings_)
        np.testing.assert_array_equal(target, masks * np.uint8(255))


_PLACE = st.floats(4, 16)


@settings(max_examples=40, deadline=None)
@given(x=_PLACE, y=_PLACE, radius=st.floats(0.3, 3.5), sides=st.integers(3, 12))
def test_sum_is_the_polygons_area(x: float, y: float, radius: float, sides: int) -> None:
    turns = np.linspace(0, 2 * math.pi, sides, endpoint=False)
    part = Polygon([(x + radius * math.cos(t), y + radius * math.sin(t)) for t in turns])
    target = draw_targets({1: _one(part)}, (1,), IDENTITY, (20, 20), 1.0, SOFT)
    # Only points in cells that the outline crosses can be off: fewer than 3 per quarter pixel of
    # its length and one more, each a sixteenth of a pixel; levels are off by half of 1/255 each.
    error = (3 * (4 * part.length + 1)) / 16 + np.count_nonzero(target) / 510
    assert abs(target.sum() / 255 - part.area) <= error
    assert target.max() <= 255
