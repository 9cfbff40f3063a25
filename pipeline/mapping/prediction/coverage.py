"""Where a prediction says something.

A prediction is levels of one byte, ``n`` standing for ``n / 255``. Level 0 is no answer: what is
answered has level 1 or more.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.imagery.bit_field import seen
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


def predictable(scene: TiledScene, rows: slice | None = None) -> NDArray[np.bool_]:
    """Pixels (h, W) whose probabilities are kept; elsewhere nothing is predicted.

    These are the valid pixels, and those past the edge of a group that registration has moved:
    there inputs repeat the group's edge, which is a better guess than leaving the ground empty.
    Pixels that a file marks as empty are neither.

    Args:
        scene: Cached scene.
        rows: Rows that are asked for; None for all.
    """
    first, last, _ = (rows or slice(None)).indices(scene.shape[0])
    valid = seen(scene.mask[first:last], scene.classes)
    lines, columns = np.ogrid[first:last, : scene.shape[1]]
    for group in scene.groups.values():
        a, b, c, d, e, f = (~group.to_working)[:6]
        # Without rotation a coordinate varies along one axis only, and costs next to nothing.
        x = a * (columns + 0.5) + c if b == 0 else a * (columns + 0.5) + b * (lines + 0.5) + c
        y = e * (lines + 0.5) + f if d == 0 else d * (columns + 0.5) + e * (lines + 0.5) + f
        bottom, right = (length - group.margin for length in group.pixels.shape[1:])
        valid |= (x < group.margin) | (x > right)
        valid |= (y < group.margin) | (y > bottom)
    return valid
