"""Houses on lots: gable roofs, fences with a gate, drives with cars, sheds, pools, gardens."""

from __future__ import annotations

import math

from shapely import contains_xy
from shapely.geometry import LineString, Polygon

from pipeline.imagery.generated.buildings import flat_roof, gable_roof
from pipeline.imagery.generated.objects import Code, GroundObject, Layer, Spot
from pipeline.imagery.generated.scenery import Scenery, TreeSite
from pipeline.imagery.generated.shapes import Rng, blob, longest_axis, rectangle

_LOT = (20.0, 25.0)
FENCE_WIDTH = 1.7
"""Metres; wider than a real fence, so that one can be seen at the demo's working resolution."""


def build(rng: Rng, parcel: Polygon) -> Scenery:
    """Lots over a parcel, each with a house."""
    scenery = Scenery()
    scenery.objects.append(GroundObject(parcel, "garden", Layer.FIELD))
    axis = longest_axis(parcel)
    for centre in lot_centres(parcel, axis, _LOT):
        scenery.extend(_lot(rng, centre, axis + math.pi * int(rng.integers(2))))
    return scenery


def lot_centres(parcel: Polygon, axis: float, lot: tuple[float, float]) -> list[Spot]:
    """Centres of the cells of a grid along ``axis`` that lie in the parcel for the most part.

    Of nine offsets of the grid the one with most cells is taken.
    """
    middle = parcel.centroid
    origin = Spot(middle.x, middle.y, axis, Code.NONE)
    thirds = (-1 / 3, 0, 1 / 3)
    grids = [
        _cells(parcel, origin.moved(u * lot[0], v * lot[1]), lot) for u in thirds for v in thirds
    ]
    return max(grids, key=len)


def _cells(parcel: Polygon, origin: Spot, lot: tuple[float, float]) -> list[Spot]:
    left, low, right, high = parcel.bounds
    counts = [math.ceil(math.hypot(right - left, high - low) / side / 2) for side in lot]
    cells = [
        origin.moved(u * lot[0], v * lot[1])
        for u in range(-counts[0], counts[0] + 1)
        for v in range(-counts[1], counts[1] + 1)
    ]
    inner = [cell for cell in cells if contains_xy(parcel, cell.x, cell.y)]
    return [cell for cell in inner if _covered(cell, lot, parcel) > 0.88]


def _covered(cell: Spot, lot: tuple[float, float], parcel: Polygon) -> float:
    shape = rectangle(cell.x, cell.y, lot[0], lot[1], cell.heading)
    return float(shape.intersection(parcel).area / shape.area)


def _lot(rng: Rng, centre: Spot, axis: float) -> Scenery:
    """One lot, in its own frame: length along the street, the street on the negative side."""
    lot = Spot(centre.x, centre.y, axis, Code.NONE)
    scenery = Scenery()
    house = lot.moved(rng.uniform(-3, 0), rng.uniform(-4, 0), rng.choice([0, math.pi / 2]))
    length, width = rng.uniform(9, 12.5), rng.uniform(7, 9)
    scenery.objects += gable_roof(rng, house, length, width, rng.uniform(4.5, 7.5))
    if rng.random() < 0.65:
        scenery.objects += _fence(rng, lot)
    scenery.extend(_drive(rng, lot))
    scenery.extend(_back_garden(rng, lot))
    return scenery


def _fence(rng: Rng, lot: Spot) -> list[GroundObject]:
    """Fence around a lot, open at the gate."""
    u, v = _LOT[0] / 2 - 1.2, _LOT[1] / 2 - 1.2
    path = [(u - 1.0, -v), (u, -v), (u, v), (-u, v), (-u, -v), (u - 5.5, -v)]
    corners = [lot.moved(*point) for point in path]
    line = LineString([(corner.x, corner.y) for corner in corners])
    shape = line.buffer(FENCE_WIDTH / 2, cap_style="flat", join_style="mitre")
    surface = str(rng.choice(["wood_fence", "wood_fence", "wall", "metal_fence"]))
    tone = rng.normal(0, 0.12)
    return [GroundObject(shape, surface, Layer.WALL, Code.STRUCTURE, height=1.8, tone=tone)]


def _drive(rng: Rng, lot: Spot) -> Scenery:
    """Drive from the gate along the house, with room for two cars."""
    u = _LOT[0] / 2 - 3.2
    middle = lot.moved(u, -_LOT[1] / 4 - 0.5)
    surface = str(rng.choice(["gravel", "concrete", "old_asphalt", "paving"]))
    shape = rectangle(middle.x, middle.y, 4.0, _LOT[1] / 2 + 1, lot.heading)
    drive = GroundObject(shape, surface, Layer.PAVED, tone=rng.normal(0, 0.1))
    spots = [
        lot.moved(u, offset, math.pi / 2 * rng.choice([1, -1]) + rng.normal(0, 0.06))
        for offset in (-9.2, -3.2)
    ]
    cars = [Spot(spot.x, spot.y, spot.heading, Code.SMALL_VEHICLE) for spot in spots]
    return Scenery([drive], cars, [])


def _back_garden(rng: Rng, lot: Spot) -> Scenery:
    scenery = Scenery()
    back = _LOT[1] / 4 + 2.5
    if rng.random() < 0.3:
        scenery.objects += _pool(rng, lot.moved(rng.uniform(-4, 0), back, rng.normal(0, 0.2)))
    elif rng.random() < 0.5:
        shed = lot.moved(rng.uniform(-5, 0), back)
        scenery.objects += flat_roof(rng, shed, rng.uniform(3.5, 6), rng.uniform(3, 4.5), 2.6)
    for _ in range(int(rng.integers(1, 5))):
        tree = lot.moved(rng.uniform(-8, 8), rng.uniform(-11, 11))
        shrub = bool(rng.random() < 0.35)
        radius = rng.uniform(0.9, 1.8) if shrub else rng.uniform(1.7, 3.6)
        scenery.trees.append(TreeSite(tree.x, tree.y, radius, shrub))
    if rng.random() < 0.4:
        bed = lot.moved(rng.uniform(-7, 7), rng.uniform(6, 11))
        patch = blob(rng, bed.x, bed.y, rng.uniform(1.5, 3), 0.2, 12)
        scenery.objects.append(GroundObject(patch, "bare", Layer.PATCH))
    return scenery


def _pool(rng: Rng, at: Spot) -> list[GroundObject]:
    length, width = rng.uniform(7, 11), rng.uniform(4, 5.5)
    deck = rectangle(at.x, at.y, length + 2.4, width + 2.4, at.heading)
    basin = rectangle(at.x, at.y, length, width, at.heading)
    if rng.random() < 0.3:
        basin = blob(rng, at.x, at.y, 3.6, 0.15, 16)
        deck = basin.buffer(1.2)
    return [
        GroundObject(deck, "paving", Layer.PAVED),
        GroundObject(basin, "water", Layer.PAVED, Code.STANDING_WATER, tone=rng.normal(0.1, 0.1)),
    ]
