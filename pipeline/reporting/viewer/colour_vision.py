"""How far two colours differ, for people with each kind of colour vision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import ImageColor

Floats = NDArray[np.float64]

_SIGHTS: Final[Floats] = np.array(
    [
        [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ],
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ],
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ],
    ]
)
"""Linear RGB as it looks to people with normal sight, protanopia, deuteranopia and tritanopia.

From Machado, Oliveira & Fernandes, A Physiologically-based Model for Simulation of Color Vision
Deficiency, 2009, severity 1.
"""
_TO_XYZ: Final[Floats] = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
"""Linear sRGB to XYZ, white being D65."""
_STEP: Final = 6 / 29


def seen_colours(colours: Sequence[str]) -> Floats:
    """CIE Lab of colours (``#rrggbb``) in each of four sights, (4, n, 3); normal sight first."""
    rgb = np.array([ImageColor.getrgb(colour) for colour in colours], np.float64).reshape(-1, 3)
    seen = np.einsum("vij,nj->vni", _SIGHTS, _linear(rgb / 255))
    return _lab(np.clip(seen, 0, 1))


def differences(one: Floats, others: Floats) -> Floats:
    """Distance in CIE Lab of a colour (4, 3) from others (4, n, 3), in each sight: (4, n).

    People just notice 2.3.
    """
    found: Floats = np.linalg.norm(others - one[:, None], axis=-1)
    return found


def _linear(rgb: Floats) -> Floats:
    """Light of sRGB values, both in 0 to 1."""
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def _lab(light: Floats) -> Floats:
    """CIE Lab of linear RGB (..., 3)."""
    ratio = light @ _TO_XYZ.T / _TO_XYZ.sum(axis=1)
    root = np.where(ratio > _STEP**3, np.cbrt(ratio), ratio / (3 * _STEP**2) + 4 / 29)
    x, y, z = np.moveaxis(root, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)
