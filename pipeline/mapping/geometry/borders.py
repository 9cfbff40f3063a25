"""Outlines of parts cut into chains, so that a border that two parts share is one chain.

What is done to a chain is done to both parts: no sliver and no gap can come between them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from pipeline.mapping.geometry.shortening import Chains, Indices, Points, neighbours

Rings = NDArray[np.object_]
"""One-dimensional array of shapely linear rings."""


@dataclass(frozen=True)
class Borders:
    """Chains, and the rings that they make up.

    Attributes:
        chains: The chains.
        rings: (chains, 2) rings that it belongs to; -1 where it is no second one's.
        piece_chain: (pieces,) chain of each piece of a ring, ring after ring.
        piece_ring: (pieces,) ring that it is a piece of.
        turned: (pieces,) whether the ring follows the chain from its end.
    """

    chains: Chains
    rings: Indices
    piece_chain: Indices
    piece_ring: Indices
    turned: NDArray[np.bool_]

    def rebuilt(self, chains: Chains) -> Rings:
        """The rings with other vertices between the ends of the chains."""
        counts = np.bincount(chains.chain, minlength=len(chains.closed))
        starts = np.cumsum(counts) - counts
        # A ring's next piece starts with the vertex that an open chain ends with.
        taken = (counts - ~chains.closed)[self.piece_chain]
        piece = np.repeat(np.arange(len(taken)), taken)
        step = _counted(taken)
        chain = self.piece_chain[piece]
        back = starts[chain] + counts[chain] - 1 - step
        index = np.where(self.turned[piece], back, starts[chain] + step)
        rings: Rings = shapely.linearrings(chains.points[index], indices=self.piece_ring[piece])
        return rings


def borders_of(rings: Rings) -> Borders:
    """Borders of rings along pixel edges, no edge being in more than two of them.

    A chain ends where a ring's neighbour changes. Vertices are put there, also where the ring goes
    straight on.

    Args:
        rings: Rings whose vertices are pixel corners.
    """
    points, ring, corner = _unit_edges(rings)
    edges, neighbour = _edges(points, ring)
    before = neighbours(ring)[1]
    node = neighbour != neighbour[before]
    order = _from_nodes(ring, node)
    points, ring, corner, node = points[order], ring[order], corner[order], node[order]
    starts = np.flatnonzero(node | (np.diff(ring, prepend=-1) != 0))
    _, master, piece_chain = np.unique(
        np.minimum.reduceat(edges[order], starts), return_index=True, return_inverse=True
    )
    first = points[starts]
    turned = (first != first[master][piece_chain]).any(axis=1)
    lengths = np.diff(starts, append=len(points))
    after = neighbours(ring)[0]
    closed = ~node[starts[master]]
    taken = lengths[master] + ~closed
    chain = np.repeat(np.arange(len(master)), taken)
    step = _counted(taken)
    index = starts[master][chain] + step
    ends = step == lengths[master][chain]
    index[ends] = after[index[ends] - 1]
    kept = corner[index] | node[index]
    chains = Chains(points[index[kept]], chain[kept], node[index[kept]], closed)
    others = np.full(len(master), -1)
    second = np.ones(len(starts), np.bool_)
    second[master] = False
    others[piece_chain[second]] = ring[starts[second]]
    both = np.stack((ring[starts[master]], others), axis=1)
    return Borders(chains, both, piece_chain, ring[starts], turned)


def _counted(lengths: Indices) -> Indices:
    """0 to n - 1 for each length n, one after another."""
    ends = np.cumsum(lengths)
    found: Indices = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - lengths, lengths)
    return found


def _unit_edges(rings: Rings) -> tuple[Points, Indices, NDArray[np.bool_]]:
    """Every pixel corner on rings, its ring, and whether the ring turns there."""
    closed, ring_of = shapely.get_coordinates(rings, return_index=True)
    follows = np.flatnonzero(np.diff(ring_of) == 0)
    edges = closed[follows + 1] - closed[follows]
    lengths = np.abs(edges).sum(axis=1).astype(np.int64)
    edge, step = np.repeat(np.arange(len(edges)), lengths), _counted(lengths)
    points = closed[follows][edge] + np.sign(edges)[edge] * step[:, None]
    return points, ring_of[follows][edge], step == 0


def _edges(points: Points, ring: Indices) -> tuple[Indices, Indices]:
    """Number of the edge that starts at each corner, either way, and the other ring along it.

    The other ring is -1 where there is none.
    """
    after = neighbours(ring)[0]
    middles = (points + points[after]).astype(np.int64)
    middles -= middles.min(axis=0, initial=0)
    numbers = middles[:, 0] * (middles[:, 1].max(initial=0) + 1) + middles[:, 1]
    order = np.argsort(numbers, kind="stable")
    same = np.flatnonzero(np.diff(numbers[order]) == 0)
    one, other = order[same], order[same + 1]
    neighbour = np.full(len(ring), -1)
    neighbour[one], neighbour[other] = ring[other], ring[one]
    return numbers, neighbour


def _from_nodes(ring: Indices, node: NDArray[np.bool_]) -> Indices:
    """Order of the corners in which each ring starts at its first node, if it has one."""
    counts = np.bincount(ring)
    starts = np.cumsum(counts) - counts
    shift = np.zeros(len(counts), np.int64)
    nodes = np.flatnonzero(node)[::-1]
    shift[ring[nodes]] = nodes - starts[ring[nodes]]
    found: Indices = starts[ring] + (_counted(counts) + shift[ring]) % counts[ring]
    return found
