"""The three steps that shorten a chain A, B, C, D at its edge B, C, and what each costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.mapping.geometry.centres import inside
from pipeline.mapping.geometry.frame import Frame

Points = NDArray[np.float64]
Values = NDArray[np.float64]
Indices = NDArray[np.int_]
Flags = NDArray[np.bool_]

_AREA = 0.1
"""What a pixel's area that changes sides counts beside a pixel whose centre does."""
_TINY = 1e-12


@dataclass(frozen=True)
class Steps:
    """One step per place.

    Attributes:
        place: (n,) index of vertex B.
        score: (n,) cost per vertex that goes.
        costs: (n, 2) pixels, and area, that change sides at most.
        vertex: (n, 2) where B goes if it stays.
        drops_place: (n,) whether B goes.
        drops_next: (n,) whether C goes.
    """

    place: Indices
    score: Values
    costs: Values
    vertex: Points
    drops_place: Flags
    drops_next: Flags

    def __getitem__(self, chosen: Flags) -> Steps:
        return Steps(*(value[chosen] for value in vars(self).values()))


@dataclass(frozen=True)
class Neighbourhood:
    """What lies around each of N vertices.

    Attributes:
        before: (N,) index of the vertex before each one.
        after: (N,) index of the one after.
        pinned: (N,) vertices that stay.
        excess: (N,) vertices that the chain of each one may lose.
        frame: Of the image. No edge comes to lie on it, no vertex near it.
    """

    before: Indices
    after: Indices
    pinned: Flags
    excess: Indices
    frame: Frame


def steps_of(
    points: Points, places: Indices, around: Neighbourhood, most: Values, rung: float
) -> Steps:
    """The best step at each place that has one.

    Args:
        points: (N, 2) vertices.
        places: (n,) indices of B, none of them pinned.
        around: Neighbours and chains.
        most: (n, 2) pixels, and area, that may change sides at each place.
        rung: Largest score of a step.
    """
    firsts, nexts = around.before[places], around.after[places]
    lasts = around.after[nexts]
    a, b, c, d = points[firsts], points[places], points[nexts], points[lasts]
    sides = around.frame.sides(points)
    fixed = around.pinned[nexts]
    merged, vertex = _merged(a, b, c, d)
    merged.area[fixed | around.frame.near(vertex)] = np.inf
    one = _without_one(a, b, c)
    one.area[sides[firsts] & sides[nexts] > 0] = np.inf
    pair = _without_both(a, b, c, d)
    along = sides[firsts] & sides[lasts] > 0
    pair.area[fixed | along | (around.excess[places] < pair.gain)] = np.inf
    ways = (merged, one, pair)
    costs = np.stack([_costs(way, most, rung) for way in ways])
    scores = costs @ (1.0, _AREA) / np.array([[way.gain] for way in ways])
    kind = scores.argmin(axis=0)
    at = np.arange(len(places))
    steps = Steps(places, scores[kind, at], costs[kind, at], vertex, kind > 0, kind != 1)
    return steps[(steps.score <= rung) & (steps.costs <= most).all(axis=1)]


def cross(one: Points, other: Points) -> Values:
    """Cross products of vectors (n, 2)."""
    result: Values = one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]
    return result


@dataclass(frozen=True)
class _Way:
    """A kind of step at every place.

    Attributes:
        gain: Vertices that go.
        area: (n,) area that changes sides; infinite where the step can't be taken.
        regions: Corners, each (n, 2), of what changes sides.
    """

    gain: int
    area: Values
    regions: tuple[tuple[Points, ...], ...]


def _costs(way: _Way, most: Values, rung: float) -> Values:
    """Pixels and area, (n, 2), of steps; infinite where the area alone is too much.

    Centres are counted for the rest only: that is where the time goes.
    """
    costs = np.full((len(way.area), 2), np.inf)
    chosen = np.flatnonzero((_AREA * way.area <= rung * way.gain) & (way.area <= most[:, 1]))
    counted = [np.abs(inside([corner[chosen] for corner in region])) for region in way.regions]
    costs[chosen, 0] = np.sum(counted, axis=0)
    costs[chosen, 1] = way.area[chosen]
    return costs


def _without_one(a: Points, b: Points, c: Points) -> _Way:
    """A, C in place of A, B, C."""
    return _Way(1, _area(a, b, c), ((a, b, c),))


def _area(one: Points, two: Points, three: Points) -> Values:
    """Areas of triangles, (n,)."""
    return np.abs(cross(two - one, three - one)) / 2


def _without_both(a: Points, b: Points, c: Points, d: Points) -> _Way:
    """A, D in place of A, B, C, D.

    If B and C lie on either side of A, D that is two triangles, which meet on BC. If not it is a
    quadrangle: that same pair of triangles with B, C and the meeting point taken together.
    """
    of_b, of_c = cross(d - a, b - a), cross(d - a, c - a)
    apart = of_b * of_c < 0
    share = np.divide(of_b, of_b - of_c, out=np.zeros_like(of_b), where=apart)
    middle = b + share[:, None] * (c - b)
    # Where they lie on one side the triangles are ABC and ACD, whose signs are alike or cancel.
    first_end = np.where(apart[:, None], middle, c)
    second_start = np.where(apart[:, None], middle, a)
    area = _area(a, b, first_end) + _area(second_start, c, d)
    return _Way(2, area, ((a, b, first_end), (second_start, c, d)))


def _merged(a: Points, b: Points, c: Points, d: Points) -> tuple[_Way, Points]:
    """A, E, D in place of A, B, C, D, and E: on line AB or CD, so that no area changes.

    Line ED crosses BC (or EA does): what one side wins in one triangle, it loses in another.
    """
    of_b, of_c = cross(b - a, d - a), cross(c - d, d - a)
    twice = cross(b - a, c - a) + cross(c - a, d - a)
    on_first = np.where(of_b * of_c < 0, of_b * twice > 0, np.abs(of_b) > np.abs(of_c))[:, None]
    base = np.where(on_first[:, 0], of_b, of_c)
    sound = np.abs(base) > _TINY
    along = np.divide(twice, base, out=np.ones_like(base), where=sound)[:, None]
    sound &= along[:, 0] > 0
    vertex = np.where(on_first, a + along * (b - a), d + along * (c - d))
    # Outlines stay on the image if no vertex leaves the box around the four.
    corners = np.stack((a, b, c, d))
    sound &= ((vertex >= corners.min(axis=0)) & (vertex <= corners.max(axis=0))).all(axis=1)
    near, far = np.where(on_first, b, c), np.where(on_first, c, b)
    end = np.where(on_first, d, a)
    slope = cross(far - near, end - vertex)
    where = np.divide(
        cross(vertex - near, end - vertex), slope, out=np.zeros_like(slope), where=slope != 0
    )
    sound &= (where >= -_TINY) & (where <= 1 + _TINY)
    meeting = near + where.clip(0, 1)[:, None] * (far - near)
    area = np.where(sound, _area(near, vertex, meeting) + _area(meeting, far, end), np.inf)
    regions = ((near, vertex, meeting), (meeting, far, end))
    return _Way(1, area, regions), np.where(sound[:, None], vertex, b)
