"""Works and farm yards: halls on paved ground, parked trucks, rows of cars, walls."""

from __future__ import annotations

import math

from shapely.geometry import Polygon

from pipeline.imagery.generated.buildings import flat_roof
from pipeline.imagery.generated.objects import Code, GroundObject, Layer, Spot
from pipeline.imagery.generated.scenery import Scenery, TreeSite
from pipeline.imagery.generated.shapes import Rng, blob, longest_axis, polygons, rectangle, shrunk
from pipeline.imagery.generated.village import FENCE_WIDTH, lot_centres

_CELL = (33.0, 25.0)


def build(rng: Rng, parcel: Polygon) -> Scenery:
    """Cells over a parcel, each a hall, a car park, a truck park or a store of material."""
    scenery = Scenery([GroundObject(parcel, "rough_grass", Layer.FIELD)])
    pavement = str(rng.choice(["concrete", "old_asphalt", "gravel", "asphalt"]))
    for part in polygons(parcel.buffer(-1.5)):
        tone = rng.normal(0, 0.08)
        scenery.objects.append(GroundObject(part, pavement, Layer.PATCH, tone=tone))
    scenery.objects += _wall(rng, parcel)
    axis = longest_axis(parcel)
    cells = lot_centres(parcel, axis, _CELL) or [_middle(parcel, axis)]
    fillings = (_hall, _car_park, _hall, _truck_park, _court)
    first = int(rng.integers(len(fillings)))
    for index, cell in enumerate(cells):
        scenery.extend(fillings[(first + index) % len(fillings)](rng, cell))
    return scenery


def _middle(parcel: Polygon, axis: float) -> Spot:
    point = parcel.representative_point()
    return Spot(point.x, point.y, axis, Code.NONE)


def _wall(rng: Rng, parcel: Polygon) -> list[GroundObject]:
    """Wall along most of the parcel's border."""
    inner = shrunk(parcel, 1.0)
    if inner is None:
        return []
    surface = str(rng.choice(["wall", "wall", "metal_fence"]))
    return [
        GroundObject(part, surface, Layer.WALL, Code.STRUCTURE, height=2.2)
        for part in polygons(inner.exterior.buffer(FENCE_WIDTH / 2, join_style="mitre"))
    ]


def _hall(rng: Rng, cell: Spot) -> Scenery:
    length, width = rng.uniform(17, 27), rng.uniform(10, 16)
    hall = cell.moved(rng.uniform(-2, 2), rng.uniform(-4, -2))
    scenery = Scenery(flat_roof(rng, hall, length, width, rng.uniform(5, 9)))
    for offset in (-8.0, 0.0, 8.0):
        code = Code.LARGE_VEHICLE if rng.random() < 0.35 else Code.SMALL_VEHICLE
        spot = cell.moved(offset, width / 2 + 3.5, rng.normal(0, 0.1))
        scenery.spots.append(Spot(spot.x, spot.y, spot.heading, code))
    return scenery


def _car_park(rng: Rng, cell: Spot) -> Scenery:
    """Two rows of cars, nose to the middle, on bays 3 m wide with white lines."""
    scenery = Scenery()
    area = rectangle(cell.x, cell.y, 30, 19, cell.heading)
    surface = str(rng.choice(["asphalt", "old_asphalt", "concrete"]))
    scenery.objects.append(GroundObject(area, surface, Layer.PAVED, tone=rng.normal(0, 0.08)))
    for side in (-1, 1):
        for bay in range(10):
            spot = cell.moved(-13.5 + 3.0 * bay, side * 6.2, side * math.pi / 2)
            scenery.spots.append(Spot(spot.x, spot.y, spot.heading, Code.SMALL_VEHICLE))
            line = cell.moved(-12.0 + 3.0 * bay, side * 6.2)
            mark = rectangle(line.x, line.y, 0.18, 5.0, cell.heading)
            scenery.objects.append(GroundObject(mark, "marking", Layer.MARK))
    return scenery


def _truck_park(rng: Rng, cell: Spot) -> Scenery:
    scenery = Scenery()
    for side in (-1, 1):
        for bay in range(6):
            turn = side * math.pi / 2 + rng.normal(0, 0.03)
            spot = cell.moved(-12.5 + 5.0 * bay, side * 6.8, turn)
            scenery.spots.append(Spot(spot.x, spot.y, spot.heading, Code.LARGE_VEHICLE))
    return scenery


def _court(rng: Rng, cell: Spot) -> Scenery:
    """Ground that looks like a roof or a pond's bed and is neither: a court and heaps."""
    surface = str(rng.choice(["clay_court", "painted_court", "bitumen_court"]))
    court = rectangle(cell.x - 2, cell.y, rng.uniform(18, 24), rng.uniform(9, 11), cell.heading)
    scenery = Scenery([GroundObject(court, surface, Layer.PAVED, tone=rng.normal(0, 0.12))])
    for _ in range(3):
        heap = cell.moved(rng.uniform(-14, 14), rng.choice([-9.5, 9.5]))
        shape = blob(rng, heap.x, heap.y, rng.uniform(1.5, 3.2), 0.2, 14)
        scenery.objects.append(GroundObject(shape, "bare", Layer.PAVED, height=1.2))
    tree = cell.moved(15, 0)
    scenery.trees.append(TreeSite(tree.x, tree.y, rng.uniform(2, 3)))
    return scenery
