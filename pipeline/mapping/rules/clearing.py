"""``clear``: pixels of some classes are taken from others."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pipeline.config.rules import Clear
from pipeline.mapping.masks.morphology import grown
from pipeline.mapping.tracing.corners import Mask


def cleared(masks: Mapping[int, Mask], row: Clear, metres: float) -> dict[int, Mask]:
    """The classes that lose, without the pixels of those that win.

    Args:
        masks: (H, W) of every class, by code.
        row: The rule.
        metres: Side of a pixel.

    Returns:
        (H, W) of every class of ``row.of``, by code.
    """
    winners = np.logical_or.reduce([masks[code] for code in row.by])
    free = ~grown(winners, row.grow / metres)
    return {code: masks[code] & free for code in row.of}
