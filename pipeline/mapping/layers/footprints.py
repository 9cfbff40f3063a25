"""Where scenes lie on the map, and which of them make up one mosaic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from shapely import Polygon

from pipeline.imagery.transform import Shape, moved, moved_points

TWINS: Final = 0.5
"""Scenes that share more than this of the smaller one's ground are dates of one place."""
REACH: Final = 0.25
"""Pixels that a vertex may lie off its scene's border and still be meant to lie on it."""


@dataclass(frozen=True)
class Footprint:
    """The ground of one scene.

    Attributes:
        scene: Its name.
        to_map: Pixel edges of the working grid to map units.
        shape: (H, W) of the working grid.
    """

    scene: str
    to_map: Affine
    shape: Shape

    @property
    def outline(self) -> Polygon:
        """The ground in map units."""
        return self._box(0.0)

    @property
    def reached(self) -> Polygon:
        """The ground and what lies so near that it is meant to touch it."""
        return self._box(REACH)

    def on_border(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points (n, 2), those that are meant to lie on the border of the ground put onto it."""
        column, row = moved_points(points, ~self.to_map).T
        height, width = self.shape
        at_column, at_row = _at(column, width), _at(row, height)
        beside = (row >= -REACH) & (row <= height + REACH)
        along = (column >= -REACH) & (column <= width + REACH)
        move_column, move_row = beside & np.isfinite(at_column), along & np.isfinite(at_row)
        column = np.where(move_column, at_column, column)
        row = np.where(move_row, at_row, row)
        placed = moved_points(np.column_stack((column, row)), self.to_map)
        return np.where((move_column | move_row)[:, None], placed, points)

    def _box(self, margin: float) -> Polygon:
        height, width = self.shape
        return moved(shapely.box(-margin, -margin, width + margin, height + margin), self.to_map)


def _at(places: NDArray[np.float64], end: int) -> NDArray[np.float64]:
    """0 or the end where places are meant to be there, else NaN."""
    found = np.where(np.abs(places) <= REACH, 0.0, np.nan)
    return np.where(np.abs(places - end) <= REACH, float(end), found)


@dataclass(frozen=True)
class Neighbours:
    """Pairs of scenes that lie side by side.

    Attributes:
        one: (p,) index of a scene.
        other: (p,) index of one that touches it and is in the same mosaic; pairs stand both ways.
    """

    one: NDArray[np.int_]
    other: NDArray[np.int_]

    def groups(self) -> Iterator[tuple[int, NDArray[np.int_]]]:
        """Each scene that has neighbours, with their indices."""
        order = np.argsort(self.one, kind="stable")
        scenes, starts = np.unique(self.one[order], return_index=True)
        yield from zip(scenes.tolist(), np.split(self.other[order], starts[1:]), strict=True)


def neighbours_of(footprints: Sequence[Footprint]) -> Neighbours:
    """Scenes whose grounds touch or overlap a little.

    Scenes of one place at several dates are never neighbours. Each belongs to one mosaic, the first
    in which it has no twin, and neighbours are of one mosaic.

    Args:
        footprints: Scenes of one coordinate reference system, in the order of their names.
    """
    grounds = np.array([one.outline for one in footprints], np.object_)
    reached = np.array([one.reached for one in footprints], np.object_)
    one, other = shapely.STRtree(grounds).query(reached, predicate="intersects")
    one, other = one[one != other], other[one != other]
    areas = shapely.area(grounds)
    shared = shapely.area(shapely.intersection(grounds[one], grounds[other]))
    twins = shared > TWINS * np.minimum(areas[one], areas[other])
    mosaic = _mosaics(one[twins], other[twins], len(grounds))
    beside = ~twins & (mosaic[one] == mosaic[other])
    return Neighbours(one[beside], other[beside])


def _mosaics(one: NDArray[np.int_], other: NDArray[np.int_], count: int) -> NDArray[np.int_]:
    """(count,) mosaic of each scene: the first that holds none of its twins."""
    found = np.zeros(count, np.int_)
    order = np.argsort(one, kind="stable")
    one, other = one[order], other[order]
    starts = np.searchsorted(one, np.arange(count + 1))
    for scene in np.unique(one):
        twins = other[starts[scene] : starts[scene + 1]]
        taken = set(found[twins[twins < scene]].tolist())
        found[scene] = next(number for number in range(count) if number not in taken)
    return found
