"""What rules look at beside the masks of the classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.mapping.masks.planes import HeldPlane, Plane, Reader, Strips
from pipeline.mapping.rules.spectral import IndexSource
from pipeline.mapping.tracing.corners import Mask

Planes = Mapping[int, Plane]
"""Of every class, by code."""


@dataclass(frozen=True)
class Ground:
    """A scene as rules see it.

    Attributes:
        strips: How it is worked on.
        metres: Side of a pixel.
        answered: Gives rows (h, W), where the prediction says something.
        index: Values of spectral indices.
    """

    strips: Strips
    metres: float
    answered: Reader
    index: IndexSource


def whole_ground(answered: Mask, metres: float, index: IndexSource | None = None) -> Ground:
    """A scene that is in memory and worked on as one strip.

    Args:
        answered: (H, W), where the prediction says something.
        metres: Side of a pixel.
        index: Values of spectral indices, for rules that need them.
    """
    strips = Strips((answered.shape[0], answered.shape[1]))
    return Ground(strips, metres, HeldPlane(answered).read, index or _no_index)


def _no_index(index: object) -> NDArray[np.float32]:
    raise LookupError(f"no values of {index}")
