"""Land without houses: fields, meadows, fallow land, woods, ponds; and the hedges between."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from shapely import maximum_inscribed_circle
from shapely.geometry import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

from pipeline.imagery.generated.network import Way
from pipeline.imagery.generated.objects import Code, GroundObject, Layer
from pipeline.imagery.generated.scenery import Scenery, TreeSite
from pipeline.imagery.generated.shapes import (
    Rng,
    blob,
    lines,
    longest_axis,
    polygons,
    rectangle,
    shrunk,
)
from pipeline.imagery.generated.village import FENCE_WIDTH


def crop(rng: Rng, parcel: Polygon) -> Scenery:
    """Field with furrows along its longer side."""
    angle = longest_axis(parcel)
    tone = rng.normal(0, 0.06)
    field = GroundObject(parcel, "crop", Layer.FIELD, Code.CROP, angle=angle, tone=tone)
    return Scenery([field], trees=_hedge(rng, parcel, 0.25))


def meadow(rng: Rng, parcel: Polygon) -> Scenery:
    """Grass with a few trees and shrubs; often fenced."""
    scenery = Scenery([GroundObject(parcel, "meadow", Layer.FIELD, tone=rng.normal(0, 0.06))])
    scenery.trees += _scattered(rng, parcel, 500, 0.5) + _hedge(rng, parcel, 0.35)
    if rng.random() < 0.6:
        scenery.objects += _pasture_fence(rng, parcel)
    return scenery


def fallow(rng: Rng, parcel: Polygon) -> Scenery:
    """Bare and weedy ground in patches: soil like a ploughed field's, without furrows."""
    scenery = Scenery([GroundObject(parcel, "fallow", Layer.FIELD, tone=rng.normal(0, 0.06))])
    for _ in range(int(parcel.area / 500)):
        x, y = _inside(rng, parcel)
        surface = str(rng.choice(["bare", "gravel", "scrub"]))
        shape = blob(rng, x, y, rng.uniform(2, 7), 0.25, 20).intersection(parcel)
        scenery.objects += [GroundObject(part, surface, Layer.PATCH) for part in polygons(shape)]
    scenery.trees += _scattered(rng, parcel, 350, 0.8)
    return scenery


def wood(rng: Rng, parcel: Polygon) -> Scenery:
    """Trees close together, with clearings."""
    scenery = Scenery([GroundObject(parcel, "scrub", Layer.FIELD)])
    left, low, right, high = parcel.bounds
    clearing = Point(_inside(rng, parcel)).buffer(min(14.0, 0.25 * parcel.area**0.5))
    for x in np.arange(left, right, 4.4):
        for y in np.arange(low, high, 4.4):
            point = Point(x + rng.normal(0, 1.1), y + rng.normal(0, 1.1))
            if parcel.contains(point) and not clearing.contains(point):
                scenery.trees.append(TreeSite(point.x, point.y, rng.uniform(1.9, 3.6)))
    return scenery


def pond(rng: Rng, parcel: Polygon) -> Scenery:
    """Ponds with reeds in a meadow; some are long basins, as wide as a river."""
    scenery = Scenery([GroundObject(parcel, "meadow", Layer.FIELD, tone=rng.normal(0, 0.06))])
    room = parcel.buffer(-5)
    surface = "water" if rng.random() < 0.5 else "turbid_water"
    for _ in range(1 + int(parcel.area > 3500)):
        room = room.difference(unary_union([thing.shape for thing in scenery.objects[1:]]))
        if not polygons(room):
            break
        for part in polygons(_basin(rng, room).intersection(room)):
            water = GroundObject(part, surface, Layer.WATER, Code.STANDING_WATER)
            bank = GroundObject(part.buffer(2.0), "bank", Layer.PATCH)
            scenery.objects += [bank, water]
    scenery.trees += _scattered(rng, parcel, 300, 0.5)
    return scenery


def _basin(rng: Rng, room: BaseGeometry) -> Polygon:
    """Outline of standing water about the roomiest spot."""
    circle = maximum_inscribed_circle(room, tolerance=1.0)
    x, y = circle.coords[0]
    if rng.random() < 0.4:
        largest = max(polygons(room), key=lambda part: part.area)
        axis = longest_axis(largest)
        return rectangle(x, y, rng.uniform(22, 45), rng.uniform(6, 10), axis).buffer(1.5)
    radius = min(18.0, circle.length * rng.uniform(0.5, 0.85))
    return blob(rng, x, y, radius, 0.22, 40)


def river_trees(rng: Rng, way: Way) -> list[TreeSite]:
    """Trees along the banks of running water."""
    sites = []
    for distance in np.arange(0, way.line.length, 7.0):
        if rng.random() < 0.45:
            point = way.line.interpolate(distance)
            ahead = way.line.interpolate(distance + 1)
            normal = np.array([point.y - ahead.y, ahead.x - point.x])
            offset = normal * rng.choice([-1, 1]) * (way.width / 2 + rng.uniform(2.5, 6))
            sites.append(TreeSite(point.x + offset[0], point.y + offset[1], rng.uniform(1.7, 3.4)))
    return sites


def _inside(rng: Rng, parcel: Polygon) -> tuple[float, float]:
    """Random point of a parcel; its inner point where chance misses it twelve times."""
    left, low, right, high = parcel.bounds
    for x, y in rng.uniform((left, low), (right, high), (12, 2)):
        if parcel.contains(Point(x, y)):
            return float(x), float(y)
    point = parcel.representative_point()
    return point.x, point.y


def _scattered(rng: Rng, parcel: Polygon, each: float, shrubs: float) -> list[TreeSite]:
    """One tree or shrub for so many square metres, some in groups of three."""
    sites = []
    for _ in range(int(parcel.area / each)):
        x, y = _inside(rng, parcel)
        shrub = bool(rng.random() < shrubs)
        radius = rng.uniform(0.9, 2.2) if shrub else rng.uniform(1.9, 4.2)
        for _ in range(int(rng.choice([1, 1, 3]))):
            dx, dy = rng.normal(0, 1.2 * radius, 2)
            sites.append(TreeSite(x + dx, y + dy, radius * rng.uniform(0.8, 1.2), shrub))
    return sites


def _hedge(rng: Rng, parcel: Polygon, chance: float) -> list[TreeSite]:
    """Trees in a row along some sides."""
    sites = []
    corners = list(parcel.exterior.simplify(3).coords)
    for start, end in pairwise(corners):
        side = LineString([start, end])
        if side.length > 15 and rng.random() < chance:
            for distance in np.arange(0, side.length, 3.1):
                point = side.interpolate(distance)
                x, y = point.x + rng.normal(0, 0.4), point.y + rng.normal(0, 0.4)
                sites.append(TreeSite(x, y, rng.uniform(1.5, 2.6)))
    return sites


def _pasture_fence(rng: Rng, parcel: Polygon) -> list[GroundObject]:
    """Fence along a random stretch of the border, which looks like a narrow track."""
    inner = shrunk(parcel, 2.5)
    if inner is None:
        return []
    ring = LineString(inner.exterior.coords)
    start = rng.uniform(0, ring.length * 0.4)
    window = ring.interpolate(start + ring.length * 0.25).buffer(ring.length * 0.25)
    surface = str(rng.choice(["wood_fence", "wood_fence", "wall"]))
    return [
        GroundObject(shape, surface, Layer.WALL, Code.STRUCTURE, height=1.4)
        for line in lines(ring.intersection(window))
        for shape in polygons(line.buffer(FENCE_WIDTH / 2, cap_style="flat"))
    ]
