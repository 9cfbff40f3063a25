"""Roofs."""

from __future__ import annotations

import math

from pipeline.imagery.generated.objects import Code, GroundObject, Layer, Spot
from pipeline.imagery.generated.shapes import Rng, rectangle

_GABLES = ("tile", "tile", "slate", "metal_roof", "painted_roof")
_FLATS = ("metal_roof", "bitumen_roof", "concrete_roof", "painted_roof", "old_asphalt", "gravel")


def gable_roof(
    rng: Rng, at: Spot, length: float, width: float, height: float
) -> list[GroundObject]:
    """House of two roof halves that fall away from a ridge along ``at.heading``; metres."""
    surface, tone = str(rng.choice(_GABLES)), rng.normal(0, 0.15)
    halves = []
    for side in (-1, 1):
        middle = at.moved(0, side * width / 4)
        shape = rectangle(middle.x, middle.y, length, width / 2, at.heading)
        fall = at.heading + side * math.pi / 2
        halves.append(
            GroundObject(shape, surface, Layer.ROOF, Code.BUILDING, height, fall, 0.55, tone)
        )
    return halves


def flat_roof(rng: Rng, at: Spot, length: float, width: float, height: float) -> list[GroundObject]:
    """Hall or shed with a flat roof; halls carry vents and skylights."""
    surface, tone = str(rng.choice(_FLATS)), rng.normal(0, 0.15)
    shape = rectangle(at.x, at.y, length, width, at.heading)
    parts = [GroundObject(shape, surface, Layer.ROOF, Code.BUILDING, height, tone=tone)]
    for _ in range(int(length * width / 60)):
        spot = at.moved(rng.uniform(-0.4, 0.4) * length, rng.uniform(-0.4, 0.4) * width)
        vent = rectangle(spot.x, spot.y, rng.uniform(0.8, 2), 1.0, at.heading)
        surface = str(rng.choice(["metal_roof", "bitumen_roof"]))
        parts.append(GroundObject(vent, surface, Layer.FITTING, Code.NONE, height))
    return parts
