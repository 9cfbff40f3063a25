"""Random outlines by the kind of object, each within a circle around a given place."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Polygon

Rng = np.random.Generator
Points = NDArray[np.float64]


def rectangle(rng: Rng, place: Points, radius: float, slender: float) -> Polygon:
    """Rectangle in any direction whose corners lie on a circle, one side ``slender`` the other."""
    half = np.arctan(slender)
    angles = rng.uniform(0, np.pi) + np.array([-half, half, np.pi - half, np.pi + half])
    return Polygon(place + radius * _directions(angles))


def blob(rng: Rng, place: Points, radius: float, points: int = 40) -> Polygon:
    """Round shape with a soft, uneven edge, the farthest point on the circle."""
    angles = np.arange(points) * 2 * np.pi / points
    waves = np.arange(2, 7)
    heights = rng.normal(0, 0.35, len(waves)) / waves
    phases = rng.uniform(0, 2 * np.pi, len(waves))
    edge = 1 + (heights * np.cos(waves * angles[:, None] + phases)).sum(axis=1)
    edge = np.maximum(edge, 0.3)
    return Polygon(place + radius * (edge / edge.max())[:, None] * _directions(angles))


def sized(make: Callable[[Points, float], Polygon], areas: Points) -> list[tuple[Polygon, float]]:
    """Outlines around (0, 0) of given areas, and the radius of the circle that holds each."""
    found = []
    for area in areas:
        outline = make(np.zeros(2), 1.0)
        radius = float(np.sqrt(area / outline.area))
        found.append((shapely.transform(outline, lambda xy, r=radius: xy * r), radius))
    return found


def scattered(
    rng: Rng, radii: Points, size: tuple[float, float], gap: float, tries: int = 400
) -> Points:
    """Centres of circles that stay apart and within a rectangle; (circles, 2) in their order.

    The largest are placed first. A circle for which there is no room has NaN for a centre.

    Args:
        rng: Where the places come from.
        radii: (circles,) pixels.
        size: (width, height) of the rectangle.
        gap: Least distance between two circles, pixels.
        tries: Places that are tried per circle.
    """
    centres = np.full((len(radii), 2), np.nan)
    placed = np.empty(0, int)
    for index in np.argsort(-radii, kind="stable"):
        room = np.array(size) - 2 * radii[index] - 2 * gap
        if (room <= 0).any():
            continue
        for place in radii[index] + gap + rng.random((tries, 2)) * room:
            apart = np.hypot(*(centres[placed] - place).T) - radii[placed]
            if (apart >= radii[index] + gap).all():
                centres[index] = place
                placed = np.append(placed, index)
                break
    return centres


def wiggly(rng: Rng, first: Points, last: Points, sway: float, points: int = 60) -> Points:
    """Line (points, 2) from one place to another that sways to both sides by up to ``sway``."""
    along = np.linspace(0, 1, points)
    waves = np.arange(1, 6)
    heights = rng.uniform(-1, 1, len(waves)) / waves
    offset = (heights * np.sin(np.pi * waves * along[:, None])).sum(axis=1)
    offset *= sway / max(float(np.abs(offset).max()), 1e-9)
    across = np.array([first[1] - last[1], last[0] - first[0]]) / np.hypot(*(last - first))
    line: Points = first + along[:, None] * (last - first) + offset[:, None] * across
    return line


def _directions(angles: Points) -> Points:
    return np.stack((np.cos(angles), np.sin(angles)), axis=-1)
