"""``near``: parts of some classes stay only near others, or on open ground."""

from __future__ import annotations

import math

import numpy as np

from pipeline.config.rules import Near
from pipeline.mapping.masks.morphology import grown
from pipeline.mapping.masks.parts import Parts
from pipeline.mapping.masks.planes import Plane
from pipeline.mapping.rules.ground import Ground, Planes
from pipeline.mapping.tracing.corners import Mask


def kept_near(masks: Planes, row: Near, ground: Ground) -> dict[int, Plane]:
    """Parts that come near enough to a class, or of which enough lies on open ground.

    Args:
        masks: Of every class, by code.
        row: The rule.
        ground: The scene.

    Returns:
        Planes of every class of ``row.of``, by code. Nothing is added.
    """
    radius = row.metres / ground.metres

    def reached(*seen: Mask) -> list[Mask]:
        return [grown(np.logical_or.reduce(seen), radius)]

    def open_ground(rows: slice) -> Mask:
        covered: Mask = np.logical_or.reduce([masks[code].read(rows) for code in row.covered_by])
        return ~covered

    sources = [masks[code].read for code in row.to]
    near = ground.strips.local(sources, math.ceil(radius), reached, 1)[0]
    found = {}
    for code in row.of:
        parts = Parts(masks[code], ground.strips)
        kept = parts.holding(near.read)
        if row.ground is not None:
            kept |= parts.sums(open_ground) >= row.ground * parts.areas
        found[code] = parts.kept(kept)
    return found
