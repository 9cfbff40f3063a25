"""All rules between classes, one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.config.rules import Bridge, Clear, Near, RuleRow, Shape
from pipeline.mapping.rules.bridging import bridged
from pipeline.mapping.rules.clearing import cleared
from pipeline.mapping.rules.nearness import kept_near
from pipeline.mapping.rules.shape import sorted_by_shape
from pipeline.mapping.rules.spectral import IndexSource, from_index
from pipeline.mapping.tracing.corners import Mask


def apply(
    masks: NDArray[np.bool_],
    rules: Sequence[RuleRow],
    codes: Sequence[int],
    metres: float,
    answered: Mask,
    index: IndexSource,
) -> NDArray[np.bool_]:
    """Masks as the rules leave them.

    The rows' order counts, that of the classes does not: a row sees what the rows before it left,
    and changes all of its classes at once.

    Args:
        masks: (K, H, W), not changed.
        rules: The rows; those that are not ``on`` are left out.
        codes: The K class codes, all that the rows name among them.
        metres: Side of a pixel.
        answered: (H, W), where the prediction says something. Elsewhere no rule makes a pixel part
            of a class that it was in no class of before.
        index: Values (H, W) of spectral indices; asked for only by rows that need them.

    Returns:
        (K, H, W) bool.
    """
    planes: dict[int, Mask] = dict(zip(codes, masks, strict=True))
    for row in rules:
        if row.on:
            planes |= _changed(planes, row, metres, answered, index)
    return np.stack([planes[code] for code in codes])


def _changed(
    masks: Mapping[int, Mask], row: RuleRow, metres: float, answered: Mask, index: IndexSource
) -> dict[int, Mask]:
    """The classes that one row changes."""
    if isinstance(row, Clear):
        return cleared(masks, row, metres)
    if isinstance(row, Shape):
        return sorted_by_shape(masks, row, metres, answered)
    if isinstance(row, Near):
        return kept_near(masks, row, metres)
    if isinstance(row, Bridge):
        return bridged(masks, row, metres, answered)
    return from_index(masks, row, answered, index)
