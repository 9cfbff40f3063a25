"""Chains of fewer vertices that move as few pixels as possible, all chains of a scene at once.

A step is taken at every place where none nearby is better: a vertex is left out, two neighbours are
left out, or two neighbours become one vertex that keeps the area on both sides, as in the segment
collapse of Kronenfeld, Stanislawski, Buttenfield and Brockmeyer, "Simplification of polylines by
segment collapse: minimizing areal displacement while preserving area" (2020).

A step costs the pixels whose centres change sides and the area that does. Both are sizes of
symmetric differences, for which the triangle inequality holds: the sum over the steps bounds what
the last outline differs from the first one by.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.mapping.geometry.collapse import Neighbourhood, Steps, steps_of
from pipeline.mapping.geometry.frame import ENDLESS, Frame

Points = NDArray[np.float64]
Indices = NDArray[np.int_]
Flags = NDArray[np.bool_]

_LADDER = (1e-9, 0.02, 0.04, 0.07, 0.12, 0.2, 0.35, 0.6, 1.0, 2.0, 4.0)
"""Costs per vertex that are allowed one after another, so that cheap steps come first."""
_REPEATS = 4
_FEW = 0.01
"""Share of the vertices that must be worth a step for a rung to be tried again."""
_LEFT = 4
"""Vertices that a ring keeps: quadrangles stay."""
_SLACK = 1e-9
_REACH = 3
"""Vertices on either side that a step may not share with another one."""


@dataclass(frozen=True)
class Chains:
    """Lines of vertices, one after another.

    Attributes:
        points: (N, 2) float64, pixel coordinates.
        chain: (N,) chain of each vertex, ascending from 0.
        pinned: (N,) vertices that stay. Both ends of an open chain must be.
        closed: (chains,) whether a chain's first vertex follows its last.
    """

    points: Points
    chain: Indices
    pinned: Flags
    closed: Flags


@dataclass(frozen=True)
class Limits:
    """What the chains' owners, parts or rings, allow.

    Attributes:
        owners: (chains, most) owners of each chain; -1 where there is none.
        most: (owners, 2) float64: pixels, and area in pixels, that may change sides.
    """

    owners: Indices
    most: NDArray[np.float64]


def shortened(chains: Chains, limits: Limits, frame: Frame = ENDLESS) -> Chains:
    """Chains of fewer vertices that cost no owner more than it allows.

    Args:
        chains: Chains that neither cross themselves nor each other. What comes back may.
        limits: What their owners allow.
        frame: Of the image: vertices on it stay as well.
    """
    on_frame = frame.sides(chains.points) > 0
    chains = replace(chains, pinned=chains.pinned | on_frame)
    room = np.vstack((limits.most, (np.inf, np.inf)))
    for rung in _LADDER:
        for _ in range(_REPEATS):
            steps = _worthwhile(chains, limits.owners, room, rung, frame)
            if not len(steps.place):
                break
            for owners in limits.owners[chains.chain[steps.place]].T:
                np.subtract.at(room, owners, steps.costs)
            few = len(steps.place) < _FEW * len(chains.points)
            chains = _taken(chains, steps)
            if few:
                break
    return chains


def _worthwhile(
    chains: Chains, owners: Indices, room: NDArray[np.float64], rung: float, frame: Frame
) -> Steps:
    """Steps that cost at most ``rung`` per vertex, are affordable and don't touch each other."""
    after, before = neighbours(chains.chain)
    counts = np.bincount(chains.chain)
    spare = room[owners].min(axis=1)
    excess = (counts - np.where(chains.closed, _LEFT, 0))[chains.chain]
    places = np.flatnonzero((excess > 0) & ~chains.pinned)
    around = Neighbourhood(before, after, chains.pinned, excess, frame)
    steps = steps_of(chains.points, places, around, spare[chains.chain[places]] + _SLACK, rung)
    steps = steps[_best_nearby(steps, before, after, chains.points)]
    for column in range(owners.shape[1]):
        owner = owners[chains.chain[steps.place], column]
        steps = steps[_affordable(steps, owner[:, None], room)]
    # An owner may be on the left of one chain and on the right of another: it pays for both.
    return steps[_affordable(steps, owners[chains.chain[steps.place]], room)]


def neighbours(chain: Indices) -> tuple[Indices, Indices]:
    """Index of the vertex after and of the one before each vertex, chains taken as closed."""
    last = np.flatnonzero(np.diff(chain, append=-1))
    first = np.concatenate(([0], last[:-1] + 1)) if len(last) else last
    after = np.arange(len(chain)) + 1
    after[last] = first
    before = np.empty_like(after)
    before[after] = np.arange(len(chain))
    return after, before


def _best_nearby(steps: Steps, before: Indices, after: Indices, points: Points) -> Flags:
    """Which steps are cheaper than all others within reach.

    Staircases are full of equal scores; a hash of the place decides, as in a random order.
    """
    scores = np.full(len(points), np.inf)
    hashed = np.modf(np.abs(points[steps.place] @ (12.9898, 78.233)) * 43758.5453)[0]
    scores[steps.place] = steps.score + 1e-6 * hashed
    ahead, behind, best = scores, scores, scores
    for _ in range(_REACH):
        ahead, behind = ahead[after], behind[before]
        best = np.minimum(best, np.minimum(ahead, behind))
    won: Flags = scores[steps.place] <= best[steps.place]
    return won


def _affordable(steps: Steps, owners: Indices, room: NDArray[np.float64]) -> Flags:
    """Which steps all of their owners (steps, m) can pay for when the cheapest are paid first."""
    owner, step = owners.ravel(), np.repeat(np.arange(len(owners)), owners.shape[1])
    order = np.lexsort((steps.score[step], owner))
    costs = steps.costs[step[order]]
    sums = np.cumsum(costs, axis=0)
    starts = np.flatnonzero(np.diff(owner[order], prepend=-2))
    lengths = np.diff(starts, append=len(order))
    base = np.repeat((sums - costs)[starts], lengths, axis=0)
    paid = np.ones(len(owners), np.bool_)
    paid[step[order[(sums - base > room[owner[order]] + _SLACK).any(axis=1)]]] = False
    return paid


def _taken(chains: Chains, steps: Steps) -> Chains:
    """Chains after steps that don't touch each other."""
    after, _ = neighbours(chains.chain)
    points, alive = chains.points.copy(), np.ones(len(chains.points), np.bool_)
    points[steps.place] = steps.vertex
    alive[steps.place[steps.drops_place]] = False
    alive[after[steps.place[steps.drops_next]]] = False
    return replace(
        chains, points=points[alive], chain=chains.chain[alive], pinned=chains.pinned[alive]
    )
