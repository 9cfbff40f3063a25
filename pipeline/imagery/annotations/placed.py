"""A layer of labels in its own coordinates, and what of it lies on a scene."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Polygon, STRtree

from pipeline.errors import LabelError
from pipeline.imagery.annotations.coordinates import Bounds, are_same, moved_bounds, moved_shapes
from pipeline.imagery.annotations.layers import Layer
from pipeline.imagery.outlines import made_valid

_MARGIN: Final = 0.05
"""Polygons are cut so far outside of a scene before they are moved, as share of its size."""


@dataclass(frozen=True, eq=False)
class PlacedLayer:
    """Valid polygons of a layer with their classes.

    Attributes:
        layer: Where they come from.
        shapes: (n,) polygons and multipolygons, none empty.
        codes: (n,) class codes, or what ``values`` has for background and ignored ground.
        numbers: (n,) numbers of the features.
        mended: (n,) bool, which crossed themselves and were made valid.
        crs: Their coordinate reference system; None for plain coordinates.
    """

    layer: Layer
    shapes: NDArray[Any]
    codes: NDArray[np.int64]
    numbers: NDArray[np.int64]
    mended: NDArray[np.bool_]
    crs: str | None

    @cached_property
    def tree(self) -> STRtree:
        """Index of the polygons."""
        return STRtree(self.shapes)

    @cached_property
    def bounds(self) -> Bounds | None:
        """What the polygons span; None without any."""
        if not len(self.shapes):
            return None
        left, lower, right, upper = shapely.total_bounds(self.shapes).tolist()
        return left, lower, right, upper

    def bounds_in(self, crs: str | None) -> list[Bounds]:
        """What the polygons span in another system; nothing where that can't be told."""
        if self.bounds is None:
            return []
        if self.crs is None or crs is None or are_same(self.crs, crs):
            return [self.bounds]
        return moved_bounds(self.bounds, self.crs, crs)

    def on(self, footprint: Polygon, crs: str | None) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """Polygons that meet a footprint, in its coordinates and cut to it, and which they are.

        Args:
            footprint: Ground of a scene.
            crs: Its coordinate reference system, None if and only if the layer has none.

        Returns:
            (m,) valid multipolygons; (m,) their indices.

        Raises:
            LabelError: If a polygon has no place in the scene's system.
        """
        if self.crs is None or crs is None or are_same(self.crs, crs):
            near = np.sort(self.tree.query(footprint, predicate="intersects"))
            shapes = self.shapes[near]
        else:
            shapes, near = self._moved(footprint, self.crs, crs)
        cut = _cut(shapes, footprint)
        there = shapely.area(cut) > 0
        return cut[there], near[there]

    def _moved(
        self, footprint: Polygon, source: str, target: str
    ) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """Polygons around a footprint in its coordinates, and which they are."""
        boxes = [
            shapely.box(*_widened(bounds))
            for bounds in moved_bounds(footprint.bounds, target, source)
        ]
        around = shapely.union_all(boxes)
        near = np.unique(self.tree.query(boxes, predicate="intersects")[1])
        # What lies far away need not have a place there, and edges that are endless no end.
        shapes = _cut(self.shapes[near], around)
        moved = moved_shapes(shapes, source, target)
        points, owners = shapely.get_coordinates(moved, return_index=True)
        lost = ~np.isfinite(points).all(axis=1)
        if lost.any():
            raise LabelError(
                f"{self.layer.place}: {self.layer.unit} {self.numbers[near[owners[lost][0]]]} has "
                f"no place in {target}: it is not valid there, or the labels' coordinates are not "
                f"in {source}; correct dataset.labels.crs or remove it"
            )
        for place in np.flatnonzero(~shapely.is_valid(moved)):
            moved[place] = made_valid(moved[place])
        return moved, near


def _cut(shapes: NDArray[Any], ground: Any) -> NDArray[Any]:
    """Shapes (n,) cut to the ground that they lie on."""
    shapely.prepare(ground)
    over = ~shapely.covers(ground, shapes)
    cut = shapes.copy()
    cut[over] = shapely.intersection(shapes[over], ground)
    return cut


def _widened(bounds: Bounds) -> Bounds:
    left, lower, right, upper = bounds
    across, along = _MARGIN * (right - left), _MARGIN * (upper - lower)
    return left - across, lower - along, right + across, upper + along
