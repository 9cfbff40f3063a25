"""Masks as text, and what rules need beside them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from pipeline.config.rules import RuleRow, SpectralIndex
from pipeline.mapping.rules.engine import apply

Mask = NDArray[np.bool_]


def mask_of(*rows: str) -> Mask:
    """A mask, # for its pixels."""
    return np.array([[letter == "#" for letter in row] for row in rows])


def text_of(mask: Mask) -> list[str]:
    """The other way round, for messages that a person can read."""
    return ["".join("#" if pixel else "." for pixel in row) for row in mask]


def no_index(_: SpectralIndex) -> NDArray[np.float32]:
    """Values of indices that nothing should ask for."""
    raise LookupError


def applied(
    masks: Sequence[Mask],
    *rules: RuleRow,
    codes: Sequence[int] = (1, 2, 3, 4),
    metres: float = 1.0,
    answered: Mask | None = None,
) -> Mask:
    """Masks (K, H, W) as rules leave them; their codes are the first K."""
    known = np.ones_like(masks[0]) if answered is None else answered
    return apply(np.stack(masks), rules, codes[: len(masks)], metres, known, no_index)


def stacks(count: int, side: int = 12) -> st.SearchStrategy[Mask]:
    """Masks (count, H, W)."""
    sides = st.tuples(st.just(count), st.integers(1, side), st.integers(1, side))
    return hnp.arrays(np.bool_, sides)
