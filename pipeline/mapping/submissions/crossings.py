"""Where the sides of a polygon cross each other, however many such places there are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import STRtree

from pipeline.mapping.submissions.ring_text import Parts

PAIRS_AT_ONCE: Final = 4_000_000
"""Pairs that are looked at together; it bounds the memory."""
MOST_CROSSINGS: Final = 100_000
"""A polygon that crosses itself in more places is not mended: there is no end to its lobes."""


def crossing_points(part: Any) -> Iterator[tuple[float, float]]:
    """Points where two sides of a polygon cross inside of both, found as they are asked for."""
    sides = _sides(part)
    for one, two in _crossing_pairs(sides):
        points = shapely.get_coordinates(shapely.intersection(sides[one], sides[two]))
        yield from ((float(x), float(y)) for x, y in np.unique(points, axis=0))


def tangled(parts: Parts) -> NDArray[np.bool_]:
    """Which polygons (parts,) cross themselves in more than ``MOST_CROSSINGS`` places."""
    found = np.zeros(len(parts), bool)
    # Fewer sides can't cross so often.
    least = int(np.sqrt(2 * MOST_CROSSINGS))
    suspects = ~shapely.is_valid(parts) & (shapely.get_num_coordinates(parts) > least)
    for index in np.flatnonzero(suspects):
        count = 0
        for one, _ in _crossing_pairs(_sides(parts[index])):
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


def _sides(part: Any) -> Parts:
    """Sides of all rings of a polygon as lines of two points."""
    points, owners = shapely.get_coordinates(shapely.get_rings(part), return_index=True)
    pairs = np.stack([points[:-1], points[1:]], axis=1)
    kept = (owners[:-1] == owners[1:]) & (pairs[:, 0] != pairs[:, 1]).any(axis=1)
    sides: Parts = shapely.linestrings(pairs[kept])
    return sides
