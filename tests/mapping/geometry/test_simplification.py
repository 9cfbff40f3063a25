"""Simplified outlines hold nearly the same pixels, and stay valid and apart."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from pipeline.mapping.geometry.simplification import AREA_PER_COST, Parts, simplified
from pipeline.mapping.polygons import assembled, trace
from tests.mapping.tracing.reference import draw

MASKS = hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, max_side=16))
COSTS = st.sampled_from([0.005, 0.015, 0.05, 0.2])


def blobs(seed: int, sigma: float, side: int = 96) -> NDArray[np.bool_]:
    """Objects with smooth outlines, about a third of the pixels."""
    noise = np.random.default_rng(seed).standard_normal((side, side))
    field = gaussian_filter(noise, sigma)
    found: NDArray[np.bool_] = field > np.quantile(field, 0.65)
    return found


def changed_pixels(before: Parts, after: Parts, shape: tuple[int, ...]) -> NDArray[np.int_]:
    """Pixels of each part that it loses or wins, but for centres on the new outline itself."""
    old, new = draw(before, shape), draw(after, shape)
    rows, columns = np.nonzero(old != new)
    centres = shapely.points(columns + 0.5, rows + 0.5)
    lines = shapely.union_all(shapely.boundary(after)) if len(after) else shapely.LineString()
    sure = shapely.distance(centres, lines) > 1e-9
    at = rows[sure], columns[sure]
    count = len(before) + 1
    both = np.bincount(old[at], minlength=count) + np.bincount(new[at], minlength=count)
    return both[1:]


def check(mask: NDArray[np.bool_], cost: float) -> Parts:
    parts = trace(mask)
    simple = simplified(parts, cost)
    assert len(simple) == len(parts)
    assert assembled(simple).is_valid
    assert shapely.covers(shapely.box(0, 0, *mask.shape[::-1]), simple).all(), (
        "outlines stay on the image"
    )
    for count in (shapely.get_num_interior_rings, shapely.get_num_coordinates):
        assert (count(simple) <= count(parts)).all()
    np.testing.assert_array_equal(
        shapely.get_num_interior_rings(simple), shapely.get_num_interior_rings(parts)
    )
    areas = shapely.area(parts)
    moved = shapely.area(shapely.symmetric_difference(parts, simple))
    assert (moved <= AREA_PER_COST * cost * areas + 1e-6).all()
    assert (changed_pixels(parts, simple, mask.shape) <= cost * areas + 1e-9).all()
    return simple


@settings(deadline=None, max_examples=200)
@given(mask=MASKS, cost=COSTS)
def test_masks_of_noise(mask: NDArray[np.bool_], cost: float) -> None:
    check(mask, cost)


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 2**31), sigma=st.floats(0.6, 8), cost=COSTS)
def test_masks_of_objects(seed: int, sigma: float, cost: float) -> None:
    check(blobs(seed, sigma), cost)


@pytest.mark.parametrize("sigma", [1.5, 3.0, 6.0])
def test_half_the_vertices_for_hardly_a_pixel(sigma: float) -> None:
    mask = blobs(7, sigma, side=256)
    simple = check(mask, 0.015)
    before, after = (
        shapely.get_num_coordinates(trace(mask)).sum(),
        shapely.get_num_coordinates(simple).sum(),
    )
    assert after <= 0.55 * before
    drawn = draw(simple, mask.shape) > 0
    assert (drawn & mask).sum() / (drawn | mask).sum() >= 0.985


def test_no_cost_changes_nothing() -> None:
    parts = trace(blobs(1, 2))
    assert simplified(parts, 0) is parts
    assert len(simplified(trace(np.zeros((3, 3), bool)), 0.1)) == 0


def test_small_and_square_parts_keep_their_edges() -> None:
    mask = np.zeros((20, 40), bool)
    mask[2:4, 2:5] = mask[8:18, 2:12] = mask[1, 20] = True
    parts = trace(mask)
    assert shapely.equals_exact(simplified(parts, 0.2), parts).all()


def test_a_staircase_becomes_a_slope() -> None:
    (part,) = trace(np.tril(np.ones((60, 60), bool)))
    (simple,) = simplified(np.array([part]), 0.03)
    assert len(simple.exterior.coords) <= 6
    assert len(part.exterior.coords) > 100
    assert simple.area == pytest.approx(part.area, rel=1e-9)


def test_same_outline_for_the_same_mask() -> None:
    parts = trace(blobs(3, 2))
    assert shapely.equals_exact(simplified(parts, 0.02), simplified(parts, 0.02)).all()


def test_a_hole_in_a_large_part_stays() -> None:
    mask = np.ones((100, 100), bool)
    mask[50, 50:53] = mask[51, 51] = False
    simple = check(mask, 0.1)
    assert shapely.area(shapely.polygons(simple[0].interiors[0])) == pytest.approx(4, abs=1.6)
