"""Checking the text of one label and mending what may be mended."""

from __future__ import annotations

from dataclasses import dataclass

import shapely
from shapely import MultiPolygon, Polygon, box
from shapely.geometry.base import BaseGeometry

from pipeline.errors import LabelError
from pipeline.imagery.polygon_text import geometry_of


@dataclass(frozen=True)
class Outline:
    """A label that can be used.

    Attributes:
        text: Well-known text of a valid multipolygon on its scene.
        parts: Number of polygons.
        area: Area, in map units squared.
        notes: What was mended, for the catalogue; nothing in most cases.
    """

    text: str
    parts: int
    area: float
    notes: tuple[str, ...]


def check_outline(
    text: str, bounds: tuple[float, float, float, float], margin: tuple[float, float]
) -> Outline:
    """Check one label against its scene.

    Outlines that cross themselves are made valid, which is noted; what reaches past the scene by
    no more than the margin is cut off.

    Args:
        text: Well-known text of a polygon or multipolygon in map units.
        bounds: The scene's left, lower, right and upper edge in map units.
        margin: How far a label may reach past the scene along x and y, map units.

    Raises:
        LabelError: If the text is no such geometry, holds numbers that are not finite, or lies
            outside of the scene.
    """
    geometry = read_polygons(text)
    notes = []
    if not geometry.is_valid:
        notes.append(f"made valid ({shapely.is_valid_reason(geometry)[:80]})")
        geometry = mended(geometry)
    over = not geometry.is_empty and _check_place(geometry, bounds, margin)
    if over:
        geometry = polygons_of(shapely.intersection(geometry, box(*bounds)))
    if over or notes or not text.lstrip()[:5].upper().startswith("MULTI"):
        text = shapely.to_wkt(geometry, rounding_precision=-1)
    return Outline(text, len(geometry.geoms), geometry.area, tuple(notes))


def read_polygons(text: str) -> MultiPolygon:
    """Multipolygon of a text, finite and in two dimensions; not necessarily valid.

    Raises:
        LabelError: If the text is neither a polygon nor a multipolygon.
    """
    try:
        return polygons_of(geometry_of(text))
    except ValueError as fault:
        raise LabelError(str(fault)) from None


def made_valid(geometry: BaseGeometry) -> MultiPolygon:
    """The polygons of a geometry that may be invalid, as labels drawn by hand are.

    This is the one reading of labels, for training and for scoring alike.
    """
    polygons = polygons_of(geometry)
    return polygons if polygons.is_valid else mended(polygons)


def mended(geometry: MultiPolygon) -> MultiPolygon:
    """The valid union of the parts, each made valid by itself.

    Making the whole valid at once would turn ground that two parts share into a hole.
    """
    parts = shapely.make_valid(shapely.get_parts(geometry))
    return polygons_of(shapely.union_all([polygons_of(part) for part in parts]))


def polygons_of(geometry: BaseGeometry) -> MultiPolygon:
    """The polygons of a geometry; points and lines, which have no area, are left out."""
    if isinstance(geometry, MultiPolygon):
        return geometry
    parts = shapely.get_parts(geometry)
    flat = [piece for part in parts for piece in shapely.get_parts(part)]
    return MultiPolygon([piece for piece in flat if isinstance(piece, Polygon)])


def _check_place(
    geometry: MultiPolygon,
    bounds: tuple[float, float, float, float],
    margin: tuple[float, float],
) -> bool:
    """Whether the geometry reaches past the scene, by no more than the margin.

    Raises:
        LabelError: If it reaches further.
    """
    left, lower, right, upper = geometry.bounds
    across = max(bounds[0] - left, right - bounds[2])
    along = max(bounds[1] - lower, upper - bounds[3])
    if across > margin[0] or along > margin[1]:
        raise LabelError(
            f"lies outside of its scene: it spans {left:.6g} to {right:.6g} and {lower:.6g} to "
            f"{upper:.6g} where the scene spans {bounds[0]:.6g} to {bounds[2]:.6g} and "
            f"{bounds[1]:.6g} to {bounds[3]:.6g}; correct the label or the grid sizes, or raise "
            "scenes.overhang"
        )
    return bool(across > 0 or along > 0)
