"""A U-Net whose structure is configuration (Ronneberger, Fischer and Brox, 2015).

Going down, each level convolves and halves the resolution; going up, each level doubles it and
joins what its counterpart saw, so the outline of an object is as sharp as the input while the
lowest level knows its surroundings. Upsampling is a 1x1 convolution to fewer channels, then
bilinear interpolation: no checkerboards, and no slower than a transposed convolution.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, max_pool2d

from pipeline.config.network import UNet

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": lambda: nn.ReLU(inplace=True),
    "leaky_relu": lambda: nn.LeakyReLU(0.01, inplace=True),
    "elu": lambda: nn.ELU(inplace=True),
    "silu": lambda: nn.SiLU(inplace=True),
    "gelu": nn.GELU,
}
GROUP = 8
"""Channels per group of a group normalisation."""


class ConfigurableUNet(nn.Module):
    """Logits (N, classes, h, w) of inputs (N, in_channels, h, w), any h and w that divide evenly.

    Args:
        settings: Structure; ``h`` and ``w`` must be divisible by ``2 ** (depth - 1)``.
        in_channels: Number of input channels.
        classes: Number of output channels.
    """

    def __init__(self, settings: UNet, in_channels: int, classes: int) -> None:
        super().__init__()
        widths = level_widths(settings)
        before = (in_channels, *widths[:-1])
        self.down = nn.ModuleList(
            _level(settings, i, o) for i, o in zip(before, widths, strict=True)
        )
        upward = list(zip(widths[:0:-1], widths[-2::-1], strict=True))
        self.narrow = nn.ModuleList(nn.Conv2d(low, high, 1) for low, high in upward)
        self.up = nn.ModuleList(_level(settings, 2 * high, high) for _, high in upward)
        self.head = nn.Conv2d(widths[0], classes, 1)
        _initialise(self, settings)

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits of a batch."""
        features = inputs
        skips = []
        for number, level in enumerate(self.down):
            features = level(max_pool2d(features, 2) if number else features)
            skips.append(features)
        skips.pop()
        for narrow, level in zip(self.narrow, self.up, strict=True):
            larger = interpolate(narrow(features), scale_factor=2.0, mode="bilinear")
            features = level(torch.cat((skips.pop(), larger), dim=1))
        logits: Tensor = self.head(features)
        return logits


def level_widths(settings: UNet) -> tuple[int, ...]:
    """Channels of each level, finest first."""
    return tuple(round(settings.width * settings.growth**level) for level in range(settings.depth))


def _level(settings: UNet, in_channels: int, out_channels: int) -> nn.Sequential:
    """Convolutions of one level, each followed by its norm and activation."""
    layers: list[nn.Module] = []
    for number in range(settings.convolutions):
        channels = out_channels if number else in_channels
        bias = settings.normalisation == "none"
        layers += [
            nn.Conv2d(channels, out_channels, 3, padding=1, bias=bias),
            _norm(settings.normalisation, out_channels),
            ACTIVATIONS[settings.activation](),
        ]
    if settings.dropout > 0:
        layers.append(nn.Dropout2d(settings.dropout))
    return nn.Sequential(*layers)


def _norm(kind: str, channels: int) -> nn.Module:
    if kind == "batch":
        return nn.BatchNorm2d(channels)
    if kind == "group":
        return nn.GroupNorm(channels // GROUP if channels % GROUP == 0 else 1, channels)
    if kind == "instance":
        return nn.InstanceNorm2d(channels, affine=True)
    return nn.Identity()


def _initialise(network: nn.Module, settings: UNet) -> None:
    """Draw all weights by the configured rule; biases start at 0."""
    rules: dict[str, Callable[[Tensor], Tensor]] = {
        "he_uniform": nn.init.kaiming_uniform_,
        "he_normal": nn.init.kaiming_normal_,
        "xavier_uniform": nn.init.xavier_uniform_,
        "xavier_normal": nn.init.xavier_normal_,
    }
    draw = rules[settings.initialisation]
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            draw(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def set_prior(head: nn.Conv2d, shares: Sequence[float]) -> None:
    """Start the last layer at the classes' log-odds (Lin et al., 2017, section 4.1).

    Without it the first hundred steps only teach the network that most pixels are empty.

    Args:
        head: The layer that gives the logits.
        shares: Share of each class in the ground, limited to 0.001 ... 0.999.
    """
    limited = [min(max(share, 1e-3), 1 - 1e-3) for share in shares]
    odds = torch.tensor([math.log(share / (1 - share)) for share in limited])
    if head.bias is None or len(head.bias) != len(odds):
        raise ValueError(f"{len(odds)} class shares don't fit the last layer {head}")
    with torch.no_grad():
        head.bias.copy_(odds)
