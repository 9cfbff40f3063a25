"""A place: all that stands on its ground at every date."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry import Polygon, box
from shapely.ops import unary_union

from pipeline.imagery.generated import countryside, network, village, yard
from pipeline.imagery.generated.network import Network, Size
from pipeline.imagery.generated.objects import Code, GroundObject, Layer, Spot
from pipeline.imagery.generated.parcels import Use, divide
from pipeline.imagery.generated.scenery import Scenery, TreeSite
from pipeline.imagery.generated.shapes import Rng, blob
from pipeline.imagery.generated.spec import GeneratorSpec

MARGIN = 24.0
"""Metres of ground laid out past a scene's edge: shadows come in, shifted sensors look out."""

_FILLINGS = {
    Use.VILLAGE: village.build,
    Use.YARD: yard.build,
    Use.CROP: countryside.crop,
    Use.MEADOW: countryside.meadow,
    Use.FALLOW: countryside.fallow,
    Use.WOOD: countryside.wood,
    Use.POND: countryside.pond,
}
_DRY_PLACES = 3
_CUT_PLACES = 10
_SOLID = (Layer.WATER, Layer.PAVED, Layer.ROAD, Layer.TRACK, Layer.ROOF)


@dataclass(frozen=True, slots=True)
class Place:
    """A place of ``size`` (width, height) metres; ``number`` and ``seed`` say which one."""

    seed: int
    number: int
    size: Size
    objects: tuple[GroundObject, ...]
    spots: tuple[Spot, ...]
    network: Network


def build_place(spec: GeneratorSpec, number: int) -> Place:
    """Lay out place ``number``; two in three have running water, so that few scenes show it."""
    rng = np.random.default_rng([spec.seed, number, 0])
    sides = rng.integers(spec.size[0], spec.size[1], size=2, endpoint=True)
    size = (float(sides[0]), float(sides[1]))
    ways = network.lay_out(rng, size, has_waterway=number % _DRY_PLACES != _DRY_PLACES - 1)
    scenery = Scenery(network.surfaces(ways))
    scenery.extend(_land(rng, size, ways))
    objects = scenery.objects + _vegetation(rng, scenery)
    return Place(spec.seed, number, size, tuple(objects), tuple(scenery.spots), ways)


def unseen(place: Place) -> Polygon:
    """Corner that the sensor missed, in metres: some scenes end within an image, most don't."""
    if place.number % _CUT_PLACES != _CUT_PLACES - 6:
        return Polygon()
    return Polygon([(0, 0), (0.3 * place.size[0], 0), (0, 0.2 * place.size[1])])


def _land(rng: Rng, size: Size, ways: Network) -> Scenery:
    world = box(-MARGIN, -MARGIN, size[0] + MARGIN, size[1] + MARGIN)
    land = world.difference(ways.footprint(verge=1.5, bank=4.0))
    roads = unary_union([way.line.buffer(way.width / 2) for way in ways.roads])
    scenery = Scenery()
    for parcel in divide(rng, land, roads, size[0] * size[1]):
        scenery.extend(_FILLINGS[parcel.use](rng, parcel.shape))
    for way in ways.waters:
        scenery.trees += countryside.river_trees(rng, way)
    return scenery


def _vegetation(rng: Rng, scenery: Scenery) -> list[GroundObject]:
    """Crowns of the trees that do not stand on a road, in water, in a house or on a drive."""
    if not scenery.trees:
        return []
    taken = [thing.shape for thing in scenery.objects if thing.layer in _SOLID]
    ground = unary_union(taken)
    shapely.prepare(ground)
    points = shapely.points([(tree.x, tree.y) for tree in scenery.trees])
    room = shapely.distance(ground, points)
    return [
        _crown(rng, tree)
        for tree, distance in zip(scenery.trees, room, strict=True)
        if distance > 0.75 * tree.radius
    ]


def _crown(rng: Rng, tree: TreeSite) -> GroundObject:
    shape = blob(rng, tree.x, tree.y, tree.radius, 0.1, 16)
    if tree.shrub:
        return GroundObject(shape, "shrub", Layer.SHRUB, height=0.5 * tree.radius)
    height = tree.radius * rng.uniform(1.4, 2.4)
    tone = rng.normal(0, 0.1)
    return GroundObject(shape, "tree", Layer.CROWN, Code.TREE, height=height, tone=tone)
