"""The loss: per class a mix of cross-entropy and soft Jaccard.

``L = sum_c w_c (a BCE_c + (1 - a) (1 - J_c))``, or ``-log J_c`` in place of ``1 - J_c``, with
``J_c = (I_c + s_c) / (U_c + s_c)``, ``I_c = sum p t`` and ``U_c = sum (p + t - p t)`` over all
valid pixels of the batch: the soft Jaccard of Rahman and Wang (2016), pooled over batch and space
as the contest pools it. Weights ``w_c`` sum to 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from pipeline.config.loss import Loss
from pipeline.errors import ConfigError

Absent = Literal["ignore", "punish"]
_TINY = 1e-7
"""Pixels; keeps the logarithm of an intersection of 0 finite where smoothing is 0."""


class SegmentationLoss(nn.Module):
    """The loss of a batch of logits.

    Args:
        cross_entropy: Share a of the binary cross-entropy, 0 to 1.
        smoothing: s_c per class, pixels added to intersection and union, 0 or more.
        weights: w_c per class; they are scaled to sum to 1.
        log_jaccard: Use -log J_c in place of 1 - J_c.
        absent: What the Jaccard term does with a class that no valid pixel of the batch has:
            "ignore" leaves it out (its false positives cost only the cross-entropy), "punish"
            keeps it (every bit of predicted probability then costs).
    """

    def __init__(
        self,
        cross_entropy: float,
        smoothing: Sequence[float],
        weights: Sequence[float],
        log_jaccard: bool = False,
        absent: Absent = "ignore",
    ) -> None:
        super().__init__()
        self.cross_entropy = cross_entropy
        self.log_jaccard = log_jaccard
        self.absent = absent
        self.smoothing: Tensor
        self.weights: Tensor
        self.register_buffer("smoothing", torch.tensor(smoothing, dtype=torch.float32))
        scaled = torch.tensor(weights, dtype=torch.float32)
        self.register_buffer("weights", scaled / scaled.sum())

    def forward(self, logits: Tensor, masks: Tensor, valid: Tensor) -> Tensor:
        """Loss of a batch.

        Args:
            logits: (N, K, h, w) of any floating type; float32 is computed with at least.
            masks: (N, K, h, w) bool or 0/1.
            valid: (N, h, w) bool; a pixel that is False has neither loss nor gradient.

        Returns:
            Scalar.
        """
        logits = logits if logits.dtype == torch.float64 else logits.float()
        logits = logits.contiguous()  # the layout of the masks; mixed ones cost a fifth more
        truth = masks.to(logits.dtype)
        known = valid[:, None].to(logits.dtype)
        total = logits.new_zeros(len(self.weights))
        if self.cross_entropy > 0:
            total = total + self.cross_entropy * _cross_entropy(logits, truth, known)
        if self.cross_entropy < 1:
            total = total + (1 - self.cross_entropy) * self._jaccard_term(logits, truth, known)
        return (self.weights.to(total.dtype) * total).sum()

    def _jaccard_term(self, logits: Tensor, truth: Tensor, known: Tensor) -> Tensor:
        """(K,) 1 - J_c or -log J_c."""
        probability = logits.sigmoid() * known
        truth = truth * known
        both = (probability * truth).sum(dim=(0, 2, 3))
        true = truth.sum(dim=(0, 2, 3))
        either = probability.sum(dim=(0, 2, 3)) + true - both
        smoothing = self.smoothing.to(logits.dtype)
        if self.log_jaccard:
            term = (either + smoothing + _TINY).log() - (both + smoothing + _TINY).log()
        else:
            term = 1 - (both + smoothing) / (either + smoothing).clamp_min(_TINY)
        return torch.where(true > 0, term, torch.zeros_like(term)) if self._ignores else term

    @property
    def _ignores(self) -> bool:
        return self.absent == "ignore"


def _cross_entropy(logits: Tensor, truth: Tensor, known: Tensor) -> Tensor:
    """(K,) binary cross-entropy, mean over the valid pixels; 0 where there is none."""
    each = binary_cross_entropy_with_logits(logits, truth, reduction="none") * known
    return each.sum(dim=(0, 2, 3)) / known.sum().clamp_min(1)


def build_loss(settings: Loss, codes: Sequence[int]) -> SegmentationLoss:
    """The loss that the configuration describes, for classes of these codes.

    Raises:
        ConfigError: If every class has weight 0.
    """
    smoothing = settings.smoothing
    table: Mapping[int, float] = (
        smoothing if isinstance(smoothing, dict) else dict.fromkeys(codes, smoothing)
    )
    weights = [settings.class_weights.get(code, 1.0) for code in codes]
    if not any(weights):
        raise ConfigError(
            "train.loss.class_weights: every class has weight 0, so nothing would be learned; "
            "give at least one class a weight above 0"
        )
    return SegmentationLoss(
        cross_entropy=settings.cross_entropy,
        smoothing=[table.get(code, 1.0) for code in codes],
        weights=weights,
        log_jaccard=settings.log_jaccard,
        absent=settings.absent,
    )
