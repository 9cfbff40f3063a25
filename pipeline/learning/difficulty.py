"""Hard-example mining: windows on which the network is bad are drawn more often.

A running estimate of each window's loss comes from the forward passes of the training itself, in
the manner of online batch selection (Loshchilov and Hutter, 2015, arXiv:1511.06343) and of
prioritised replay (Schaul et al., 2016, arXiv:1511.05952), but bounded: a window whose labels are
wrong has a high loss for ever and must not become what the training mostly sees.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

PACE = 0.3
"""How far one look at a window moves its estimate towards the loss that was seen."""
LIMIT = 4.0
"""An estimate counts for at most so many times the median one."""


class Difficulty:
    """A running estimate of the loss of each window of a plan.

    Args:
        windows: Number n of windows.
        share: Part of the drawing that follows the estimates, 0 to 1; the rest follows the plan.

    Attributes:
        losses: (n,) float64 the estimates; NaN where a window was not seen yet.
    """

    def __init__(self, windows: int, share: float) -> None:
        self._share = share
        self.losses: NDArray[np.float64] = np.full(windows, np.nan)

    def update(self, windows: Sequence[int], losses: Sequence[float]) -> None:
        """Take note of patches that were trained on; a loss that is no number is passed over.

        Args:
            windows: (N,) the window that each patch was drawn from.
            losses: (N,) loss of each patch.
        """
        for window, loss in zip(windows, losses, strict=True):
            before = self.losses[window]
            if np.isfinite(loss):
                new = loss if np.isnan(before) else before + PACE * (loss - before)
                self.losses[window] = new

    def blend(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Probabilities of drawing: the plan's, mixed with some in proportion to the estimates.

        A window that was not seen yet counts as the median of those that were, and a window counts
        for at most ``LIMIT`` times the median. At least half of the m windows that the plan draws
        count for the median or more, so the second part gives none of them more than
        ``2 LIMIT / m``. What the plan never draws is not drawn here either.

        Args:
            weights: (n,) the plan's probabilities.

        Returns:
            (n,) summing to 1.
        """
        even: NDArray[np.float64] = weights / weights.sum()
        drawn = weights > 0
        seen = drawn & ~np.isnan(self.losses)
        middle = float(np.median(self.losses[seen])) if seen.any() else 0.0
        if not middle > 0:
            return even
        hard = np.where(seen, np.minimum(self.losses, LIMIT * middle) / middle, 1.0) * drawn
        blended: NDArray[np.float64] = (1 - self._share) * even + self._share * hard / hard.sum()
        return blended

    def to_state(self) -> Tensor:
        """(n,) float64 for a checkpoint."""
        return torch.from_numpy(self.losses.copy())

    def restore(self, state: Tensor) -> None:
        """Continue from what :meth:`to_state` gave."""
        self.losses = state.numpy().astype(np.float64)


@torch.no_grad()
def patch_losses(logits: Tensor, masks: Tensor, valid: Tensor) -> list[float]:
    """Binary cross-entropy of each patch, mean over its classes and valid pixels, no gradient.

    Args:
        logits: (N, K, h, w) floating.
        masks: (N, K, h, w) bool, or float32 in 0 ... 1.
        valid: (N, h, w) bool.

    Returns:
        (N,) in nats; NaN for a patch without a valid pixel.
    """
    logits, known = logits.detach().float(), valid[:, None].float()
    each = binary_cross_entropy_with_logits(logits, masks.float(), reduction="none") * known
    total = each.mean(dim=1).sum(dim=(1, 2))
    means: list[float] = (total / known.sum(dim=(1, 2, 3))).tolist()
    return means
