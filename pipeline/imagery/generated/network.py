"""Lines that cross a place: roads, tracks and running water."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from shapely.geometry import LineString
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring, unary_union

from pipeline.imagery.generated.objects import Code, GroundObject, Layer
from pipeline.imagery.generated.shapes import Rng, polygons, wavy_line

Size = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Way:
    """A line on the ground, its width in metres, and what it is made of."""

    line: LineString
    width: float
    surface: str
    tone: float = 0.0


@dataclass(frozen=True, slots=True)
class Network:
    """All the lines of a place; ``bearing`` is the direction most things follow, in radians."""

    bearing: float
    roads: tuple[Way, ...]
    tracks: tuple[Way, ...]
    waters: tuple[Way, ...]

    def footprint(self, verge: float, bank: float) -> BaseGeometry:
        """Ground that the lines take up with so many metres on dry and on wet sides."""
        dry = [way.line.buffer(way.width / 2 + verge) for way in (*self.roads, *self.tracks)]
        wet = [way.line.buffer(way.width / 2 + bank) for way in self.waters]
        return unary_union(dry + wet)


def lay_out(rng: Rng, size: Size, has_waterway: bool) -> Network:
    """Network of a place of ``size`` (width, height) metres."""
    bearing = float(rng.uniform(0, math.pi))
    side = math.sqrt(size[0] * size[1])
    waters = _waters(rng, size, bearing, max(1, round(side / 450))) if has_waterway else []
    return Network(
        bearing=bearing,
        roads=tuple(_roads(rng, size, bearing, max(1, round(side / 160)))),
        tracks=tuple(_tracks(rng, size, bearing, max(1, round(side**2 / 16000)))),
        waters=tuple(waters),
    )


def _roads(rng: Rng, size: Size, bearing: float, count: int) -> list[Way]:
    ways = []
    for index in range(count):
        angle = bearing + (index % 2) * math.pi / 2 + rng.normal(0, 0.12)
        place = (index // 2 + rng.uniform(0.3, 0.7)) / -(-count // 2)
        line = _through(rng, size, angle, place, sway=rng.uniform(1, 8), wave=rng.uniform(150, 350))
        surface = str(rng.choice(["asphalt", "asphalt", "concrete", "old_asphalt"]))
        ways.append(Way(line, rng.uniform(5.5, 8.0), surface, rng.normal(0, 0.08)))
    return ways


def _tracks(rng: Rng, size: Size, bearing: float, count: int) -> list[Way]:
    ways = []
    for index in range(count):
        angle = bearing + (index % 2) * math.pi / 2 + rng.normal(0, 0.15)
        line = _through(
            rng, size, angle, rng.uniform(0.05, 0.95), rng.uniform(1, 6), rng.uniform(60, 180)
        )
        start, end = rng.uniform(0, 0.35), rng.uniform(0.65, 1)
        part = substring(line, start, end, normalized=True)
        surface = str(rng.choice(["dirt", "dirt", "moist_dirt", "gravel"]))
        ways.append(Way(part, rng.uniform(2.8, 4.0), surface, rng.normal(0, 0.1)))
    return ways


def _waters(rng: Rng, size: Size, bearing: float, count: int) -> list[Way]:
    ways = []
    for index in range(count):
        canal = bool(rng.random() < 0.35)
        angle = bearing + rng.choice([0.0, math.pi / 2]) + rng.normal(0, 0.35)
        sway = rng.uniform(0, 2) if canal else rng.uniform(8, 20)
        place = (index + rng.uniform(0.2, 0.8)) / count
        line = _through(rng, size, angle, place, sway, rng.uniform(110, 220))
        surface = "water" if rng.random() < 0.5 else "turbid_water"
        width = rng.uniform(6, 9) if canal else rng.uniform(7, 14)
        ways.append(Way(line, width, surface, rng.normal(0, 0.1)))
    return ways


def _through(
    rng: Rng, size: Size, angle: float, place: float, sway: float, wave: float
) -> LineString:
    """Line across the whole place; ``place`` in [0, 1] says where it cuts the other direction."""
    reach = math.hypot(*size) * 0.6 + 40
    offset = (place - 0.5) * (abs(size[0] * math.sin(angle)) + abs(size[1] * math.cos(angle)))
    x = size[0] / 2 - offset * math.sin(angle)
    y = size[1] / 2 + offset * math.cos(angle)
    return wavy_line(rng, x, y, angle, reach, sway, wave)


def surfaces(network: Network) -> list[GroundObject]:
    """Objects of all lines: banks and verges unlabelled, water under tracks under roads."""
    roads = unary_union([way.line.buffer(way.width / 2) for way in network.roads])
    tracks = unary_union([way.line.buffer(way.width / 2) for way in network.tracks])
    tracks = tracks.difference(roads)
    objects = []
    for way in network.waters:
        bank = way.line.buffer(way.width / 2 + 3.0)
        objects += _painted(bank, "bank", Layer.PATCH, Code.NONE, 0)
        water = way.line.buffer(way.width / 2).difference(roads).difference(tracks)
        objects += _painted(water, way.surface, Layer.WATER, Code.WATERWAY, way.tone)
    for way in network.tracks:
        body = way.line.buffer(way.width / 2, cap_style="flat").difference(roads)
        objects += _painted(body, way.surface, Layer.TRACK, Code.TRACK, way.tone)
        strip = way.line.buffer(0.4, cap_style="flat").difference(roads)
        objects += _painted(strip, "grass_strip", Layer.TRACK, Code.NONE, 0)
    for way in network.roads:
        objects += _painted(
            way.line.buffer(way.width / 2 + 1.2), "verge", Layer.PAVED, Code.NONE, 0
        )
        body = way.line.buffer(way.width / 2, cap_style="flat")
        objects += _painted(body, way.surface, Layer.ROAD, Code.ROAD, way.tone)
        objects += _dashes(way)
    return objects


def _painted(
    shape: BaseGeometry, surface: str, layer: Layer, code: Code, tone: float
) -> list[GroundObject]:
    return [GroundObject(part, surface, layer, code, tone=tone) for part in polygons(shape)]


def _dashes(way: Way) -> list[GroundObject]:
    starts = np.arange(0, way.line.length - 4, 9.0)
    dashes = [substring(way.line, start, start + 4).buffer(0.14) for start in starts]
    return [GroundObject(dash, "marking", Layer.MARK) for dash in dashes]
