"""Things that stand on the ground, as the place knows them: a shape and what it is made of."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum

from shapely.geometry import Polygon


class Code(IntEnum):
    """Class codes of the contest; NONE stands for ground that no class names."""

    NONE = 0
    BUILDING = 1
    STRUCTURE = 2
    ROAD = 3
    TRACK = 4
    TREE = 5
    CROP = 6
    WATERWAY = 7
    STANDING_WATER = 8
    LARGE_VEHICLE = 9
    SMALL_VEHICLE = 10


CLASSES = tuple(code for code in Code if code is not Code.NONE)


class Layer(IntEnum):
    """What covers what, seen from above."""

    FIELD = 1
    PATCH = 2
    WATER = 3
    TRACK = 4
    PAVED = 5
    ROAD = 6
    MARK = 7
    SHRUB = 8
    WALL = 9
    ROOF = 10
    FITTING = 11
    VEHICLE = 12
    CROWN = 13


@dataclass(frozen=True, slots=True)
class GroundObject:
    """One thing on the ground.

    Attributes:
        shape: Outline in metres; x to the right, y down, origin at the scene's upper left corner.
        surface: Name of a row of ``surfaces.SURFACES``.
        layer: Later layers hide earlier ones.
        code: Class of the contest.
        height: Metres above ground, for shadows.
        angle: Direction of furrows or of a roof's fall, in radians.
        slope: Rise of a roof over run, 0 for flat.
        tone: Natural logarithm of its own brightness; the same at every date.
    """

    shape: Polygon
    surface: str
    layer: Layer
    code: Code = Code.NONE
    height: float = 0.0
    angle: float = 0.0
    slope: float = 0.0
    tone: float = 0.0


@dataclass(frozen=True, slots=True)
class Spot:
    """A place where a vehicle may stand: centre in metres, heading in radians, and its class."""

    x: float
    y: float
    heading: float
    code: Code

    def moved(self, along: float, across: float, turned: float = 0.0) -> Spot:
        """Spot that many metres ahead and to the right, turned by radians."""
        cos, sin = math.cos(self.heading), math.sin(self.heading)
        x = self.x + along * cos - across * sin
        y = self.y + along * sin + across * cos
        return Spot(x, y, self.heading + turned, self.code)
