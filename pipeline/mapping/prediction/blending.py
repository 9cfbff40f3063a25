"""Where windows stand on a scene and what each pixel of a window counts.

Windows form a full grid of row starts x column starts, and a window's weight is the product of a
profile per axis. So the weights of all windows at a pixel sum to (sum over rows) x (sum over
columns), and each axis can be divided by its own sum beforehand: the blended result is then a
plain sum, no weight map is kept, and one window alone counts exactly 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Axis:
    """Windows along one axis of a scene.

    Attributes:
        starts: First pixel of each window, ascending; negative where a window overhangs a scene
            that is smaller than it.
        weights: (windows, side) float32, above zero on the scene and zero outside it; over all
            windows they sum to 1 at each pixel of the scene.
    """

    starts: tuple[int, ...]
    weights: Floats


def starts(length: int, side: int, overlap: float) -> tuple[int, ...]:
    """First pixels of windows that cover an axis.

    They are evenly spaced, overlap by at least ``overlap`` of a side, and stay within the axis;
    an axis shorter than a window gets one window, centred, which overhangs on both sides.

    Args:
        length: Pixels of the axis.
        side: Pixels of a window.
        overlap: Least share of a window that the next one sees again, in [0, 1).
    """
    if length <= side:
        return (-((side - length) // 2),)
    step = max(1, math.floor(side * (1 - overlap)))
    last = length - side
    count = math.ceil(last / step)
    return tuple(round(last * index / count) for index in range(count + 1))


def profile(side: int, smooth: bool) -> NDArray[np.float64]:
    """Weight of each pixel along a window's axis, (side,), all above zero.

    Smooth: sin^2(pi (i + 1/2) / side), the Hann window at pixel centres, which falls to nearly
    nothing at the window's edge, where a network sees the least context. Otherwise all ones.
    """
    if not smooth:
        return np.ones(side)
    return np.square(np.sin(np.pi * (np.arange(side) + 0.5) / side))


def axis(length: int, side: int, overlap: float, smooth: bool) -> Axis:
    """Windows of one axis with weights that sum to 1 at each of its pixels."""
    firsts = starts(length, side, overlap)
    one = profile(side, smooth)
    total = np.zeros(length)
    for first in firsts:
        inside, target = clip(first, side, length)
        total[target] += one[inside]
    weights = np.zeros((len(firsts), side))
    for row, first in zip(weights, firsts, strict=True):
        inside, target = clip(first, side, length)
        row[inside] = one[inside] / total[target]
    return Axis(firsts, weights.astype(np.float32))


def clip(first: int, side: int, length: int) -> tuple[slice, slice]:
    """The part of a window that lies on its axis, in window pixels and in axis pixels."""
    low, high = max(0, first), min(length, first + side)
    return slice(low - first, high - first), slice(low, high)
