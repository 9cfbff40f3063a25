"""What parts share with the frame of their image stays, whatever becomes of their outlines."""

from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from pipeline.mapping.geometry.exclusion import simplified_together
from pipeline.mapping.geometry.frame import CLEAR, ENDLESS, Frame
from pipeline.mapping.geometry.reshaping import with_right_angles, without_corners
from pipeline.mapping.geometry.rounding import rounded
from pipeline.mapping.geometry.simplification import Parts, simplified
from pipeline.mapping.layers.footprints import REACH
from pipeline.mapping.polygons import trace

MAPS = hnp.arrays(
    np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=14), elements=st.integers(0, 2)
)
FRAME = Frame.of((6, 10))


def pieces_on(frame: Frame, parts: Parts) -> list[set[tuple[float, ...]]]:
    """Pixel edges of each part that lie on the frame, by hand: vertex by vertex."""
    left, upper, right, lower = frame.box
    found = []
    for part in parts:
        edges: set[tuple[float, ...]] = set()
        for ring in (part.exterior, *part.interiors):
            for (x, y), (u, v) in pairwise(ring.coords):
                if x == u and x in (left, right):
                    edges |= {(x, at, x, at + 1) for at in range(int(min(y, v)), int(max(y, v)))}
                elif y == v and y in (upper, lower):
                    edges |= {(at, y, at + 1, y) for at in range(int(min(x, u)), int(max(x, u)))}
        found.append(edges)
    return found


def check(frame: Frame, before: Parts, after: Parts) -> None:
    assert pieces_on(frame, after) == pieces_on(frame, before)
    points = shapely.get_coordinates(after)
    left, upper, right, lower = frame.box
    depth = np.min((points - (left, upper), (right, lower) - points), axis=(0, 2))
    assert ((depth == 0) | (depth >= CLEAR)).all()


def test_nothing_that_stays_clear_is_taken_to_lie_on_the_border() -> None:
    assert CLEAR > REACH


def test_sides_by_hand() -> None:
    points = np.array([[0.0, 3], [10, 6], [4, 0], [10, 5], [5, 3], [0, 0], [0.1, 5.9]])
    assert FRAME.sides(points).tolist() == [1, 12, 2, 4, 0, 3, 0]
    assert FRAME.near(points).tolist() == [True, True, True, True, False, True, True]
    just = np.array([[0.5, 0.5], [9.5, 5.5], [0.49, 3], [9.51, 3], [5, 0.49], [5, 5.51], [-1, 3]])
    assert FRAME.near(just).tolist() == [False, False, True, True, True, True, True]
    assert not ENDLESS.sides(points).any()
    assert not ENDLESS.near(points).any()


def test_what_is_kept_by_hand() -> None:
    before = np.array([shapely.box(0, 1, 4, 3)] * 5 + [shapely.box(2, 2, 4, 4)] * 3)
    after = [
        shapely.Polygon([(0, 1), (4, 2), (0, 3)]),  # the same piece of the frame
        shapely.box(0, 1, 4, 2.5),  # less of it
        shapely.box(0, 1, 10, 3),  # another side
        shapely.box(0.25, 1, 4, 3),  # none, but near
        shapely.box(1, 1, 4, 3),  # none
        shapely.box(0.5, 0.5, 9.5, 5.5),
        shapely.box(2, 2, 9.75, 4),
        shapely.box(2, 2, 4, 7),
    ]
    assert FRAME.kept(before, np.array(after)).tolist() == [True, *[False] * 4, True, False, False]
    assert FRAME.kept(before[:0], before[:0]).tolist() == []


@pytest.mark.parametrize("turns", range(4))
def test_a_bay_at_the_frame_stays_open(turns: int) -> None:
    """Without it, two ends of a part would become one, and join with what lies opposite."""
    mask = np.zeros((40, 40), bool)
    mask[:30, 5:35] = True
    mask[0, 20] = False
    mask = np.rot90(mask, turns)
    parts = trace(mask)
    frame = Frame.of(mask.shape)
    assert pieces_on(frame, simplified(parts, 0.02)) != pieces_on(frame, parts)
    check(frame, parts, simplified(parts, 0.02, frame))


@pytest.mark.parametrize("seed", [15, 19, 141])
def test_no_vertex_is_moved_next_to_the_frame(seed: int) -> None:
    """Fields in which a merged vertex would come to lie there; joining would put it onto it."""
    field = gaussian_filter(np.random.default_rng(seed).standard_normal((60, 60)), 2)
    parts, frame = trace(field > np.quantile(field, 0.6)), Frame.of((60, 60))
    check(frame, parts, simplified(parts, 0.015, frame))


def test_a_staircase_that_ends_on_the_frame() -> None:
    parts = trace(np.tri(60, dtype=bool))
    frame = Frame.of((60, 60))
    (simple,) = simplified(parts, 0.03, frame)
    check(frame, parts, np.array([simple]))
    assert len(simple.exterior.coords) <= 9
    assert simple.area == pytest.approx(parts[0].area, rel=1e-9)


@settings(deadline=None, max_examples=150)
@given(codes=MAPS, cost=st.sampled_from([0.015, 0.05, 0.2, 0.5]))
def test_maps_of_noise(codes: NDArray[np.uint8], cost: float) -> None:
    frame = Frame.of(codes.shape)
    parts = [trace(codes == code) for code in (1, 2)]
    for before, alone, together in zip(
        parts,
        [simplified(one, cost, frame) for one in parts],
        simplified_together(parts, [cost, cost], frame),
        strict=True,
    ):
        check(frame, before, alone)
        check(frame, before, together)


@settings(deadline=None, max_examples=100)
@given(codes=MAPS, share=st.sampled_from([0.05, 0.4]))
def test_forms(codes: NDArray[np.uint8], share: float) -> None:
    frame = Frame.of(codes.shape)
    parts = trace(codes == 1)
    simple = simplified(parts, 0.05, frame)
    check(frame, parts, with_right_angles(parts, simple, share, codes.shape))
    check(frame, parts, without_corners(parts, simple, share, codes.shape))


def test_corners_on_the_frame_are_not_cut() -> None:
    box = np.array([shapely.box(0, 1, 4, 5)])
    (found,) = rounded(box, 1, FRAME)
    assert found.area == 15  # two of four corners lost a triangle of legs 1
    assert shapely.intersection(found, shapely.box(0, 0, 0, 6)).length == 4
    assert shapely.get_num_coordinates(found) == 7


def test_water_at_the_frame_becomes_round_elsewhere() -> None:
    rows, columns = np.mgrid[:80, :80]
    parts = trace(np.hypot(rows - 40, columns - 10) < 30)
    frame = Frame.of((80, 80))
    simple = simplified(parts, 0.015, frame)
    lake = without_corners(parts, simple, 0.05, (80, 80))
    check(frame, parts, lake)
    assert shapely.get_num_coordinates(lake)[0] > 2 * shapely.get_num_coordinates(simple)[0]
