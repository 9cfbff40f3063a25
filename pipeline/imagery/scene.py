"""Band groups of a scene, at their native resolution on one reference grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray

from pipeline.imagery.bit_rows import BitRows
from pipeline.imagery.transform import Shape

Pixels = NDArray[Any]


@dataclass(frozen=True)
class BandGroup:
    """Bands that share one resolution.

    Attributes:
        name: Name of the group.
        pixels: (C_g, H_g, W_g), uint16, int16, uint8 or float32, as delivered.
        valid: (H_g, W_g) bool, or None where every pixel is valid.
        to_reference: Pixel edges of the group to pixel edges of the scene's reference grid,
            registration included.
        margin: Pixels on each side that lie around the scene.
    """

    name: str
    pixels: Pixels
    valid: NDArray[np.bool_] | BitRows | None
    to_reference: Affine
    margin: int = 0


def working_shape(shape: Shape, metres: float, working_metres: float) -> Shape:
    """(H, W) of the working grid that covers a reference grid of ``shape`` and ``metres``."""
    scale = metres / working_metres
    return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))
