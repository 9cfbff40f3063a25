"""``near``: parts of some classes stay only near others, or on open ground."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pipeline.config.rules import Near
from pipeline.mapping.masks.components import labelled
from pipeline.mapping.masks.morphology import grown
from pipeline.mapping.tracing.corners import Mask


def kept_near(masks: Mapping[int, Mask], row: Near, metres: float) -> dict[int, Mask]:
    """Parts that come near enough to a class, or of which enough lies on open ground.

    Args:
        masks: (H, W) of every class, by code.
        row: The rule.
        metres: Side of a pixel.

    Returns:
        (H, W) of every class of ``row.of``, by code. Nothing is added.
    """
    near = grown(np.logical_or.reduce([masks[code] for code in row.to]), row.metres / metres)
    found = {}
    for code in row.of:
        labels, areas = labelled(masks[code])
        kept = np.bincount(labels[near], minlength=len(areas)) > 0
        if row.ground is not None:
            covered = np.logical_or.reduce([masks[covering] for covering in row.covered_by])
            on_ground = np.bincount(labels[~covered], minlength=len(areas))
            kept |= on_ground >= row.ground * areas
        kept[0] = False
        found[code] = kept[labels]
    return found
