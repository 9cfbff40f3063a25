"""The terms that a loss is mixed from: of single pixels, and of a class's whole region.

Truths t are shares of pixels, 0 to 1. Every region term has its least value at p = t, soft truths
included: the overlap is ``I = (|p| + |t| - |p - t|) / 2 = sum min(p, t)``, as in the Jaccard metric
losses of Wang, Ning and Blaschko (2023), and not ``sum p t``, under which each p is best at 0 or 1
whatever its t. For hard truths both are the same number.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

TINY = 1e-7
"""Pixels; keeps the logarithm of an intersection of 0 finite where smoothing is 0."""
_NEAR = 1e-6
"""Probability; an error below it has no focal gradient, which is infinite at 0 for gamma < 1."""


def cross_entropy(logits: Tensor, truth: Tensor, positive: Tensor | None = None) -> Tensor:
    """Binary cross-entropy of each pixel, ``-(w t log p + (1 - t) log(1 - p))``.

    Args:
        logits: (N, K, h, w) floating.
        truth: (N, K, h, w) of the same type.
        positive: (K,) weight w of a class's own pixels; 1 if None. With soft truths the least value
            is at ``p = w t / (w t + 1 - t)``, which is t for w = 1.

    Returns:
        (N, K, h, w), natural logarithms.
    """
    weight = None if positive is None else positive[:, None, None]
    return binary_cross_entropy_with_logits(logits, truth, pos_weight=weight, reduction="none")


def focal(entropy: Tensor, logits: Tensor, truth: Tensor, gamma: float) -> Tensor:
    """Focal term of each pixel, ``|t - p|^gamma CE``.

    For hard truths this is ``-(1 - p_t)^gamma log p_t`` of Lin et al. (2017), eq. 4; for soft ones
    the quality focal loss of Li et al. (2020), whose least value is 0 at p = t.

    Args:
        entropy: (N, K, h, w) cross-entropy of the same pixels.
        logits: (N, K, h, w).
        truth: (N, K, h, w).
        gamma: 0 or more; 0 gives the cross-entropy.

    Returns:
        (N, K, h, w).
    """
    return (truth - logits.sigmoid()).abs().clamp_min(_NEAR) ** gamma * entropy


@dataclass(frozen=True)
class Regions:
    """Pixel sums of every class over the valid pixels of a batch.

    Attributes:
        both: (K,) I, what prediction and truth share.
        predicted: (K,) |p|.
        true: (K,) |t|.
    """

    both: Tensor
    predicted: Tensor
    true: Tensor

    @classmethod
    def of(cls, probability: Tensor, truth: Tensor, known: Tensor, hard: bool) -> Regions:
        """Sums of a batch.

        Args:
            probability: (N, K, h, w) floating.
            truth: (N, K, h, w) of the same type.
            known: (N, 1, h, w) of the same type, 1 where a pixel is valid, else 0.
            hard: Whether all truths are 0 or 1; a product is then the minimum, and cheaper.
        """
        probability, truth = probability * known, truth * known
        both = probability * truth if hard else torch.minimum(probability, truth)
        return cls(_pooled(both), _pooled(probability), _pooled(truth))

    def jaccard(self, smoothing: Tensor) -> Tensor:
        """(K,) ``1 - J``, ``J = (I + s) / (U + s)``: the soft Jaccard of Rahman and Wang (2016)."""
        return self.tversky(smoothing, 1, 1)

    def log_jaccard(self, smoothing: Tensor) -> Tensor:
        """(K,) ``-log J``, as Iglovikov, Mushinskiy and Osin (2017) mix with cross-entropy."""
        either = self.predicted + self.true - self.both
        return (either + smoothing + TINY).log() - (self.both + smoothing + TINY).log()

    def dice(self, smoothing: Tensor) -> Tensor:
        """(K,) ``1 - (2 I + 2 s) / (|p| + |t| + 2 s)``.

        The Dice loss of Milletari, Navab and Ahmadi (2016), with plain sums below the fraction bar
        in place of sums of squares, so that for hard p it is F1; soft truths as in the Dice
        semimetric losses of Wang, Popordanoska et al. (2023).
        """
        return self.tversky(smoothing, 0.5, 0.5)

    def tversky(self, smoothing: Tensor, alpha: float, beta: float) -> Tensor:
        """(K,) ``1 - (I + s) / (I + alpha FP + beta FN + s)``: Salehi, Erdogmus, Gholipour (2017).

        ``FP = |p| - I`` and ``FN = |t| - I``; alpha = beta = 1 is Jaccard, 1/2 is Dice.

        Args:
            smoothing: (K,) s, pixels.
            alpha: What a false positive counts, above 0.
            beta: What a false negative counts, above 0.
        """
        other = (1 - alpha - beta) * self.both
        whole = alpha * self.predicted + beta * self.true + other
        return 1 - (self.both + smoothing) / (whole + smoothing).clamp_min(TINY)


def _pooled(plane: Tensor) -> Tensor:
    return plane.sum(dim=(0, 2, 3))
