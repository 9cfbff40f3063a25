"""What a U-Net is made of: convolutions with norm and activation, and their first weights."""

from __future__ import annotations

import math
from typing import Final, Literal

import torch
from torch import Tensor, nn
from torch.nn import init

from pipeline.config.network import UNet

SLOPE: Final = 0.01
"""Slope of a leaky ReLU below 0."""
FIRST_SLOPE: Final = 0.25
"""Slope of a PReLU below 0 before it is trained (He et al., 2015, section 2.1)."""

_SECOND_MOMENTS: Final = {"elu": 0.644945, "silu": 0.355776, "gelu": 0.425221}
"""Mean of f(z)^2 over a standard normal z, of the activations that torch knows no gain of."""

Convolution = nn.Conv2d | nn.ConvTranspose2d
"""A layer whose first weights are drawn."""


def level(settings: UNet, in_channels: int, out_channels: int, entering: bool = False) -> nn.Module:
    """Convolutions of one level, each with its norm and activation, then dropout.

    Args:
        settings: Their number, side, norm and activation, how they are joined, and dropout.
        in_channels: Channels that come in (N, in_channels, h, w).
        out_channels: Channels that go out (N, out_channels, h, w).
        entering: Whether channels of the network's input are among those that come in.
    """
    if settings.block == "residual":
        return ResidualLevel(settings, in_channels, out_channels, entering)
    if settings.block == "dense":
        return DenseLevel(settings, in_channels, out_channels)
    layers = _row(settings, in_channels, out_channels)
    if settings.dropout > 0:
        layers.append(_dropout(settings))
    return nn.Sequential(*layers)


def entrances(made: nn.Module) -> tuple[str, ...]:
    """Names within a level of the convolutions that see what comes into it, the first one first.

    What comes in are the last of their input channels.
    """
    if isinstance(made, ResidualLevel):
        return ("body.0",) if isinstance(made.shortcut, nn.Identity) else ("body.0", "shortcut.0")
    if isinstance(made, DenseLevel):
        return (*(f"grow.{number}.0" for number in range(len(made.grow))), "transition.0")
    return ("0",)


class ResidualLevel(nn.Module):
    """Convolutions and a shortcut past them; the last activation bends the sum (He et al., 2016).

    The shortcut is what came in. It is a 1x1 convolution, with a norm if there are norms, where
    the numbers of channels differ, and where channels of the network's input come in: which
    feature a band is added to must not depend on the order of the bands.
    """

    def __init__(
        self, settings: UNet, in_channels: int, out_channels: int, entering: bool = False
    ) -> None:
        super().__init__()
        self.body = nn.Sequential(*_row(settings, in_channels, out_channels)[:-1])
        changed = entering or in_channels != out_channels
        self.shortcut = (
            nn.Sequential(*_unit(settings, in_channels, out_channels, 1)[:-1])
            if changed
            else nn.Identity()
        )
        self.bend = activation(settings.activation, out_channels)
        self.dropout = _dropout(settings)

    def forward(self, inputs: Tensor) -> Tensor:
        """(N, out_channels, h, w) of (N, in_channels, h, w)."""
        found = self.body(inputs)
        past = self.shortcut(inputs).to(found.dtype)  # a sum would widen a bfloat16 pass
        result: Tensor = self.dropout(self.bend(found + past))
        return result

    def straight(self) -> list[nn.Conv2d]:
        """Layers that a sum follows.

        With gain 1 each, as of a linear layer, they give the activation the same second moment as
        one convolution with the gain of a ReLU.
        """
        return [layer for part in (self.body, self.shortcut) for layer in _last_convolution(part)]


class DenseLevel(nn.Module):
    """Each convolution sees what came in and all new features before it (Jegou et al., 2017).

    A 1x1 convolution brings what came in and all new features to the level's width. Newer features
    stand before older ones, and what came in is always last.
    """

    def __init__(self, settings: UNet, in_channels: int, out_channels: int) -> None:
        super().__init__()
        new = settings.new_channels(out_channels)
        seen = [in_channels + number * new for number in range(settings.convolutions + 1)]
        self.grow = nn.ModuleList(
            nn.Sequential(*_unit(settings, channels, new, settings.kernel))
            for channels in seen[:-1]
        )
        self.transition = nn.Sequential(*_unit(settings, seen[-1], out_channels, 1))
        self.dropout = _dropout(settings)

    def forward(self, inputs: Tensor) -> Tensor:
        """(N, out_channels, h, w) of (N, in_channels, h, w)."""
        seen = inputs
        for grow in self.grow:
            new = grow(seen)
            seen = torch.cat([new, seen.to(new.dtype)], dim=1)
        result: Tensor = self.dropout(self.transition(seen))
        return result


def _row(settings: UNet, in_channels: int, out_channels: int) -> list[nn.Module]:
    """Convolutions one after the other, each followed by its norm and activation."""
    layers: list[nn.Module] = []
    for number in range(settings.convolutions):
        channels = out_channels if number else in_channels
        layers += _unit(settings, channels, out_channels, settings.kernel)
    return layers


def _unit(settings: UNet, in_channels: int, out_channels: int, side: int) -> list[nn.Module]:
    """A convolution of ``side`` by ``side`` pixels that keeps sizes, its norm, its activation."""
    bias = settings.normalisation == "none"  # a norm takes it away again
    return [
        nn.Conv2d(in_channels, out_channels, side, padding=side // 2, bias=bias),
        norm(settings, out_channels),
        activation(settings.activation, out_channels),
    ]


def _dropout(settings: UNet) -> nn.Module:
    """What a level ends with."""
    if settings.dropout == 0:
        return nn.Identity()
    kind = nn.Dropout if settings.dropout_kind == "element" else nn.Dropout2d
    return kind(settings.dropout)


def _last_convolution(part: nn.Module) -> list[nn.Conv2d]:
    """The last one, if there is any."""
    return [layer for layer in part.modules() if isinstance(layer, nn.Conv2d)][-1:]


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


def initialise(layer: Convolution, rule: str, name: str) -> None:
    """Draw a convolution's weights; its bias starts at 0.

    Deviations are gain / sqrt(fan_in) (He et al., 2015) or gain * sqrt(2 / (fan_in + fan_out))
    (Glorot and Bengio, 2010).

    Args:
        layer: Changed in place.
        rule: ``he_uniform``, ``he_normal``, ``xavier_uniform`` or ``xavier_normal``.
        name: The activation after it, or ``linear``.
    """
    factor = gain(name)
    inputs, outputs = _fans(layer)
    if rule.startswith("he"):
        deviation = factor / math.sqrt(inputs)
    else:
        deviation = factor * math.sqrt(2.0 / (inputs + outputs))
    with torch.no_grad():
        if rule.endswith("uniform"):
            layer.weight.uniform_(-math.sqrt(3) * deviation, math.sqrt(3) * deviation)
        else:
            layer.weight.normal_(0, deviation)
    if layer.bias is not None:
        init.zeros_(layer.bias)


def _fans(layer: Convolution) -> tuple[float, float]:
    """Values that an output is made of, and outputs that a value goes into."""
    pixels, apart = math.prod(layer.kernel_size), math.prod(layer.stride)
    if isinstance(layer, nn.ConvTranspose2d):
        return layer.in_channels * pixels / apart, layer.out_channels * pixels
    return layer.in_channels * pixels, layer.out_channels * pixels / apart
