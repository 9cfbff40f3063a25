"""Outlines of every real mask: exact, valid as written, half the vertices, the same in windows."""

from __future__ import annotations

import sys
from functools import cache

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon

from pipeline.config.mapping import Polygons
from pipeline.imagery.labels import draw_masks
from pipeline.imagery.transform import moved
from pipeline.mapping.geometry.precision import digits_for
from pipeline.mapping.geometry.simplification import Parts, simplified
from pipeline.mapping.masks.postprocessing import Cleaning, object_mask
from pipeline.mapping.masks.softening import smoothed
from pipeline.mapping.polygons import assembled, trace, trace_windows
from pipeline.mapping.text import valid_text
from tests.chain_project import ROOT
from tests.test_real_scenes import real_scenes

sys.path.insert(0, str(ROOT / "scripts"))

from polygon_bench.real import RealClass, real_classes

pytestmark = pytest.mark.slow

SIDE = 512


@cache
def real() -> list[RealClass]:
    """Masks of all classes of all labelled scenes, at 1.24 m."""
    found = list(real_classes(real_scenes() / "dstl_swir"))
    assert len(found) == 49
    return found


def returned(one: RealClass, parts: Parts) -> tuple[MultiPolygon, NDArray[np.bool_]]:
    """What is read back of polygons that are written on the map, and the mask that it draws."""
    on_map = moved(assembled(parts), one.to_map)
    back = shapely.from_wkt(valid_text(on_map, digits_for([on_map])))
    assert back.is_valid, one.name
    return back, draw_masks({1: back}, (1,), one.to_map, one.mask.shape)[0]


def iou(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    return float((one & other).sum() / (one | other).sum())


def vertices(parts: Parts) -> int:
    return int(shapely.get_num_coordinates(parts).sum())


def test_every_real_mask_comes_back_from_its_text() -> None:
    for one in real():
        _, mask = returned(one, trace(one.mask))
        np.testing.assert_array_equal(mask, one.mask, err_msg=one.name)


def test_half_the_vertices_hold_nearly_the_same_pixels() -> None:
    cost = Polygons().simplify_cost
    assert isinstance(cost, float)
    kept, ious, shares = [], [], []
    for one in real():
        parts = trace(one.mask)
        simple = simplified(parts, cost)
        _, mask = returned(one, simple)
        ious.append(iou(mask, one.mask))
        kept.append(vertices(simple))
        shares.append(vertices(parts))
    assert np.mean(ious) >= 0.985
    assert min(ious) > 1 - 2 * cost
    assert sum(kept) <= 0.5 * sum(shares)


def test_windows_give_the_polygons_of_the_whole_scene() -> None:
    """Probabilities of blurred masks, with all that is done to a class, in windows of 512."""
    cleaning = Cleaning(
        110, smooth=2, min_area=30, min_hole=40, seed=150, median=1.3, closing=2.5, opening=1.3
    )
    for one in real()[::4]:
        levels = smoothed(np.where(one.mask, 255, 1).astype(np.uint8), 1.5)
        whole = object_mask(levels, cleaning, 1.24)
        tiled = object_mask(levels, cleaning, 1.24, SIDE)

        def read(rows: slice, columns: slice, mask: NDArray[np.bool_] = tiled) -> NDArray[np.bool_]:
            return mask[rows, columns]

        found = trace_windows(read, (whole.shape[0], whole.shape[1]), SIDE)
        assert max(whole.shape) > SIDE
        assert set(shapely.to_wkb(found)) == set(shapely.to_wkb(trace(whole))), one.name
