"""Polygons of a class on a scene, made ready to be shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from pipeline.imagery.transform import Shape

_OVERHANG: Final = 1.0
"""Pixels that a polygon may reach past its scene before it is cut."""


@dataclass(frozen=True)
class Shapes:
    """Polygons of one class.

    Attributes:
        code: Of the class.
        polygons: (n,) shapely polygons in pixels of the working grid.
        areas: (n,) square metres.
        probabilities: (n,) mean probability, NaN where it is not known; None if none is.
    """

    code: int
    polygons: NDArray[Any]
    areas: NDArray[np.float64]
    probabilities: NDArray[np.float64] | None = None

    @classmethod
    def of(cls, code: int, geometry: BaseGeometry, metres: float) -> Shapes:
        """Polygons of a geometry in pixels of the working grid, whose side is so many metres."""
        parts = np.atleast_1d(shapely.get_parts(geometry))
        polygons = parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON]
        return cls(code, polygons, shapely.area(polygons) * metres**2)

    def taken(self, chosen: NDArray[Any]) -> Shapes:
        """Some of them, by index or mask."""
        chances = None if self.probabilities is None else self.probabilities[chosen]
        return Shapes(self.code, self.polygons[chosen], self.areas[chosen], chances)

    def put(self, polygons: NDArray[Any]) -> Shapes:
        """The same with other outlines."""
        return Shapes(self.code, polygons, self.areas, self.probabilities)


def tidy(shapes: Shapes, shape: Shape) -> Shapes:
    """Valid polygons that are not empty, cut where they reach far past the scene.

    Each piece of one that was cut keeps the area and probability of the whole.

    Args:
        shapes: Polygons of any kind.
        shape: (H, W) of the working grid.
    """
    whole = shapes.taken(_finite(shapes.polygons))
    whole = whole.taken(shapely.is_valid(whole.polygons))
    bounds = shapely.bounds(whole.polygons)
    height, width = shape
    over = (bounds[:, :2] < -_OVERHANG).any(axis=1)
    over |= (bounds[:, 2:] > np.array([width, height]) + _OVERHANG).any(axis=1)
    if not over.any():
        return whole
    pieces = whole.polygons.copy()
    pieces[over] = shapely.clip_by_rect(whole.polygons[over], 0, 0, width, height)
    parts, origin = shapely.get_parts(pieces, return_index=True)
    solid = (shapely.get_type_id(parts) == shapely.GeometryType.POLYGON) & (shapely.area(parts) > 0)
    return whole.taken(origin[solid]).put(parts[solid])


def simplified(shapes: Shapes, tolerance: float) -> Shapes:
    """Fewer points: outlines move by no more than the tolerance, in pixels; none gets lost."""
    if not tolerance:
        return shapes
    return shapes.put(shapely.simplify(shapes.polygons, tolerance, preserve_topology=True))


def _finite(polygons: NDArray[Any]) -> NDArray[np.bool_]:
    """Which polygons have points, all of them finite."""
    points, origin = shapely.get_coordinates(polygons, return_index=True)
    strange = origin[~np.isfinite(points).all(axis=1)]
    found = ~shapely.is_missing(polygons) & ~shapely.is_empty(polygons)
    found[strange] = False
    return np.asarray(found)
