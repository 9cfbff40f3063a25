"""Are batches as drawn what a network can learn from? Finite, scaled, valid, with classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pipeline.learning.batch import Batch
from pipeline.learning.probes.finding import Finding, failure, listed, ok, warning
from pipeline.learning.probes.shares import class_shares

FARTHEST = 3.0
"""A normalised channel whose mean is farther from 0 was not normalised."""
SPREAD = (0.05, 20.0)
"""Limits of a normalised channel's standard deviation."""


@dataclass(frozen=True)
class Drawn:
    """Numbers of batches as drawn.

    Attributes:
        shares: Share of each class among the valid pixels.
        valid: Share of valid pixels.
        means: Mean of each input channel.
        deviations: Standard deviation of each input channel.
        finding: The verdict.
    """

    shares: tuple[float, ...]
    valid: float
    means: tuple[float, ...]
    deviations: tuple[float, ...]
    finding: Finding


def check_drawn(batches: Sequence[Batch], channels: Sequence[str], classes: Sequence[str]) -> Drawn:
    """Judge batches.

    Args:
        batches: One or more.
        channels: Names of the F input channels.
        classes: Names of the K classes.
    """
    inputs = torch.cat([batch.inputs.transpose(0, 1).flatten(1) for batch in batches], dim=1)
    inputs = inputs.double().cpu()
    shares = class_shares(batches)
    valid = float(torch.cat([batch.valid.flatten() for batch in batches]).double().mean())
    means, deviations = inputs.mean(dim=1), inputs.std(dim=1)
    finding = (
        _inputs_wrong(inputs, channels)
        or _masks_wrong(batches, shares, valid)
        or _unusual(means, deviations, shares, channels, classes)
        or ok(_found(shares, valid))
    )
    return Drawn(
        tuple(shares.tolist()), valid, tuple(means.tolist()), tuple(deviations.tolist()), finding
    )


def _found(shares: Tensor, valid: float) -> str:
    present = int((shares > 0).sum())
    return f"{present} of {len(shares)} classes drawn, {100 * valid:.0f} % of the pixels valid"


def _inputs_wrong(inputs: Tensor, channels: Sequence[str]) -> Finding | None:
    broken = [n for n, row in zip(channels, inputs, strict=True) if not row.isfinite().all()]
    if not broken:
        return None
    return failure(
        f"values that are no numbers in {listed(broken)}",
        "the network would give no numbers either; look for empty bands in the catalogue of "
        "`scenes`, or leave these channels out under `features`",
    )


def _masks_wrong(batches: Sequence[Batch], shares: Tensor, valid: float) -> Finding | None:
    if valid == 0:
        return failure(
            "no pixel is valid", "nothing would be learned; check the scenes' validity in `tiles`"
        )
    low = min(float(batch.masks.min()) for batch in batches)
    high = max(float(batch.masks.max()) for batch in batches)
    if low < 0 or high > 1:
        return failure(
            f"masks range from {low:g} to {high:g}",
            "a mask is 0 to 1; check what makes or softens the masks",
        )
    if not (shares > 0).any():
        return failure("no pixel is of any class", "check the labels' codes and shifts in `scenes`")
    return None


def _unusual(
    means: Tensor,
    deviations: Tensor,
    shares: Tensor,
    channels: Sequence[str],
    classes: Sequence[str],
) -> Finding | None:
    odd = (means.abs() > FARTHEST) | (deviations < SPREAD[0]) | (deviations > SPREAD[1])
    if odd.any():
        names = [
            f"{name} ({mean:.2g} ± {deviation:.2g})"
            for name, mean, deviation, wrong in zip(channels, means, deviations, odd, strict=True)
            if wrong
        ]
        return warning(
            f"channels far from mean 0 and deviation 1: {listed(names)}",
            "they were not normalised or hold one value; look at the sheet, and at the bands in "
            "the catalogue of `scenes`",
        )
    missing = [name for name, share in zip(classes, shares, strict=True) if share == 0]
    if missing:
        return warning(
            f"not drawn in these batches: {listed(missing)}",
            "if they are labelled, raise augment.rare so that they are drawn more often",
        )
    return None
