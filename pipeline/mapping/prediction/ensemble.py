"""Several answers to one question: views and networks within a pass, then models and runs.

Three ways to join probabilities ``p_i`` with weights ``w_i`` that sum to 1:

- mean: ``sum w_i p_i``;
- geometric: ``sigmoid(sum w_i logit(p_i))``, the geometric mean of the odds: it is that of ``p``
  and that of ``1 - p``, scaled so that the two sum to 1 (Hinton, 2002, a product of experts);
- vote: the weight of those that say the class is there.

Models and runs hand on levels of one byte, see :mod:`pipeline.mapping.prediction.coverage`: level 0
is no answer, and counts for nothing.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline.config.models import Combine
from pipeline.imagery.transform import Shape
from pipeline.learning.metrics import LEVELS
from pipeline.mapping.prediction import regridding
from pipeline.mapping.prediction.answers import Answers, Held, in_strips
from pipeline.mapping.prediction.coverage import UNANSWERED, Levels

HALF = 0.5
_TOP = LEVELS - 1
VOTE = math.ceil(_TOP * HALF)
"""Level from which on a probability is one half or more."""
_END = 0.4
"""Steps from 0 and from 255 that the least answer and level 255 stand for in odds, as the odds of 0
and 255 know no bounds: less than half a step, so that an answer joined with itself stays."""


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


class Joint:
    """What several models or runs say of one class, taken up one by one.

    Only those that answer at a pixel count there. Memory does not depend on how many there are.

    Args:
        shape: (H, W) of all of them.
        combine: How they are joined.
    """

    def __init__(self, shape: Shape, combine: Combine) -> None:
        self._combine = combine
        self._total: NDArray[np.float32] = np.zeros(shape, np.float32)
        self._weight: NDArray[np.float32] = np.zeros(shape, np.float32)

    def add(self, levels: Levels, weight: float = 1.0, votes_from: int = VOTE) -> None:
        """Take up one.

        Args:
            levels: (H, W) uint8, level ``n`` standing for ``n / 255``, 0 for no answer.
            weight: What it counts beside the others, above 0.
            votes_from: Level from which on it votes for the class.
        """
        answers = np.arange(LEVELS) != UNANSWERED
        said = np.where(answers, weight * _said(self._combine, votes_from), 0)
        self._total += said.astype(np.float32)[levels]
        self._weight += (weight * answers).astype(np.float32)[levels]

    def levels(self) -> Levels:
        """(H, W) uint8 that they agree on; 0 where none answers, and nowhere else."""
        answered = self._weight > 0
        joined = np.divide(self._total, self._weight, out=self._total.copy(), where=answered)
        if self._combine == "geometric":
            joined = _TOP / (1 + np.exp(-joined))
        return np.rint(joined).clip(UNANSWERED + 1, _TOP).astype(np.uint8) * answered


def join_levels(
    parts: Sequence[Levels],
    weights: Sequence[float],
    combine: Combine,
    thresholds: Sequence[int] | None = None,
) -> Levels:
    """Quantised probabilities of one class that several models or runs agree on.

    Args:
        parts: (H, W) uint8 each, level ``n`` standing for ``n / 255``, 0 for no answer.
        weights: One per part, above 0; at each pixel only those of parts that answer count.
        combine: How they are joined.
        thresholds: Level per part from which on it votes for the class; one half if None.

    Returns:
        (H, W) uint8, 0 where no part answers, and nowhere else.
    """
    joint = Joint((parts[0].shape[0], parts[0].shape[1]), combine)
    votes_from = thresholds or [VOTE] * len(parts)
    for part, weight, least in zip(parts, weights, votes_from, strict=True):
        joint.add(part, weight, least)
    return joint.levels()


def _said(combine: Combine, least: int) -> NDArray[np.float64]:
    """(256,) what each level adds to the sum that is joined."""
    levels: NDArray[np.float64] = np.arange(LEVELS, dtype=np.float64)
    if combine == "vote":
        levels = np.where(levels >= least, levels[_TOP], 0.0)
    elif combine == "geometric":
        levels[: UNANSWERED + 2], levels[_TOP] = _END, _TOP - _END
        levels = np.log(levels / (_TOP - levels))
    return levels


def resampled(levels: Levels, shape: Shape) -> Levels:
    """Levels (K, h, w) on another grid (H, W) over the same ground, see :mod:`.regridding`."""
    held = Held(levels)
    return regridding.resampled(held.read, held.shape, shape, slice(0, shape[0]))


def joined_strips(
    parts: Sequence[tuple[Sequence[int], Answers]], classes: int, shape: Shape, combine: Combine
) -> Iterator[Levels]:
    """Levels of all classes from models that each tell some of them, from top to bottom.

    Args:
        parts: Per model the positions of its classes, and their levels.
        classes: Number K of all classes.
        shape: (H, W) of the result.
        combine: How models with classes in common are joined, all with the same weight.

    Yields:
        (K, rows, W) uint8, 0 where no model of a class answers.
    """
    models = Counter(place for places, _ in parts for place in places)
    for rows in in_strips(shape[0]):
        size = (rows.stop - rows.start, shape[1])
        joints = {place: Joint(size, combine) for place, count in models.items() if count > 1}
        out = np.full((classes, *size), UNANSWERED, np.uint8)
        for places, answers in parts:
            found = regridding.resampled(answers.read, answers.shape, shape, rows)
            for place, plane in zip(places, found, strict=True):
                if place in joints:
                    joints[place].add(plane)
                else:
                    out[place] = plane
        for place, joint in joints.items():
            out[place] = joint.levels()
        yield out


def joined_classes(
    parts: Sequence[tuple[Sequence[int], Callable[[], Levels]]],
    classes: int,
    shape: Shape,
    combine: Combine,
) -> Levels:
    """The same, of scenes that fit in memory.

    Args:
        parts: Per model the positions of its classes, and what gives their levels (K_m, h, w).
        classes: Number K of all classes.
        shape: (H, W) of the result.
        combine: How models with classes in common are joined.

    Returns:
        (K, H, W) uint8.
    """
    held = [(places, Held(predict())) for places, predict in parts]
    return np.concatenate([*joined_strips(held, classes, shape, combine)], axis=1)
