"""Outlines of things: rectangles, blobs, wavy lines. All lengths in metres, angles in radians."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from shapely.geometry import LineString, Polygon
from shapely.geometry.base import BaseGeometry

Rng = np.random.Generator


def rectangle(x: float, y: float, length: float, width: float, angle: float) -> Polygon:
    """Rectangle about its centre, its length lying along ``angle``."""
    along = np.array([math.cos(angle), math.sin(angle)]) * length / 2
    across = np.array([-math.sin(angle), math.cos(angle)]) * width / 2
    centre = np.array([x, y])
    corners = (-along - across, along - across, along + across, -along + across)
    return Polygon([tuple(centre + corner) for corner in corners])


def blob(rng: Rng, x: float, y: float, radius: float, roughness: float, points: int) -> Polygon:
    """Star-shaped outline whose radius wavers with a few harmonics; never crosses itself."""
    turn = np.linspace(0, 2 * np.pi, points, endpoint=False)
    radii = np.ones(points)
    for harmonic in (2, 3, 5):
        weight = roughness * rng.normal() / harmonic**0.5
        radii += weight * np.cos(harmonic * turn + rng.uniform(0, 2 * np.pi))
    radii = radius * np.clip(radii, 0.45, 1.8)
    return Polygon(np.column_stack([x + radii * np.cos(turn), y + radii * np.sin(turn)]))


def wavy_line(
    rng: Rng, x: float, y: float, angle: float, reach: float, sway: float, wave: float
) -> LineString:
    """Line through a point that leaves its bearing by two sines.

    Args:
        rng: Source of the phases.
        x: Right of the point that the line passes near.
        y: Down of that point.
        angle: Bearing.
        reach: How far the line goes on to either side.
        sway: Amplitude to the side.
        wave: Length of the longer wave.
    """
    along = np.arange(-reach, reach + 3, 3.0)
    phases = rng.uniform(0, 2 * np.pi, 2)
    across = sway * np.sin(2 * np.pi * along / wave + phases[0])
    across += 0.3 * sway * np.sin(2 * np.pi * along / (0.43 * wave) + phases[1])
    cos, sin = math.cos(angle), math.sin(angle)
    return LineString(
        np.column_stack([x + along * cos - across * sin, y + along * sin + across * cos])
    )


def polygons(geometry: BaseGeometry) -> list[Polygon]:
    """Polygons in any geometry, larger than a hundredth of a square metre."""
    parts: Iterable[BaseGeometry] = getattr(geometry, "geoms", [geometry])
    flat = [part for part in parts if isinstance(part, Polygon)]
    return [part for part in flat if part.area > 0.01]


def lines(geometry: BaseGeometry) -> list[LineString]:
    """Lines in any geometry, longer than a metre."""
    parts: Iterable[BaseGeometry] = getattr(geometry, "geoms", [geometry])
    return [part for part in parts if isinstance(part, LineString) and part.length > 1]


def shrunk(shape: Polygon, distance: float) -> Polygon | None:
    """Largest part of a shape that lies so far inside its border, if any."""
    parts = polygons(shape.buffer(-distance))
    return max(parts, key=lambda part: part.area) if parts else None


def longest_axis(shape: Polygon) -> float:
    """Direction of the longer side of the smallest rectangle around a shape."""
    corners = np.asarray(shape.minimum_rotated_rectangle.exterior.coords)[:3]
    sides = np.diff(corners, axis=0)
    x, y = sides[int(np.argmax(np.hypot(sides[:, 0], sides[:, 1])))]
    return math.atan2(y, x)
