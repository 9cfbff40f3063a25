"""Several answers to one question: views and networks within a pass, then models and runs.

Three ways to join probabilities ``p_i`` with weights ``w_i`` that sum to 1:

- mean: ``sum w_i p_i``;
- geometric: ``sigmoid(sum w_i logit(p_i))``, the geometric mean of the odds: it is that of ``p``
  and that of ``1 - p``, scaled so that the two sum to 1 (Hinton, 2002, a product of experts);
- vote: the weight of those that say the class is there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import interpolate

from pipeline.config.models import Combine
from pipeline.imagery.transform import Shape
from pipeline.learning.metrics import LEVELS

Levels = NDArray[np.uint8]
_TOP = LEVELS - 1
HALF = 0.5


def of_view(logits: Tensor, combine: Combine) -> Tensor:
    """What is averaged over the views of one network, float32: logits, or probabilities."""
    return logits.float() if combine == "geometric" else torch.sigmoid(logits.float())


def of_networks(means: Sequence[Tensor], combine: Combine) -> Tensor:
    """Probability that networks agree on.

    Args:
        means: Per network the mean over its views of what :func:`of_view` gave, all of one shape.
        combine: How they are joined.
    """
    if combine == "vote":
        means = [(mean >= HALF).to(mean.dtype) for mean in means]
    total = means[0].clone() if len(means) > 1 else means[0]
    for mean in means[1:]:
        total += mean
    total = total.div_(len(means))
    return total.sigmoid_() if combine == "geometric" else total


def join_levels(
    parts: Sequence[Levels],
    weights: Sequence[float],
    combine: Combine,
    thresholds: Sequence[int] | None = None,
) -> Levels:
    """Quantised probabilities of one class that several models or runs agree on.

    Args:
        parts: (H, W) uint8 each, level ``n`` standing for ``n / 255``.
        weights: One per part, summing to 1.
        combine: How they are joined.
        thresholds: Level per part from which on it votes for the class; one half if None.

    Returns:
        (H, W) uint8.
    """
    votes_from = thresholds or [math.ceil(_TOP * HALF)] * len(parts)
    total: NDArray[np.float32] = np.zeros(parts[0].shape, np.float32)
    for part, weight, least in zip(parts, weights, votes_from, strict=True):
        total += (weight * _said(combine, least)).astype(np.float32)[part]
    if combine == "geometric":
        total = np.float32(1) / (np.float32(1) + np.exp(-total))
    return np.rint(total * _TOP).astype(np.uint8)


def _said(combine: Combine, least: int) -> NDArray[np.float64]:
    """(256,) what each level adds to the sum that is joined."""
    levels = np.arange(LEVELS, dtype=np.float64)
    if combine == "vote":
        return (levels >= least).astype(np.float64)
    if combine == "geometric":
        # Level 0 stands for what is below half a step, 255 for what is as near to 1.
        share = levels.clip(0.5, _TOP - 0.5) / _TOP
        return np.log(share / (1 - share))
    return levels / _TOP


def resampled(levels: Levels, shape: Shape) -> Levels:
    """Levels on another grid over the same ground, averaged where it is coarser.

    Args:
        levels: (K, h, w) uint8.
        shape: (H, W) of the other grid.
    """
    if levels.shape[1:] == shape:
        return levels
    out = np.empty((len(levels), *shape), np.uint8)
    for plane, target in zip(levels, out, strict=True):
        values = torch.from_numpy(plane)[None, None].float()
        made = interpolate(values, size=shape, mode="bilinear", antialias=True)
        target[:] = made[0, 0].round_().clamp_(0, _TOP).to(torch.uint8).numpy()
    return out


def joined_classes(
    parts: Sequence[tuple[Sequence[int], Callable[[], Levels]]],
    classes: int,
    shape: Shape,
    combine: Combine,
) -> Levels:
    """Levels of all classes from models that each tell some of them.

    Args:
        parts: Per model the positions of its classes, and what gives its levels (K_m, h, w).
        classes: Number K of all classes.
        shape: (H, W) of the result.
        combine: How models with classes in common are joined.

    Returns:
        (K, H, W) uint8.
    """
    answers: dict[int, list[Levels]] = {}
    for places, predict in parts:
        for place, plane in zip(places, resampled(predict(), shape), strict=True):
            answers.setdefault(place, []).append(plane)
    out = np.zeros((classes, *shape), np.uint8)
    for place, planes in answers.items():
        alone = len(planes) == 1
        equal = [1 / len(planes)] * len(planes)
        out[place] = planes[0] if alone else join_levels(planes, equal, combine)
    return out
