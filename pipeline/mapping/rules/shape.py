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

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.config.rules import Shape
from pipeline.mapping.masks.components import labelled
from pipeline.mapping.masks.morphology import grown
from pipeline.mapping.rules.distances import blocks, fine, squared_distances
from pipeline.mapping.tracing.corners import Mask

_DIGITS = 6
"""Decimals of a measure in pixels; the last bits of a sum depend on its order."""
_SLACK = 10.0**-_DIGITS


@dataclass(frozen=True)
class Parts:
    """Measures of the 4-connected parts of a mask, each (parts,) in pixels and square pixels.

    Attributes:
        labels: (H, W) number of the part, counted from 1; 0 for none.
        area: Area.
        length: Length.
        width: Area over length.
        elongation: Length over width.
        border: Whether the part touches the edge of the image or a pixel without an answer.
    """

    labels: NDArray[np.int32]
    area: NDArray[np.float64]
    length: NDArray[np.float64]
    width: NDArray[np.float64]
    elongation: NDArray[np.float64]
    border: NDArray[np.bool_]


def measured(mask: Mask, answered: Mask) -> Parts:
    """Measures of every part of a mask.

    Args:
        mask: (H, W).
        answered: (H, W), where there is an answer.
    """
    labels, counts = labelled(mask)
    area = counts[1:].astype(np.float64)
    outside = ~fine(np.pad(mask, 1))
    depths = np.sqrt(squared_distances(outside)[2:-2, 2:-2], dtype=np.float64) - 0.5
    sums = np.where(mask, blocks(depths).sum(axis=2), 0.0)
    total = np.bincount(labels.ravel(), sums.ravel(), len(counts))[1:]
    depth = total / (4 * area) / 2
    root = np.sqrt(area + 1 / 3)
    angle = np.arcsin(np.minimum(1, 6 * area * depth / root**3)) / 3
    width = np.minimum(2 * root * np.sin(angle), np.sqrt(area))
    open_sides = grown(~np.pad(answered, 1), 1)[1:-1, 1:-1]
    touching = np.bincount(labels[open_sides], minlength=len(counts))[1:] > 0
    return Parts(
        labels,
        area,
        np.round(area / width, _DIGITS),
        np.round(width, _DIGITS),
        np.round(area / width**2, _DIGITS),
        touching,
    )


def sorted_by_shape(
    masks: Mapping[int, Mask], row: Shape, metres: float, answered: Mask
) -> dict[int, Mask]:
    """A class without the parts that fail, and the class that takes them.

    Args:
        masks: (H, W) of every class, by code.
        row: The rule.
        metres: Side of a pixel.
        answered: (H, W), where there is an answer.

    Returns:
        (H, W) of ``row.of``, and of ``row.into`` where there is one, by code.
    """
    mask = masks[row.of]
    parts = measured(mask, answered)
    fails = _failing(parts, row, metres)
    moved = np.concatenate(([False], fails))[parts.labels]
    found = {row.of: mask & ~moved}
    if row.into is not None:
        found[row.into] = masks[row.into] | moved
    return found


def _failing(parts: Parts, row: Shape, metres: float) -> NDArray[np.bool_]:
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
