"""The frame of an image: what parts share with it stays, so that neighbouring scenes' parts meet.

Two scenes side by side show an object that their border cuts as two parts, which become one again
where they share a piece of the border. So outlines of fewer vertices neither leave the frame nor
shift their ends on it, and don't touch it where the mask does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from pipeline.mapping.geometry.contacts import Parts

Points = NDArray[np.float64]

CLEAR: Final = 0.5
"""Pixels that new vertices keep from the frame: more than where they would be taken to lie on it
when scenes are joined (``REACH`` in ``mapping/layers/footprints.py``)."""
_BITS: Final = np.array((1, 2, 4, 8), np.uint8)


@dataclass(frozen=True)
class Frame:
    """The frame of an image.

    Attributes:
        box: Left, upper, right and lower side, pixel coordinates.
    """

    box: tuple[float, float, float, float]

    @classmethod
    def of(cls, shape: tuple[int, ...]) -> Frame:
        """The frame of an image of shape (H, W)."""
        return cls((0.0, 0.0, float(shape[1]), float(shape[0])))

    def sides(self, points: Points) -> NDArray[np.uint8]:
        """Sides that points (n, 2) lie on, a bit each, (n,)."""
        columns, rows = points.T
        found = np.zeros(len(points), np.uint8)
        for bit, places, side in zip(_BITS, (columns, rows, columns, rows), self.box, strict=True):
            found[places == side] |= bit
        return found

    def near(self, points: Points) -> NDArray[np.bool_]:
        """Which points (n, 2) lie less than ``CLEAR`` inside of the frame, on it or outside."""
        low, high = np.add(self.box[:2], CLEAR), np.subtract(self.box[2:], CLEAR)
        found: NDArray[np.bool_] = np.any((points < low) | (points > high), axis=1)
        return found

    def kept(self, before: Parts, after: Parts) -> NDArray[np.bool_]:
        """Which parts share with the frame what they did and come near it nowhere else, (n,).

        Args:
            before: (n,) polygons.
            after: (n,) what became of them, valid.
        """
        points, owner = shapely.get_coordinates(after, return_index=True)
        found = np.ones(len(after), np.bool_)
        found[owner[self.near(points) & (self.sides(points) == 0)]] = False
        line = shapely.box(*self.box).exterior
        shared = [shapely.intersection(parts[found], line) for parts in (before, after)]
        found[found] = shapely.equals(*shared)
        return found


ENDLESS: Final = Frame((-inf, -inf, inf, inf))
"""No frame that anything lies on."""
