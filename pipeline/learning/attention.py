"""Attention on a U-Net's way up: a gate on a skip, and factors of channels."""

from __future__ import annotations

from typing import Final

from torch import Tensor, nn

from pipeline.config.network import UNet
from pipeline.learning.blocks import activation

REDUCTION: Final = 4
"""Channels per channel of the inner layer of a squeeze."""
LEAST: Final = 2
"""Channels of that layer at least."""


class Gate(nn.Module):
    """A skip, weighed pixel by pixel by what is known from below (Oktay et al., 2018).

    Additive attention: sigmoid(psi f(W_x skip + W_g signal)), one factor per pixel. The signal is
    already at the skip's resolution, and the activation f is the network's own. There is no norm
    within, as in their equation 1. At first about half of a skip passes, everywhere.

    Args:
        settings: The activation.
        channels: Of the skip and of the signal.
    """

    def __init__(self, settings: UNet, channels: int) -> None:
        super().__init__()
        inner = max(channels // 2, 1)
        self.skip = nn.Conv2d(channels, inner, 1, bias=False)  # the signal's bias does for both
        self.signal = nn.Conv2d(channels, inner, 1)
        self.bend = activation(settings.activation, inner)
        self.weigh = nn.Conv2d(inner, 1, 1)
        self.limit = nn.Sigmoid()

    def forward(self, skip: Tensor, signal: Tensor) -> Tensor:
        """The skip (N, channels, h, w) as far as the signal (N, channels, h, w) lets it through."""
        found: Tensor = self.limit(self.weigh(self.bend(self.skip(skip) + self.signal(signal))))
        return skip * found

    def straight(self) -> list[nn.Conv2d]:
        """Layers that a sum follows, and the one before the sigmoid, whose gain is 1 as well."""
        return [self.skip, self.signal, self.weigh]


class Squeeze(nn.Module):
    """Channels times a factor each that is told from their means (Hu et al., 2018).

    The means are over the whole patch, so a logit depends on all of it. There is no norm within:
    it would have one value of each channel only.

    Args:
        settings: The activation between the two layers.
        channels: Of what comes in and goes out.
    """

    def __init__(self, settings: UNet, channels: int) -> None:
        super().__init__()
        inner = max(channels // REDUCTION, LEAST)
        self.narrow = nn.Conv2d(channels, inner, 1)
        self.bend = activation(settings.activation, inner)
        self.widen = nn.Conv2d(inner, channels, 1)
        self.limit = nn.Sigmoid()

    def forward(self, inputs: Tensor) -> Tensor:
        """(N, channels, h, w) of (N, channels, h, w)."""
        means = inputs.mean((2, 3), keepdim=True)
        factors: Tensor = self.limit(self.widen(self.bend(self.narrow(means))))
        return inputs * factors

    def straight(self) -> list[nn.Conv2d]:
        """The layer before the sigmoid, whose gain is 1 as that of a linear layer."""
        return [self.widen]
