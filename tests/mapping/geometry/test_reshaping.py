"""Right angles and round outlines, within bounds."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from rasterio.features import rasterize

from pipeline.mapping.geometry.reshaping import with_right_angles, without_corners
from pipeline.mapping.geometry.rounding import rounded
from pipeline.mapping.geometry.simplification import Parts, simplified
from pipeline.mapping.geometry.squaring import main_directions, squared
from pipeline.mapping.polygons import assembled, trace

MASKS = hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, max_side=16))


def turned_house(degrees: float) -> shapely.Polygon:
    """An L of 30 x 20 with a corner of 12 x 8 left out, turned around the middle of 60 x 60."""
    house = shapely.box(15, 20, 45, 40) - shapely.box(33, 32, 45, 40)
    return shapely.affinity.rotate(house, degrees, origin=(30, 30))


def traced(shape: shapely.Polygon) -> Parts:
    return trace(rasterize([shape], out_shape=(60, 60)).astype(bool))


def angles_of(part: shapely.Polygon) -> NDArray[np.float64]:
    """Angles between the edges of the outer ring, degrees."""
    edges = np.diff(shapely.get_coordinates(part.exterior), axis=0)
    edges = np.concatenate((edges, edges[:1]))
    found: NDArray[np.float64] = np.degrees(np.arctan2(edges[:, 1], edges[:, 0]))
    return np.abs(np.diff(found)) % 180


def sharpest(part: shapely.Polygon) -> float:
    """Largest change of direction at a vertex of the outer ring, degrees."""
    edges = np.diff(shapely.get_coordinates(part.exterior), axis=0)
    angles = np.degrees(np.arctan2(edges[:, 1], edges[:, 0]))
    bends = np.diff(angles, append=angles[0])
    return float(np.abs((bends + 180) % 360 - 180).max())


@pytest.mark.parametrize("degrees", [0, 10, 27, 45, 70])
def test_a_turned_house_gets_its_right_angles_back(degrees: float) -> None:
    shape = turned_house(degrees)
    parts = traced(shape)
    (house,) = with_right_angles(parts, simplified(parts, 0.015), 0.15, (60, 60))
    assert len(house.exterior.coords) == 7
    np.testing.assert_allclose(angles_of(house), 90, atol=1e-6)
    overlap = shapely.intersection(house, shape).area / shapely.union(house, shape).area
    assert overlap > 0.93


def test_squares_by_hand() -> None:
    skewed = shapely.Polygon([(0, 0), (10, 0.5), (10, 5), (0, 5.5)])
    (found,) = squared(np.array([skewed]))
    assert found.equals_exact(
        shapely.box(0, 0.25, 10, 5.25), 1e-9
    ) or found.normalize().equals_exact(shapely.box(0, 0.25, 10, 5.25).normalize(), 1e-9)


def test_main_direction_by_hand() -> None:
    edges = np.array([[3.0, 3], [-1, 1], [2, 0], [0, -7]])
    found = main_directions(edges, np.array([0, 0, 1, 1]), 2)
    np.testing.assert_allclose(np.abs(found), [np.pi / 4, 0], atol=1e-12)


def test_what_is_no_rectangle_keeps_its_simplified_outline() -> None:
    rows, columns = np.mgrid[:40, :40]
    parts = trace(np.hypot(rows - 20, columns - 20) < 15)
    simple = simplified(parts, 0.015)
    assert with_right_angles(parts, simple, 0.02, (40, 40))[0].equals(simple[0])


def test_corners_are_cut_by_hand() -> None:
    (found,) = rounded(np.array([shapely.box(0, 0, 4, 4)]), 1)
    # Each corner loses a triangle of legs 1.
    assert found.area == 14
    assert len(found.exterior.coords) == 9
    (twice,) = rounded(np.array([shapely.box(0, 0, 4, 4)]), 2)
    assert len(twice.exterior.coords) == 17


def test_round_water_turns_less_at_each_vertex() -> None:
    rows, columns = np.mgrid[:80, :80]
    parts = trace(np.hypot(rows - 40, columns - 40) < 30)
    simple = simplified(parts, 0.015)
    (lake,) = without_corners(parts, simple, 0.05, (80, 80))
    assert len(lake.exterior.coords) > len(simple[0].exterior.coords)
    assert sharpest(lake) < sharpest(simple[0]) - 20
    assert shapely.symmetric_difference(lake, parts[0]).area <= 0.05 * parts[0].area


@settings(deadline=None, max_examples=150)
@given(mask=MASKS, share=st.sampled_from([0.02, 0.15, 0.4]))
def test_bounds_and_validity(mask: NDArray[np.bool_], share: float) -> None:
    parts = trace(mask)
    simple = simplified(parts, 0.05)
    for reshaped in (with_right_angles, without_corners):
        found = reshaped(parts, simple, share, mask.shape)
        assert shapely.covers(shapely.box(0, 0, *mask.shape[::-1]), found).all()
        assert len(found) == len(parts)
        assert assembled(found).is_valid
        np.testing.assert_array_equal(
            shapely.get_num_interior_rings(found), shapely.get_num_interior_rings(parts)
        )
        moved = shapely.area(shapely.symmetric_difference(parts, found))
        kept = shapely.equals_exact(found, simple)
        assert ((moved <= share * shapely.area(parts) + 1e-9) | kept).all()
