from __future__ import annotations

import numpy as np
from affine import Affine
from shapely import MultiPolygon, Polygon, box

from pipeline.imagery.labels import draw_masks

TO_MAP = Affine.scale(0.5, -0.5)
"""Two working pixels per map unit, rows down."""


def test_pixels_whose_centre_is_inside_and_holes_left_out() -> None:
    ring = Polygon(box(0, -3, 3, 0).exterior.coords, [list(box(1, -2, 2, -1).exterior.coords)])
    masks = draw_masks({4: MultiPolygon([ring])}, (4,), TO_MAP, (8, 8))
    expected = np.zeros((8, 8), dtype=np.bool_)
    expected[:6, :6] = True
    expected[2:4, 2:4] = False
    np.testing.assert_array_equal(masks[0], expected)


def test_a_quarter_pixel_decides_by_the_centre() -> None:
    # Centres lie at 0.25, 0.75 ... map units: 0.3 takes in the first column only.
    masks = draw_masks({1: MultiPolygon([box(0, -4, 0.3, 0)])}, (1,), TO_MAP, (8, 8))
    assert masks[0, :, 0].all()
    assert not masks[0, :, 1:].any()


def test_classes_overlap_and_missing_ones_are_empty() -> None:
    labels = {9: MultiPolygon([box(0, -2, 2, 0)]), 2: MultiPolygon([box(1, -2, 3, 0)])}
    masks = draw_masks(labels, (2, 7, 9), TO_MAP, (4, 6))
    assert masks.dtype == np.bool_
    assert masks.shape == (3, 4, 6)
    assert [int(mask.sum()) for mask in masks] == [16, 0, 16]
    assert (masks[0] & masks[2]).sum() == 8


def test_empty_label_and_label_past_the_grid() -> None:
    labels = {1: MultiPolygon(), 2: MultiPolygon([box(-5, -50, 50, 5)])}
    masks = draw_masks(labels, (1, 2), TO_MAP, (3, 4))
    assert not masks[0].any()
    assert masks[1].all()
