"""The land between the lines, cut into parcels, and what each is used for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

from shapely.geometry import LineString, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import split

from pipeline.imagery.generated.shapes import Rng, longest_axis, polygons

SMALLEST = 120.0
"""Square metres below which a parcel is left as rough grass."""


class Use(Enum):
    """What a parcel is used for."""

    VILLAGE = "village"
    YARD = "yard"
    CROP = "crop"
    MEADOW = "meadow"
    FALLOW = "fallow"
    WOOD = "wood"
    POND = "pond"


@dataclass(frozen=True, slots=True)
class Parcel:
    """A piece of land with one use."""

    shape: Polygon
    use: Use


_COUNTRY = (Use.CROP, Use.POND, Use.CROP, Use.MEADOW, Use.FALLOW, Use.CROP, Use.WOOD, Use.CROP)


def divide(rng: Rng, land: BaseGeometry, roads: BaseGeometry, area: float) -> list[Parcel]:
    """Parcels of the land.

    Args:
        rng: Source of cuts and uses.
        land: Ground not taken by lines, in metres.
        roads: The roads; settlements lie along them.
        area: Square metres of the whole place, which bounds how large a parcel may be.
    """
    pieces: list[Polygon] = []
    for block in polygons(land):
        pieces += _cut(rng, block, area)
    pieces = [part for piece in pieces for part in polygons(piece.buffer(-1.0))]
    pieces = [piece for piece in pieces if piece.area > SMALLEST]
    order = rng.permutation(len(pieces))
    return _assign(rng, [pieces[int(index)] for index in order], roads, area)


def _cut(rng: Rng, block: Polygon, area: float) -> list[Polygon]:
    limit = min(rng.uniform(3500, 11000), area / 5)
    if block.area < limit:
        return [block]
    axis = longest_axis(block)
    centre = block.minimum_rotated_rectangle.centroid
    step = math.sqrt(block.area) * rng.uniform(-0.15, 0.15)
    x, y = centre.x + step * math.cos(axis), centre.y + step * math.sin(axis)
    across = axis + math.pi / 2 + rng.normal(0, 0.05)
    far = 4 * math.hypot(*_extent(block))
    dx, dy = far * math.cos(across), far * math.sin(across)
    halves = polygons(split(block, LineString([(x - dx, y - dy), (x + dx, y + dy)])))
    if len(halves) < 2:
        return [block]
    return [part for half in halves for part in _cut(rng, half, area)]


def _extent(shape: Polygon) -> tuple[float, float]:
    left, low, right, high = shape.bounds
    return right - left, high - low


def _assign(rng: Rng, pieces: list[Polygon], roads: BaseGeometry, area: float) -> list[Parcel]:
    """Settle about a quarter of the land along the roads; deal the rest from a fixed deck."""
    parcels: list[Parcel] = []
    country: list[Polygon] = []
    settled = 0.0
    uses = [Use.VILLAGE, Use.YARD] if rng.random() < 0.5 else [Use.YARD, Use.VILLAGE]
    for piece in pieces:
        near = piece.distance(roads) < 8
        if near and settled < 0.24 * area and piece.area < max(6500, area / 4):
            parcels.append(Parcel(piece, uses[len(parcels) % 2]))
            settled += piece.area
        else:
            country.append(piece)
    first = int(rng.integers(len(_COUNTRY)))
    for index, piece in enumerate(country):
        parcels.append(Parcel(piece, _COUNTRY[(first + index) % len(_COUNTRY)]))
    return parcels
