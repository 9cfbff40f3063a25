"""A labelled scene beside what networks that were not trained on it predict there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.mapping.prediction.coverage import Levels
from pipeline.mapping.tracing.corners import Mask


@dataclass(frozen=True)
class HeldOutScene:
    """A labelled scene as its held-out networks see it.

    Attributes:
        levels: (K, H, W) uint8, 0 for no answer.
        truth: (K, H, W) bool.
        valid: (H, W), False where a pixel does not count.
        metres: Side of a pixel.
    """

    levels: Levels
    truth: NDArray[np.bool_]
    valid: Mask
    metres: float
