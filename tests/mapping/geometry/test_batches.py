"""Parts of large scenes are simplified in batches: borders stay shared, nothing crosses."""

from unittest.mock import patch

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipeline.mapping.geometry import batches, exclusion
from pipeline.mapping.geometry.batches import in_batches, meeting, sharing
from pipeline.mapping.geometry.contacts import faulty, touching
from pipeline.mapping.geometry.simplification import Parts, simplified
from pipeline.mapping.polygons import trace
from tests.mapping.geometry.test_exclusion import MAPS, check, classes_of, land_cover


def squares(*corners: tuple[float, float], side: float = 2) -> Parts:
    return np.array([shapely.box(x, y, x + side, y + side) for x, y in corners], object)


def test_batches_by_hand() -> None:
    parts = squares((0, 0), (9, 0), (0, 9), (9, 9))  # five vertices each
    assert [batch.tolist() for batch in in_batches(parts, size=10)] == [[0, 1], [2, 3]]
    assert [batch.tolist() for batch in in_batches(parts, size=1)] == [[0], [1], [2], [3]]
    units = np.array([0, 1, 0, 2])
    assert [batch.tolist() for batch in in_batches(parts, units, 10)] == [[0, 2], [1, 3]]
    assert in_batches(np.empty(0, object)) == []


def test_shared_borders_by_hand() -> None:
    """A row of three, one that touches it in a corner, one below its middle, one far away."""
    parts = squares((0, 0), (2, 0), (4, 1), (6, 3), (1, 2), (20, 0))
    assert sharing(parts).tolist() == [0, 0, 0, 1, 0, 2]


@settings(deadline=None, max_examples=60)
@given(codes=MAPS)
def test_parts_share_a_border_where_pixels_do(codes: NDArray[np.uint8]) -> None:
    every = np.concatenate([*classes_of(codes), np.empty(0, object)])
    if not len(every):
        return
    found = sharing(every)
    lengths = shapely.length(shapely.intersection(every[:, None], every[None]))
    touch = (lengths > 0) & ~np.eye(len(every), dtype=bool)
    reach = np.eye(len(every), dtype=bool) | touch
    for _ in every:
        reach = reach @ reach
    np.testing.assert_array_equal(found[:, None] == found[None], reach)


def test_what_meets_by_hand() -> None:
    square = squares((0, 0), side=10)[0]
    others = {
        "beside": (shapely.box(11, 0, 12, 10), False),
        "corner": (shapely.box(10, 10, 12, 12), False),
        "across": (shapely.box(9, 2, 12, 4), True),
        "within": (shapely.box(3, 3, 4, 4), True),
        "along": (shapely.box(10, 2, 12, 4), True),
        "same edge": (shapely.box(10, 0, 12, 10), True),
        "in a hole": (shapely.box(30, 0, 31, 1), False),
    }
    ring = shapely.Polygon(
        shapely.box(25, -5, 36, 6).exterior, [shapely.box(28, -2, 33, 3).exterior]
    )
    for name, (other, fault) in others.items():
        parts = np.array([square, other, ring], object)
        boxes, bad = meeting(parts, np.array([0, 1, 0]))
        assert (bad.tolist() == [0, 1]) == fault, name
        assert bool(len(boxes)) == fault, name
        assert not len(meeting(parts, np.array([5, 5, 5]))[1]), name


@settings(deadline=None, max_examples=60)
@given(codes=MAPS, cost=st.sampled_from([0.05, 0.2]))
def test_maps_of_noise_in_batches(codes: NDArray[np.uint8], cost: float) -> None:
    with (
        patch.object(exclusion, "SIZE", 8),
        patch.object(batches.in_batches, "__defaults__", (None, 8)),
    ):
        check(codes, cost)


@pytest.mark.parametrize("seed", range(2))
def test_a_part_is_what_it_is_in_any_batch(seed: int) -> None:
    parts = trace(land_cover(seed) == 1)
    whole = simplified(parts, 0.05)
    with patch.object(batches.in_batches, "__defaults__", (None, 50)):
        found = simplified(parts, 0.05)
    assert not len(faulty(found))
    vertices = shapely.get_num_coordinates
    assert vertices(found).sum() == pytest.approx(vertices(whole).sum(), rel=0.05)


def test_bands_find_what_the_whole_finds() -> None:
    rng = np.random.default_rng(0)
    parts = squares(*rng.uniform(0, 60, (300, 2)).round(1).tolist(), side=3)
    whole = touching(parts)
    with patch("pipeline.mapping.geometry.contacts._BAND", 7):
        np.testing.assert_array_equal(touching(parts), whole)
    assert 0 < len(whole) < 300
