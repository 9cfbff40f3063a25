"""Objects across scenes' borders: what no border would have cut."""

import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import gaussian_filter

from pipeline.mapping.layers.footprints import Footprint, neighbours_of
from pipeline.mapping.layers.map_objects import MapObjects
from pipeline.mapping.layers.seams import joined_across
from pipeline.mapping.polygons import trace
from tests.mapping.layers.mosaic import TO_MAP, TURNED, cut, footprints, objects, on_map

A, B, C = (
    Footprint(name, TO_MAP @ Affine.translation(column, 0), (10, 10))
    for name, column in (("a", 0), ("b", 10), ("c", 20))
)


def box(left: float, upper: float, right: float, lower: float) -> np.ndarray:
    """A box in pixels of the first scene, on the map."""
    return on_map(np.array([shapely.box(left, upper, right, lower)]), TO_MAP)


def joined(*tables: MapObjects, scenes: tuple[Footprint, ...] = (A, B, C)) -> MapObjects:
    return joined_across(MapObjects.joined(tables), list(scenes))


def same(found: np.ndarray, wanted: np.ndarray) -> bool:
    texts = [
        sorted(shapely.to_wkt(shapely.normalize(parts), rounding_precision=5))
        for parts in (found, wanted)
    ]
    return texts[0] == texts[1]


def test_attributes_of_a_joined_object() -> None:
    """3 x 2 pixels in a at 0.9, 1 x 2 in b at 0.5: 6 and 2 pixels."""
    found = joined(
        objects(box(1, 1, 2, 2), "a"),
        objects(box(7, 4, 10, 6), "a", probability=0.9),
        objects(box(10, 4, 11, 6), "b", probability=0.5),
    )
    assert found.scene.tolist() == ["a", "a; b"]
    assert found.area.tolist() == pytest.approx([100, 800])
    assert found.probability[1] == pytest.approx((6 * 0.9 + 2 * 0.5) / 8)
    assert found.parts[1].equals(box(7, 4, 11, 6)[0])
    assert shapely.get_num_coordinates(found.parts[1]) == 5  # nothing is left of the seam


def test_what_stays_apart() -> None:
    alone = (
        objects(box(7, 4, 10, 6), "a", code=3),
        objects(box(10, 4, 11, 6), "b", code=7),  # another class
        objects(box(8, 8, 10, 10), "a"),
        objects(box(10, 6, 12, 8), "b"),  # meets it in a point
        objects(box(10.4, 8, 12, 9), "b"),  # past the reach
    )
    found = joined(*alone)
    assert len(found) == 5
    assert same(found.parts, MapObjects.joined(alone).parts)


@pytest.mark.parametrize("gap", [0.0, 0.1, 0.24])
def test_slits_are_closed(gap: float) -> None:
    found = joined(objects(box(7, 4, 10 - gap, 6), "a"), objects(box(10 + gap, 4, 12, 6), "b"))
    assert len(found) == 1
    assert same(found.parts, box(7, 4, 12, 6))


def test_three_scenes_and_many() -> None:
    found = joined(
        *(
            objects(box(left, 0, left + 10, 1), name)
            for left, name in ((20, "c"), (0, "a"), (10, "b"))
        )
    )
    assert found.scene.tolist() == ["a; b; c"]
    row = footprints((10, 80), 10)
    pieces = [objects(box(10 * n, 0, 10 * n + 10, 1), one.scene) for n, one in enumerate(row)]
    (name,) = joined(*pieces, scenes=tuple(row)).scene
    assert name == "; ".join(one.scene for one in row[:5]) + " and 3 more"


def test_dates_of_one_place_are_not_mixed() -> None:
    """a and b lie side by side; c shows nearly all of a, at another date."""
    twin = Footprint("c", TO_MAP @ Affine.translation(1, 0), (10, 10))
    scenes = (A, B, twin)
    pairs = neighbours_of(scenes)
    assert set(zip(pairs.one.tolist(), pairs.other.tolist(), strict=True)) == {(0, 1), (1, 0)}
    found = joined(
        *(
            objects(box(left, 0, left + 9, 1), name)
            for left, name in ((1, "a"), (10, "b"), (2, "c"))
        ),
        scenes=scenes,
    )
    assert sorted(found.scene) == ["a; b", "c"]


def test_scenes_that_overlap_a_little_show_an_object_once() -> None:
    """The last two columns of a are the first two of b."""
    b = Footprint("b", TO_MAP @ Affine.translation(8, 0), (10, 10))
    found = joined(
        objects(box(8.5, 2, 9.5, 3), "a"), objects(box(8.5, 2, 9.5, 3), "b"), scenes=(A, b)
    )
    assert found.scene.tolist() == ["a; b"]
    assert found.parts[0].equals(box(8.5, 2, 9.5, 3)[0])


@settings(max_examples=25, deadline=None)
@given(arrays(np.bool_, (9, 11)), st.integers(2, 6), st.sampled_from([TO_MAP, TURNED]))
def test_polygons_are_those_of_the_undivided_mask(
    mask: np.ndarray, side: int, to_map: Affine
) -> None:
    scenes = footprints(mask.shape, side, to_map)
    tables = [
        objects(on_map(trace(part), one.to_map), one.scene)
        for one, part in cut(mask, scenes, to_map)
    ]
    found = joined(*tables, scenes=tuple(scenes))
    whole = on_map(trace(mask), to_map)
    assert len(found) == len(whole)
    assert shapely.is_valid(found.parts).all()
    assert shapely.get_num_interior_rings(found.parts).sum() == (
        shapely.get_num_interior_rings(whole).sum()
    )
    matched = shapely.STRtree(whole).query(
        shapely.point_on_surface(found.parts), predicate="intersects"
    )
    assert matched[0].tolist() == list(range(len(found)))
    apart = shapely.area(shapely.symmetric_difference(found.parts, whole[matched[1]]))
    assert (apart < 1e-3).all()  # of pixels of 100
    if to_map == TO_MAP:
        assert same(found.parts, whole)


def test_many_objects() -> None:
    field = gaussian_filter(np.random.default_rng(0).normal(size=(500, 500)), 2)
    mask = field > np.quantile(field, 0.8)
    scenes = footprints(mask.shape, 100)
    tables = [
        objects(on_map(trace(part), one.to_map), one.scene) for one, part in cut(mask, scenes)
    ]
    assert same(joined(*tables, scenes=tuple(scenes)).parts, on_map(trace(mask), TO_MAP))


def test_nothing() -> None:
    assert len(joined()) == 0
