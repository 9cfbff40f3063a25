"""Where the sides of a polygon cross each other, however many such places there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import STRtree

from pipeline.mapping.submissions.ring_text import Parts

Rings: TypeAlias = Sequence[NDArray[np.float64]]
"""Points (n, 2) of each ring of a polygon."""
PAIRS_AT_ONCE: Final = 4_000_000
"""Pairs that are looked at together; it bounds the memory."""
MOST_CROSSINGS: Final = 100_000
"""A polygon that crosses itself in more places is not mended: there is no end to its lobes."""


def crossing_points(rings: Rings) -> Iterator[tuple[float, float]]:
    """Points where two sides of a polygon cross inside of both, found as they are asked for."""
    sides = _sides(rings)
    for one, two in _crossing_pairs(sides):
        points = shapely.get_coordinates(shapely.intersection(sides[one], sides[two]))
        yield from ((place.real, place.imag) for place in np.unique(complex_of(points)).tolist())


def complex_of(points: NDArray[np.float64]) -> NDArray[np.complex128]:
    """Points (n, 2) as x + iy, (n,): these are sorted and compared faster than rows are."""
    return np.ascontiguousarray(points).view(np.complex128)[:, 0]


def tangled(parts: Parts) -> NDArray[np.bool_]:
    """Which polygons (parts,) cross themselves in more than ``MOST_CROSSINGS`` places."""
    found = np.zeros(len(parts), bool)
    # Fewer sides can't cross so often.
    least = int(np.sqrt(2 * MOST_CROSSINGS))
    suspects = ~shapely.is_valid(parts) & (shapely.get_num_coordinates(parts) > least)
    for index in np.flatnonzero(suspects):
        count = 0
        rings = [shapely.get_coordinates(ring) for ring in shapely.get_rings(parts[index])]
        for one, _ in _crossing_pairs(_sides(rings)):
            count += len(one)
            if count > MOST_CROSSINGS:
                found[index] = True
                break
    return found


def _crossing_pairs(sides: Parts) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Indices of sides that cross each other, each pair once, some at a time."""
    tree = STRtree(sides)
    step = max(1, PAIRS_AT_ONCE // max(1, len(sides)))
    for begin in range(0, len(sides), step):
        one, two = tree.query(sides[begin : begin + step], predicate="crosses")
        once = one + begin < two
        yield one[once] + begin, two[once]


def _sides(rings: Rings) -> Parts:
    """Sides of all rings of a polygon as lines of two points."""
    pairs = np.concatenate([np.stack([ring[:-1], ring[1:]], axis=1) for ring in rings])
    sides: Parts = shapely.linestrings(pairs[(pairs[:, 0] != pairs[:, 1]).any(axis=1)])
    return sides
