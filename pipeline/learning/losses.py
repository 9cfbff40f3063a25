"""The loss: per class a mixture of terms, ``L = sum_c w_c sum_t share_t term_t,c``.

Weights ``w_c`` sum to 1, and so do shares. Terms of single pixels are means over the valid pixels
of the batch; terms of regions are made from sums over them, pooled over batch and space as the
contest pools its score. The formulas are in :mod:`pipeline.learning.loss_terms`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import torch
from torch import Tensor, nn

from pipeline.config.loss import Loss
from pipeline.errors import ConfigError
from pipeline.learning.boundary import boundary_weights
from pipeline.learning.loss_terms import Regions, cross_entropy, focal

Value = TypeVar("Value")


class MixedLoss(nn.Module):
    """The loss of a batch of logits.

    Args:
        settings: What is mixed, and how.
        codes: Class codes in the order of the logits' channels.

    Attributes:
        weights: (K,) float32 w_c, scaled to sum to 1.
        smoothing: (K,) float32 s_c, pixels.
        positive: (K,) float32, weight of a class's own pixels in the terms of single pixels.
        punished: (K,) bool, whether a class that is absent from a batch keeps its region terms.

    Raises:
        ConfigError: If every class has weight 0.
    """

    weights: Tensor
    smoothing: Tensor
    positive: Tensor
    punished: Tensor

    def __init__(self, settings: Loss, codes: Sequence[int]) -> None:
        super().__init__()
        self.settings = settings
        weights = _per_class(settings.class_weights, codes, 1.0)
        if not any(weights):
            raise ConfigError(
                "train.loss.class_weights: every class has weight 0, so nothing would be learned; "
                "give at least one class a weight above 0"
            )
        scaled = torch.tensor(weights, dtype=torch.float32)
        smoothing = torch.tensor(_per_class(settings.smoothing, codes, 1.0), dtype=torch.float32)
        positive = _per_class(settings.positive_weights, codes, 1.0)
        absent = _per_class(settings.absent, codes, "ignore")
        self._weighs_positives = any(weight != 1 for weight in positive)
        self.register_buffer("weights", scaled / scaled.sum())
        self.register_buffer("smoothing", smoothing)
        self.register_buffer("positive", torch.tensor(positive, dtype=torch.float32))
        self.register_buffer("punished", torch.tensor([word == "punish" for word in absent]))

    def forward(self, logits: Tensor, masks: Tensor, valid: Tensor) -> Tensor:
        """Loss of a batch.

        Args:
            logits: (N, K, h, w) of any floating type; float32 is computed with at least.
            masks: (N, K, h, w) bool, or floating shares of pixels from 0 to 1.
            valid: (N, h, w) bool; a pixel that is False has neither loss nor gradient.

        Returns:
            Scalar.
        """
        logits = logits if logits.dtype == torch.float64 else logits.float()
        logits = logits.contiguous()  # the layout of the masks; mixed ones cost a fifth more
        truth = masks.to(logits.dtype)
        known = valid[:, None].to(logits.dtype)
        terms = self.settings.terms
        total = logits.new_zeros(len(self.weights))
        if terms.cross_entropy or terms.focal:
            total = total + self._pixel_terms(logits, truth, known)
        if terms.jaccard or terms.log_jaccard or terms.dice or terms.tversky:
            regions = Regions.of(logits.sigmoid(), truth, known, hard=masks.dtype == torch.bool)
            total = total + self._region_terms(regions)
        return (self.weights.to(total.dtype) * total).sum() / terms.whole()

    def _pixel_terms(self, logits: Tensor, truth: Tensor, known: Tensor) -> Tensor:
        """(K,) their sum by shares, means over the valid pixels; 0 where none is valid."""
        terms, boundary = self.settings.terms, self.settings.boundary
        positive = self.positive.to(logits.dtype) if self._weighs_positives else None
        entropy = cross_entropy(logits, truth, positive)
        weights = known
        if boundary is not None:
            weights = known * boundary_weights(truth, known, boundary.width, boundary.weight)
        total, count = logits.new_zeros(len(self.weights)), known.sum().clamp_min(1)
        if terms.cross_entropy:
            mean = (entropy * weights).sum(dim=(0, 2, 3)) / count
            total = total + terms.cross_entropy * mean
        if terms.focal:
            each = focal(entropy, logits, truth, self.settings.gamma)
            total = total + terms.focal * (each * weights).sum(dim=(0, 2, 3)) / count
        return total

    def _region_terms(self, regions: Regions) -> Tensor:
        """(K,) their sum by shares; 0 where a class is absent and that is to be ignored."""
        terms, alpha, beta = self.settings.terms, self.settings.alpha, self.settings.beta
        smoothing = self.smoothing.to(regions.both.dtype)
        total = torch.zeros_like(regions.both)
        if terms.jaccard:
            total = total + terms.jaccard * regions.jaccard(smoothing)
        if terms.log_jaccard:
            total = total + terms.log_jaccard * regions.log_jaccard(smoothing)
        if terms.dice:
            total = total + terms.dice * regions.dice(smoothing)
        if alpha is not None and beta is not None:
            total = total + terms.tversky * regions.tversky(smoothing, alpha, beta)
        counts = (regions.true > 0) | self.punished
        return torch.where(counts, total, torch.zeros_like(total))


def build_loss(settings: Loss, codes: Sequence[int]) -> MixedLoss:
    """The loss that the configuration describes, for classes of these codes.

    Raises:
        ConfigError: If every class has weight 0.
    """
    return MixedLoss(settings, codes)


def _per_class(
    value: Value | Mapping[int, Value], codes: Sequence[int], otherwise: Value
) -> list[Value]:
    """One value for all classes, or a class's own one where a table has it."""
    table = value if isinstance(value, Mapping) else dict.fromkeys(codes, value)
    return [table.get(code, otherwise) for code in codes]
