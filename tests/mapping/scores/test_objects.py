"""Objects matched one to one, by hand and against trying all pairs."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon, box

from pipeline.mapping.polygons import assembled, trace
from pipeline.mapping.scores.objects import Found, objects_of


@pytest.mark.parametrize(
    ("predicted", "true", "found"),
    [
        ([box(0, 0, 1, 1)], [box(0, 0, 1, 1)], Found(1, 0, 0)),
        ([box(0, 0, 3, 1)], [box(1, 0, 4, 1)], Found(1, 0, 0)),  # 2 of 4
        ([box(0, 0, 3, 1)], [box(1.01, 0, 4, 1)], Found(0, 1, 1)),
        ([box(0, 0, 2, 1)], [box(0, 0, 1, 1), box(1, 0.25, 2, 0.5)], Found(1, 0, 1)),
        # Two halves: one of them is found, the other is not.
        ([box(0, 0, 2, 1)], [box(0, 0, 0.98, 1), box(1, 0, 2, 1)], Found(1, 0, 1)),
        ([box(0, 0, 1, 2), box(1, 0.5, 2, 2)], [box(0, 0, 2, 2)], Found(1, 1, 0)),
        ([], [box(0, 0, 1, 1)], Found(0, 0, 1)),
        ([box(0, 0, 1, 1)], [], Found(0, 1, 0)),
        ([], [], Found()),
    ],
)
def test_by_hand(predicted: list[Polygon], true: list[Polygon], found: Found) -> None:
    assert objects_of(MultiPolygon(predicted), MultiPolygon(true)) == found


def test_two_exact_halves_count_once() -> None:
    whole, halves = box(0, 0, 2, 1), MultiPolygon([box(0, 0, 1, 1), box(1, 0, 2, 0.999)])
    exact = MultiPolygon([box(0, 0, 1, 0.4), box(0, 0.6, 1, 1), box(1, 0, 2, 1)])
    assert objects_of(whole, halves) == Found(1, 0, 1)
    assert objects_of(whole, exact) == Found(1, 0, 2)
    both = MultiPolygon([box(0, 0, 1, 1), Polygon([(1, 0), (2, 0), (2, 1), (1.5, 1), (1.5, 0.5)])])
    assert objects_of(both, whole) == Found(1, 1, 0)


@pytest.mark.parametrize("scale", [1e-6, 0.1, 1 / 3, 1e6])
def test_one_half_is_one_half_in_any_unit(scale: float) -> None:
    assert objects_of(box(0, 0, 3 * scale, scale), box(scale, 0, 4 * scale, scale)).tp == 1


def test_shares() -> None:
    found = Found(2, 1, 3) + Found(1, 0, 0)
    assert (found.precision, found.recall) == (0.75, 0.5)
    assert found.f1 == pytest.approx(0.6)
    assert (Found().precision, Found().recall, Found().f1) == (None, None, None)
    assert (Found(0, 2, 0).precision, Found(0, 2, 0).recall) == (0, None)


def _by_all_pairs(one: MultiPolygon, other: MultiPolygon) -> int:
    """Pairs above one half, of which there is one per part at most."""
    return sum(
        a.intersection(b).area > (0.5 + 1e-6) * a.union(b).area
        for a in one.geoms
        for b in other.geoms
    )


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 2**32 - 1))
def test_equals_all_pairs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    mask = rng.random((7, 7)) < 0.4
    one, other = (assembled(trace(mask ^ (rng.random(mask.shape) < 0.07))) for _ in range(2))
    least = _by_all_pairs(one, other)
    halves = sum(
        abs(a.intersection(b).area / a.union(b).area - 0.5) < 1e-6
        for a in one.geoms
        for b in other.geoms
    )
    found = objects_of(one, other)
    assert least <= found.tp <= least + halves
    assert (halves == 0) or (found.tp > least)
    assert found.tp + found.fp == len(one.geoms)
    assert found.tp + found.fn == len(shapely.get_parts(other))
