"""What a U-Net is made of: convolutions with norm and activation, and their first weights."""

from __future__ import annotations

import math
from typing import Final, Literal

import torch
from torch import nn
from torch.nn import init

from pipeline.config.network import UNet

SLOPE: Final = 0.01
"""Slope of a leaky ReLU below 0."""
FIRST_SLOPE: Final = 0.25
"""Slope of a PReLU below 0 before it is trained (He et al., 2015, section 2.1)."""

_SECOND_MOMENTS: Final = {"elu": 0.644945, "silu": 0.355776, "gelu": 0.425221}
"""Mean of f(z)^2 over a standard normal z, of the activations that torch knows no gain of."""


def level(settings: UNet, in_channels: int, out_channels: int) -> nn.Sequential:
    """Convolutions of one level, each followed by its norm and activation, then dropout.

    Args:
        settings: Their number, norm, activation and dropout.
        in_channels: Channels that come in (N, in_channels, h, w).
        out_channels: Channels that go out (N, out_channels, h, w).
    """
    layers: list[nn.Module] = []
    for number in range(settings.convolutions):
        channels = out_channels if number else in_channels
        bias = settings.normalisation == "none"  # a norm takes it away again
        layers += [
            nn.Conv2d(channels, out_channels, 3, padding=1, bias=bias),
            norm(settings, out_channels),
            activation(settings.activation, out_channels),
        ]
    if settings.dropout > 0:
        kind = nn.Dropout if settings.dropout_kind == "element" else nn.Dropout2d
        layers.append(kind(settings.dropout))
    return nn.Sequential(*layers)


def norm(settings: UNet, channels: int) -> nn.Module:
    """The normalisation of a level."""
    if settings.normalisation == "batch":
        return nn.BatchNorm2d(channels)
    if settings.normalisation == "group":
        return nn.GroupNorm(channels // settings.group_size, channels)
    if settings.normalisation == "instance":
        return nn.InstanceNorm2d(channels, affine=True)
    return nn.Identity()


def activation(name: str, channels: int) -> nn.Module:
    """An activation by its name in the configuration; a PReLU has a slope per channel."""
    if name == "prelu":
        return nn.PReLU(channels, init=FIRST_SLOPE)
    plain: dict[str, nn.Module] = {
        "relu": nn.ReLU(inplace=True),
        "leaky_relu": nn.LeakyReLU(SLOPE, inplace=True),
        "elu": nn.ELU(inplace=True),
        "silu": nn.SiLU(inplace=True),
        "gelu": nn.GELU(),
        "tanh": nn.Tanh(),
        "sigmoid": nn.Sigmoid(),
    }
    return plain[name]


def gain(name: str) -> float:
    """Factor of the first weights' deviation that makes up for what an activation takes away.

    Torch's recommendation (``torch.nn.init.calculate_gain``) where it has one. For the others the
    rule of He et al. (2015), section 2.2, that gives the root of 2 for a ReLU: the root of
    1 / E[f(z)^2] with a standard normal z, so that the second moment stays from layer to layer.

    Args:
        name: An activation, or ``linear`` for a layer without one.
    """
    if name in _SECOND_MOMENTS:
        return 1 / math.sqrt(_SECOND_MOMENTS[name])
    if name == "prelu":
        return float(init.calculate_gain("leaky_relu", FIRST_SLOPE))
    if name == "leaky_relu":
        return float(init.calculate_gain("leaky_relu", SLOPE))
    known: dict[str, Literal["relu", "tanh", "sigmoid", "linear"]] = {
        "relu": "relu",
        "tanh": "tanh",
        "sigmoid": "sigmoid",
        "linear": "linear",
    }
    return float(init.calculate_gain(known[name]))


def initialise(layer: nn.Conv2d, rule: str, name: str) -> None:
    """Draw a convolution's weights; its bias starts at 0.

    Deviations are gain / sqrt(fan_in) (He et al., 2015) or gain * sqrt(2 / (fan_in + fan_out))
    (Glorot and Bengio, 2010).

    Args:
        layer: Changed in place.
        rule: ``he_uniform``, ``he_normal``, ``xavier_uniform`` or ``xavier_normal``.
        name: The activation after it, or ``linear``.
    """
    factor = gain(name)
    deviation = factor / math.sqrt(layer.weight[0].numel())
    with torch.no_grad():
        if rule == "he_uniform":
            layer.weight.uniform_(-math.sqrt(3) * deviation, math.sqrt(3) * deviation)
        elif rule == "he_normal":
            layer.weight.normal_(0, deviation)
        elif rule == "xavier_uniform":
            init.xavier_uniform_(layer.weight, factor)
        else:
            init.xavier_normal_(layer.weight, factor)
    if layer.bias is not None:
        init.zeros_(layer.bias)
