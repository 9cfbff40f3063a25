"""``clear``: pixels of some classes are taken from others."""

from __future__ import annotations

import math

import numpy as np

from pipeline.config.rules import Clear
from pipeline.mapping.masks.morphology import grown
from pipeline.mapping.masks.planes import Plane
from pipeline.mapping.rules.ground import Ground, Planes
from pipeline.mapping.tracing.corners import Mask


def cleared(masks: Planes, row: Clear, ground: Ground) -> dict[int, Plane]:
    """The classes that lose, without the pixels of those that win.

    Args:
        masks: Of every class, by code.
        row: The rule.
        ground: The scene.

    Returns:
        Planes of every class of ``row.of``, by code.
    """
    radius = row.grow / ground.metres

    def kernel(*seen: Mask) -> list[Mask]:
        winners, losers = seen[: len(row.by)], seen[len(row.by) :]
        free = ~grown(np.logical_or.reduce(winners), radius)
        return [loser & free for loser in losers]

    sources = [masks[code].read for code in (*row.by, *row.of)]
    found = ground.strips.local(sources, math.ceil(radius), kernel, len(row.of))
    return dict(zip(row.of, found, strict=True))
