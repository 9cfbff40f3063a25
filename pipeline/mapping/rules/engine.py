"""All rules between classes, one after the other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.config.rules import Bridge, Clear, Near, RuleRow, Shape
from pipeline.mapping.masks.planes import HeldPlane, Plane
from pipeline.mapping.rules.bridging import bridged
from pipeline.mapping.rules.clearing import cleared
from pipeline.mapping.rules.finding import from_index
from pipeline.mapping.rules.ground import Ground, Planes, whole_ground
from pipeline.mapping.rules.nearness import kept_near
from pipeline.mapping.rules.shape import sorted_by_shape
from pipeline.mapping.rules.spectral import IndexSource
from pipeline.mapping.tracing.corners import Mask


def apply(
    masks: NDArray[np.bool_],
    rules: Sequence[RuleRow],
    codes: Sequence[int],
    metres: float,
    answered: Mask,
    index: IndexSource,
) -> NDArray[np.bool_]:
    """Masks of a scene that is in memory, as :func:`apply_planes` leaves them.

    Args:
        masks: (K, H, W), not changed.
        rules: The rows.
        codes: The K class codes.
        metres: Side of a pixel.
        answered: (H, W), where the prediction says something.
        index: Values of spectral indices; asked for only by rows that need them.

    Returns:
        (K, H, W) bool.
    """
    ground = whole_ground(answered, metres, index)
    planes = apply_planes([HeldPlane(mask) for mask in masks], rules, codes, ground)
    return np.stack([plane.read(ground.strips.whole) for plane in planes])


def apply_planes(
    planes: Sequence[Plane], rules: Sequence[RuleRow], codes: Sequence[int], ground: Ground
) -> list[Plane]:
    """Planes as the rules leave them.

    The rows' order counts, that of the classes does not: a row sees what the rows before it left,
    and changes all of its classes at once.

    Args:
        planes: Of the K classes.
        rules: The rows; those that are not ``on`` are left out.
        codes: The K class codes, all that the rows name among them.
        ground: The scene. Where there is no answer no rule makes a pixel part of a class that it
            was in no class of before.
    """
    known: dict[int, Plane] = dict(zip(codes, planes, strict=True))
    for row in rules:
        if row.on:
            known |= _changed(known, row, ground)
    return [known[code] for code in codes]


def _changed(masks: Planes, row: RuleRow, ground: Ground) -> dict[int, Plane]:
    """The classes that one row changes."""
    if isinstance(row, Clear):
        return cleared(masks, row, ground)
    if isinstance(row, Shape):
        return sorted_by_shape(masks, row, ground)
    if isinstance(row, Near):
        return kept_near(masks, row, ground)
    if isinstance(row, Bridge):
        return bridged(masks, row, ground)
    return from_index(masks, row, ground)
