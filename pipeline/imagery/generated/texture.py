"""Random fields."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, zoom

from pipeline.imagery.generated.shapes import Rng


def noise(rng: Rng, shape: tuple[int, int], cell: int) -> NDArray[np.float32]:
    """Smooth noise (H, W) float32 of zero mean and unit variance; blotches of about ``cell``."""
    small = [side // cell + 3 for side in shape]
    white = rng.standard_normal(small, dtype=np.float32)
    field = gaussian_filter(white, 0.8)
    if cell > 1:
        field = zoom(field, cell, order=1)
    field = field[: shape[0], : shape[1]]
    return np.asarray((field - field.mean()) / (field.std() + 1e-6), dtype=np.float32)
