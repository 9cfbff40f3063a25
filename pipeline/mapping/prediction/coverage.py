"""Where a prediction says something.

A prediction is levels of one byte, ``n`` standing for ``n / 255``. Level 0 is no answer: what is
answered has level 1 or more.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.imagery.tiles import TiledScene

Levels = NDArray[np.uint8]
UNANSWERED: Final = 0


def mark_answers(levels: Levels, kept: NDArray[np.bool_]) -> Levels:
    """Make level 0 what has no answer, and nothing else; in place.

    Args:
        levels: (K, H, W) uint8.
        kept: (H, W), where there is an answer.

    Returns:
        The same array.
    """
    np.maximum(levels, UNANSWERED + 1, out=levels)
    levels *= kept
    return levels


def predictable(scene: TiledScene) -> NDArray[np.bool_]:
    """Pixels (H, W) whose probabilities are kept; elsewhere nothing is predicted.

    These are the valid pixels, and those past the edge of a group that registration has moved:
    there inputs repeat the group's edge, which is a better guess than leaving the ground empty.
    Pixels that a file marks as empty are neither.
    """
    invalid = scene.mask.dtype.type(1 << scene.classes)
    valid: NDArray[np.bool_] = (scene.mask & invalid) == 0
    rows, columns = np.ogrid[: scene.shape[0], : scene.shape[1]]
    for group in scene.groups.values():
        a, b, c, d, e, f = (~group.to_working)[:6]
        x = a * (columns + 0.5) + b * (rows + 0.5) + c
        y = d * (columns + 0.5) + e * (rows + 0.5) + f
        height, width = group.pixels.shape[1:]
        valid |= (x < 0) | (x > width) | (y < 0) | (y > height)
    return valid
