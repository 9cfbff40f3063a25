"""A date at a place: its season, its light, its vehicles."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from shapely import STRtree
from shapely.geometry import Polygon
from shapely.ops import unary_union

from pipeline.imagery.generated.network import Way
from pipeline.imagery.generated.objects import Code, GroundObject, Layer, Spot
from pipeline.imagery.generated.place import Place
from pipeline.imagery.generated.shapes import Rng, rectangle

_OCCUPIED = 0.62
_AUTUMN = 0.7


@dataclass(frozen=True, slots=True)
class Date:
    """What changes from date to date.

    Attributes:
        objects: All things seen, those of the place first and in its order.
        azimuth: Direction in which the sun stands, radians from +x towards +y.
        elevation: Height of the sun, radians.
        rng: Source of everything that is drawn later for this date.
    """

    objects: tuple[GroundObject, ...]
    azimuth: float
    elevation: float
    rng: Rng


def visit(place: Place, date: int) -> Date:
    """Place as found at date 0, 1, ..."""
    rng = np.random.default_rng([place.seed, place.number, 1 + date])
    # Northern hemisphere before noon: the sun stands in the south-east, shadows fall north-west.
    azimuth, elevation = math.radians(rng.uniform(35, 80)), math.radians(rng.uniform(38, 62))
    autumn = rng.random() > _AUTUMN
    objects = [_turned(thing) if autumn else thing for thing in place.objects]
    objects += _traffic(rng, place)
    return Date(tuple(objects), azimuth, elevation, rng)


def _turned(thing: GroundObject) -> GroundObject:
    return replace(thing, surface="tree_turning") if thing.surface == "tree" else thing


def _traffic(rng: Rng, place: Place) -> list[GroundObject]:
    """Vehicles on some of the parking spots and on the roads, none touching another."""
    spots = [spot for spot in place.spots if rng.random() < _OCCUPIED]
    for way in place.network.roads:
        spots += _on_road(rng, way)
    vehicles = [_vehicle(rng, spot) for spot in spots]
    bodies = [unary_union([part.shape for part in parts]) for parts in vehicles]
    tree = STRtree(bodies)
    touching = tree.query(bodies, predicate="dwithin", distance=0.8)
    # Of two that touch, the one that comes later in the list goes.
    late = {int(second) for first, second in touching.T if first < second}
    blocked = _solid(place)
    late |= {int(body) for body in tree.query(blocked, predicate="intersects")[1]}
    return [part for index, parts in enumerate(vehicles) if index not in late for part in parts]


def _solid(place: Place) -> list[Polygon]:
    """Outlines that no vehicle stands in or drives through."""
    layers = (Layer.ROOF, Layer.WALL)
    return [thing.shape for thing in place.objects if thing.layer in layers]


def _on_road(rng: Rng, way: Way) -> list[Spot]:
    spots = []
    distance = rng.uniform(0, 40)
    while distance < way.line.length - 2:
        here, ahead = way.line.interpolate(distance), way.line.interpolate(distance + 1)
        lane = int(rng.choice([-1, 1]))
        heading = math.atan2(ahead.y - here.y, ahead.x - here.x)
        code = Code.LARGE_VEHICLE if rng.random() < 0.3 else Code.SMALL_VEHICLE
        spots.append(Spot(here.x, here.y, heading, code).moved(0, lane * way.width / 4))
        distance += rng.uniform(14, 60)
    return spots


def _vehicle(rng: Rng, spot: Spot) -> list[GroundObject]:
    return _truck(rng, spot) if spot.code is Code.LARGE_VEHICLE else _car(rng, spot)


def _car(rng: Rng, spot: Spot) -> list[GroundObject]:
    length, width = rng.uniform(4.3, 5.0), rng.uniform(1.85, 2.1)
    body = _part(spot, 0, length, width, "vehicle", 1.4, rng.normal(0, 0.1))
    windows = [_part(spot, at * length, 0.6, width - 0.4, "glass", 1.4, 0) for at in (0.2, -0.3)]
    return [body, *windows]


def _truck(rng: Rng, spot: Spot) -> list[GroundObject]:
    length, width = rng.uniform(8, 12), rng.uniform(2.5, 2.7)
    tone, cab = rng.normal(0, 0.1), 2.3
    load = _part(spot, -cab / 2, length - cab, width, "vehicle", 3.2, tone)
    front = _part(spot, (length - cab) / 2, cab, width - 0.1, "vehicle", 2.6, rng.normal(0, 0.1))
    window = _part(spot, length / 2 - 0.6, 0.5, width - 0.5, "glass", 2.6, 0)
    return [load, front, window]


def _part(
    spot: Spot, at: float, length: float, width: float, surface: str, height: float, tone: float
) -> GroundObject:
    middle = spot.moved(at, 0)
    shape = rectangle(middle.x, middle.y, length, width, spot.heading)
    return GroundObject(shape, surface, Layer.VEHICLE, spot.code, height, tone=tone)
