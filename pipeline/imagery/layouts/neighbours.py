"""Which scenes lie beside each other on the map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import shapely
from affine import Affine

from pipeline.imagery.transform import Shape


@dataclass(frozen=True)
class Placed:
    """Where a scene's image lies.

    Attributes:
        to_map: Pixel edges to map units.
        shape: (H, W) in pixels.
        crs: Coordinate reference system of the map; None if it is not told.
    """

    to_map: Affine
    shape: Shape
    crs: str | None


def neighbours(placed: Mapping[str, Placed], margin: float) -> dict[str, tuple[str, ...]]:
    """Scenes that show ground around each scene.

    Scenes in different reference systems are no neighbours, nor are two that show the same ground:
    if they share more than half of the smaller one, they are the same place at another date.

    Args:
        placed: Where each scene lies, by id.
        margin: Pixels of a scene around it in which the others must show something.

    Returns:
        Ids of each scene's neighbours, sorted; every scene has an entry.
    """
    found: dict[str, list[str]] = {name: [] for name in placed}
    systems: dict[str | None, list[str]] = {}
    for name in sorted(placed):
        systems.setdefault(placed[name].crs, []).append(name)
    for names in systems.values():
        for one, other in _pairs([placed[name] for name in names], margin):
            found[names[one]].append(names[other])
    return {name: tuple(sorted(others)) for name, others in found.items()}


def _pairs(scenes: list[Placed], margin: float) -> list[tuple[int, int]]:
    """Places of scenes and of their neighbours in a list of one reference system."""
    outlines = np.array([_outline(scene, 0) for scene in scenes])
    around = np.array([_outline(scene, margin) for scene in scenes])
    one, other = shapely.STRtree(outlines).query(around, predicate="intersects")
    apart = one != other
    one, other = one[apart], other[apart]
    areas = shapely.area(outlines)
    shared = shapely.area(shapely.intersection(outlines[one], outlines[other]))
    beside = shared <= np.minimum(areas[one], areas[other]) / 2
    return list(zip(one[beside].tolist(), other[beside].tolist(), strict=True))


def _outline(scene: Placed, margin: float) -> shapely.Polygon:
    """Outline of a scene with so many pixels around it."""
    height, width = scene.shape
    low, right, lower = -margin, width + margin, height + margin
    corners = ((low, low), (right, low), (right, lower), (low, lower))
    return shapely.Polygon([scene.to_map @ corner for corner in corners])
