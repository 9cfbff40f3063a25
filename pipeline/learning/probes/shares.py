"""Shares of classes in batches, and the logits of a constant prediction of them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from pipeline.learning.batch import Batch

RAREST = 1e-3
"""Shares are limited to RAREST ... 1 - RAREST, as a network's first bias is."""


def class_shares(batches: Sequence[Batch]) -> Tensor:
    """(K,) float64 share of each class among the valid pixels of batches, on the CPU."""
    hits = torch.stack([_valid_masks(batch).sum(dim=(0, 2, 3)) for batch in batches]).sum(dim=0)
    pixels = sum(int(batch.valid.sum()) for batch in batches)
    return hits.cpu() / max(pixels, 1)


def prior_logits(shares: Tensor) -> Tensor:
    """(K,) log-odds of the shares (K,): what a network knows that has seen nothing."""
    return torch.logit(shares.clamp(RAREST, 1 - RAREST))


def entropy(shares: Tensor) -> float:
    """Mean over classes of the entropy of a share, nats: the least cross-entropy of a constant."""
    limited = shares.clamp(RAREST, 1 - RAREST)
    each = -(limited * limited.log() + (1 - limited) * (1 - limited).log())
    return float(each.mean())


def _valid_masks(batch: Batch) -> Tensor:
    """(N, K, h, w) float64 masks, 0 where a pixel does not count."""
    return batch.masks.double() * batch.valid[:, None]
