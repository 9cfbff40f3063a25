"""``shape``: parts of a class that have not its shape move to another class, or go.

Length and width of a part are those of the rectangle that has its area A and its mean depth m,
depth being the distance from a point of the part to the nearest point outside. Over a rectangle of
width b and length A / b depth is a hip roof of slope 1, whose volume over A is
b / 4 - b^3 / (12 A). Taken at the centres of a grid of half the pixel size, in pixels, it is
m = b / 4 - (b^3 - b) / (12 A). The solution with b <= A / b is, by the trisection of an angle,

    b = 2 q sin(arcsin(6 A m / q^3) / 3),  q^2 = A + 1 / 3,

close to 4 m for what is long. Depth follows bends, so a curved river is as long as its middle line.
The outline's length, the other measure that is as cheap, grows with every ragged pixel of it: a
ragged pond would be a river. What is more compact than a square counts as one: elongation 1.

On the finer grid strips of one or three pixels have a middle too. Rectangles along the axes come
out as they are, strips along a diagonal up to 20 % too long.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.config.rules import Shape
from pipeline.mapping.masks.morphology import grown
from pipeline.mapping.masks.parts import Parts
from pipeline.mapping.masks.planes import Plane, Reader, Strips
from pipeline.mapping.rules.depth import STEPS, depth_of
from pipeline.mapping.rules.ground import Ground, Planes
from pipeline.mapping.tracing.corners import Mask

_DIGITS = 6
"""Decimals of a measure in pixels."""
_SLACK = 10.0**-_DIGITS


@dataclass(frozen=True)
class Measures:
    """Measures of the 4-connected parts of a plane, each (parts,) in pixels and square pixels.

    Attributes:
        area: Area.
        length: Length.
        width: Area over length.
        elongation: Length over width.
        border: Whether the part touches the edge of the image or a pixel without an answer.
    """

    area: NDArray[np.float64]
    length: NDArray[np.float64]
    width: NDArray[np.float64]
    elongation: NDArray[np.float64]
    border: NDArray[np.bool_]


def measured(parts: Parts, plane: Plane, ground: Ground) -> Measures:
    """Measures of every part of a plane.

    Args:
        parts: Its parts.
        plane: The plane.
        ground: The scene.
    """
    area = parts.areas[1:].astype(np.float64)
    total = parts.sums(depth_of(plane, ground.strips))[1:] / STEPS
    depth = total / (4 * area) / 2
    root = np.sqrt(area + 1 / 3)
    angle = np.arcsin(np.minimum(1, 6 * area * depth / root**3)) / 3
    width = np.minimum(2 * root * np.sin(angle), np.sqrt(area))
    return Measures(
        area,
        np.round(area / width, _DIGITS),
        np.round(width, _DIGITS),
        np.round(area / width**2, _DIGITS),
        parts.holding(_open_sides(ground.answered, ground.strips).read)[1:],
    )


def _open_sides(answered: Reader, strips: Strips) -> Plane:
    """Pixels beside the edge of the image or a pixel without an answer, or without one."""

    def kernel(seen: Mask) -> list[Mask]:
        return [grown(~seen, 1)]

    inner = strips.local([answered], 1, kernel, 1)[0]

    def pieces() -> Iterator[Mask]:
        for rows in strips:
            found = inner.read(rows).copy()
            found[:, [0, -1]] = True
            if rows.start == 0:
                found[0] = True
            if rows.stop == strips.shape[0]:
                found[-1] = True
            yield found

    return strips.plane(pieces())


def sorted_by_shape(masks: Planes, row: Shape, ground: Ground) -> dict[int, Plane]:
    """A class without the parts that fail, and the class that takes them.

    Args:
        masks: Of every class, by code.
        row: The rule.
        ground: The scene.

    Returns:
        Planes of ``row.of``, and of ``row.into`` where there is one, by code.
    """
    plane, strips = masks[row.of], ground.strips
    parts = Parts(plane, strips)
    fails = np.concatenate(([False], _failing(measured(parts, plane, ground), row, ground.metres)))
    found = {row.of: parts.kept(~fails)}
    if row.into is not None:
        moved, into = parts.kept(fails), masks[row.into]
        found[row.into] = strips.plane(into.read(rows) | moved.read(rows) for rows in strips)
    return found


def _failing(parts: Measures, row: Shape, metres: float) -> NDArray[np.bool_]:
    """Parts (parts,) that break a criterion; a limit itself is within it."""
    fails = np.zeros(len(parts.area), dtype=np.bool_)
    for values, unit, low, high in (
        (parts.area, metres**2, row.min_area, row.max_area),
        (parts.length, metres, row.min_length, row.max_length),
        (parts.width, metres, row.min_width, row.max_width),
        (parts.elongation, 1.0, row.min_elongation, row.max_elongation),
    ):
        fails |= values < low / unit - _SLACK
        if high is not None:
            fails |= values > high / unit + _SLACK
    if row.border == "keep":
        fails &= ~parts.border
    return fails
