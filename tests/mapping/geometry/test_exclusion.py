"""Borders that exclusive classes share stay shared when they are simplified."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from pipeline.mapping.geometry.borders import borders_of
from pipeline.mapping.geometry.exclusion import exclusive_groups, simplified_together
from pipeline.mapping.geometry.simplification import AREA_PER_COST, Parts, simplified
from pipeline.mapping.masks.planes import HeldPlane, Strips
from pipeline.mapping.polygons import assembled, trace

MAPS = hnp.arrays(
    np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=14), elements=st.integers(0, 3)
)


def classes_of(codes: NDArray[np.uint8], count: int = 3) -> list[Parts]:
    return [trace(codes == code) for code in range(1, count + 1)]


def land_cover(seed: int, side: int = 128, sigma: float = 4.0) -> NDArray[np.uint8]:
    """Classes 1 to 3 wherever theirs is the largest of three smooth fields."""
    noise = np.random.default_rng(seed).standard_normal((3, side, side))
    fields = gaussian_filter(noise, (0, sigma, sigma))
    found: NDArray[np.uint8] = (fields.argmax(axis=0) + 1).astype(np.uint8)
    return found


def check(codes: NDArray[np.uint8], cost: float) -> tuple[list[Parts], list[Parts]]:
    before = classes_of(codes)
    after = simplified_together(before, [cost] * 3)
    for old, new in zip(before, after, strict=True):
        assert len(old) == len(new)
        assert assembled(new).is_valid
        np.testing.assert_array_equal(
            shapely.get_num_interior_rings(old), shapely.get_num_interior_rings(new)
        )
        moved = shapely.area(shapely.symmetric_difference(old, new))
        assert (moved <= AREA_PER_COST * cost * shapely.area(old) + 1e-6).all()
    every = np.concatenate(after)
    assert shapely.coverage_is_valid(every)
    wholes = [assembled(parts) for parts in after]
    for number, one in enumerate(wholes):
        for other in wholes[:number]:
            assert shapely.intersection(one, other).area == pytest.approx(0, abs=1e-9)
    return before, after


@settings(deadline=None, max_examples=150)
@given(codes=MAPS, cost=st.sampled_from([0.015, 0.05, 0.2]))
def test_maps_of_noise(codes: NDArray[np.uint8], cost: float) -> None:
    check(codes, cost)


@pytest.mark.parametrize("seed", [0, 2, 14])
def test_a_part_between_two_pays_for_borders_on_both_sides(seed: int) -> None:
    """Class 2 allows less than its neighbours, and is named first or second by its borders."""
    codes = np.random.default_rng(seed).integers(0, 3, (20, 20))
    before, costs = [trace(codes == code) for code in (1, 2)], (0.1, 0.01)
    after = simplified_together(before, costs)
    for cost, olds, news in zip(costs, before, after, strict=True):
        moved = shapely.area(shapely.symmetric_difference(olds, news))
        assert (moved <= AREA_PER_COST * cost * shapely.area(olds) + 1e-6).all()


@pytest.mark.parametrize("seed", range(4))
def test_a_map_without_gaps_stays_without_gaps(seed: int) -> None:
    codes = land_cover(seed)
    before, after = check(codes, 0.015)
    every = np.concatenate(after)
    assert shapely.union_all(every).area == pytest.approx(codes.size, abs=1e-6 * codes.size)
    assert shapely.area(every).sum() == pytest.approx(codes.size, rel=1e-9)
    vertices = [shapely.get_num_coordinates(np.concatenate(x)).sum() for x in (before, after)]
    assert vertices[1] < 0.6 * vertices[0]


def test_two_classes_with_a_long_staircase_between_them() -> None:
    codes = (np.tri(80, 80, dtype=np.uint8)) + 1
    before, (below, above, _) = check(codes, 0.02)
    border = shapely.intersection(below[0], above[0])
    assert border.length > 100
    assert border.area == 0
    assert shapely.union(below[0], above[0]).area == pytest.approx(6400, abs=1e-9)
    assert shapely.get_num_coordinates(below[0]) < 12 < shapely.get_num_coordinates(before[0][0])
    one, other = (set(map(tuple, shapely.get_coordinates(p[0]).tolist())) for p in (below, above))
    on_border = {v for v in one if border.distance(shapely.Point(v)) < 1e-9}
    assert on_border == {v for v in other if border.distance(shapely.Point(v)) < 1e-9}


def test_nothing_changes_but_for_shared_vertices() -> None:
    rings = shapely.get_rings(np.concatenate(classes_of(land_cover(5, side=40))))
    borders = borders_of(rings)
    again = borders.rebuilt(borders.chains)
    assert shapely.equals(shapely.polygons(again), shapely.polygons(rings)).all()


def test_classes_that_overlap_are_simplified_by_themselves() -> None:
    one, other = trace(land_cover(1) == 1), trace(land_cover(2) == 1)
    found = simplified_together([one, other], [0.02, 0.05])
    assert shapely.equals_exact(found[0], simplified(one, 0.02)).all()
    assert shapely.equals_exact(found[1], simplified(other, 0.05)).all()


def test_no_cost_and_empty_classes() -> None:
    parts = trace(land_cover(1) == 1)
    nothing = np.empty(0, object)
    assert simplified_together([parts, parts], [0, 0])[0] is parts
    found = simplified_together([parts, nothing], [0.02, 0.02])
    assert shapely.equals_exact(found[0], simplified(parts, 0.02)).all()
    assert len(found[1]) == 0
    assert simplified_together([], []) == []


def test_groups_within_which_nothing_is_shared() -> None:
    a, b, c = (np.zeros((3, 4), bool) for _ in range(3))
    a[0], b[1], c[0, 0] = True, True, True
    for rows in (None, 1, 2):
        planes = [HeldPlane(mask) for mask in (a, b, c)]
        assert exclusive_groups(planes, Strips((3, 4), rows)) == [[0, 1], [2]]
    assert exclusive_groups([], Strips((3, 4))) == []
