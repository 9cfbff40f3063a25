"""Where a prediction says something."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.imagery.tiles import TiledScene, unpack


def predictable(scene: TiledScene) -> NDArray[np.bool_]:
    """Pixels (H, W) whose probabilities are kept; elsewhere nothing is predicted.

    These are the valid pixels, and those past the edge of a group that registration has moved:
    there inputs repeat the group's edge, which is a better guess than leaving the ground empty.
    Pixels that a file marks as empty are neither.
    """
    _, valid = unpack(scene.mask, scene.classes)
    rows, columns = np.ogrid[: scene.shape[0], : scene.shape[1]]
    for group in scene.groups.values():
        a, b, c, d, e, f = (~group.to_working)[:6]
        x = a * (columns + 0.5) + b * (rows + 0.5) + c
        y = d * (columns + 0.5) + e * (rows + 0.5) + f
        height, width = group.pixels.shape[1:]
        valid |= (x < 0) | (x > width) | (y < 0) | (y > height)
    return valid
