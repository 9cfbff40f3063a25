"""A U-Net whose structure is configuration (Ronneberger, Fischer and Brox, 2015).

Going down, each level convolves and halves the resolution; going up, each level doubles it and
joins what its counterpart saw, so the outline of an object is as sharp as the input while the
lowest level knows its surroundings. Upsampling is a 1x1 convolution to fewer channels, then
bilinear interpolation: no checkerboards, and no slower than a transposed convolution. Other ways
down, up and across are configuration as well.

A coarse channel can enter at the level of its own resolution instead of the first one: it is
averaged to that level's pixels and joined to what comes from the level above. Above the finest
level that a channel enters there is nothing to go down from; the way up has no counterpart there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, max_pool2d

from pipeline.config.network import UNet
from pipeline.learning.attention import Gate, Squeeze
from pipeline.learning.blocks import ResidualLevel, initialise, level
from pipeline.learning.entry import check_levels, entering


class ConfigurableUNet(nn.Module):
    """Logits (N, classes, h, w) of inputs (N, in_channels, h, w), any h and w that divide evenly.

    Args:
        settings: Structure; ``h`` and ``w`` must be divisible by ``2 ** (depth - 1)``.
        in_channels: Number of input channels.
        classes: Number of output channels.
        levels: The level at which each channel enters, see :func:`entry.entry_levels`; None for
            the first level.

    Attributes:
        step: Pixels per pixel of the lowest level.

    Raises:
        ValueError: If ``levels`` don't fit.
    """

    def __init__(
        self, settings: UNet, in_channels: int, classes: int, levels: Sequence[int] | None = None
    ) -> None:
        super().__init__()
        widths, depth = settings.widths(), settings.depth
        entry = check_levels(
            levels if levels is not None else (0,) * in_channels, in_channels, depth
        )
        first = entry.first
        self.step = settings.coarsest()
        self._settings = settings
        self._runs = tuple((number, entry.runs(number)) for number in range(first, depth))
        above = [0, *widths[first:-1]]
        counts = [entry.count(number) for number in range(first, depth)]
        self.down = nn.ModuleList(
            level(settings, inherited + count, width, entering=count > 0)
            for inherited, count, width in zip(above, counts, widths[first:], strict=True)
        )
        self.halve = nn.ModuleList(
            nn.Conv2d(width, width, 2, stride=2)
            for width in widths[first:-1]
            if settings.down == "stride"
        )
        upward = [(number, widths[number + 1], widths[number]) for number in range(depth - 1)][::-1]
        self.narrow = nn.ModuleList(_narrow(settings, low, high) for _, low, high in upward)
        joined = 2 if settings.skip == "concatenate" else 1
        self.up = nn.ModuleList(
            level(settings, joined * high if number >= first else high, high)
            for number, _, high in upward
        )
        # Levels without a counterpart are the last ones and have no skip, hence no gate.
        self.gate = nn.ModuleList(
            Gate(settings, high)
            for number, _, high in upward
            if settings.attention == "gate" and number >= first
        )
        self.squeeze = nn.ModuleList(
            Squeeze(settings, high) for _, _, high in upward if settings.attention == "squeeze"
        )
        self.head = nn.Conv2d(widths[0], classes, 1)
        self._initialise(settings)

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits of a batch."""
        skips: list[Tensor] = []
        for (number, runs), down in zip(self._runs, self.down, strict=True):
            joined = entering(inputs, runs, number)
            if skips:
                above = self._halved(skips[-1], len(skips) - 1)
                # Joined in one type: cat would widen all of a bfloat16 pass to float32.
                joined = [above, *(part.to(above.dtype) for part in joined)]
            skips.append(down(_join(joined)))
        features = skips.pop()
        for place, up in enumerate(self.up):
            larger = self._doubled(features, place)
            features = up(self._across(skips.pop(), larger, place) if skips else larger)
            if self.squeeze:
                features = self.squeeze[place](features)
        logits: Tensor = self.head(features)
        return logits

    def _halved(self, features: Tensor, place: int) -> Tensor:
        """(N, C, h / 2, w / 2) of a level on the way down (N, C, h, w)."""
        if self.halve:
            smaller: Tensor = self.halve[place](features)
            return smaller
        return (avg_pool2d if self._settings.down == "average" else max_pool2d)(features, 2)

    def _doubled(self, features: Tensor, place: int) -> Tensor:
        """(N, C, 2 h, 2 w) of a level on the way up, with the C channels of the next one."""
        narrow: Tensor = self.narrow[place](features)
        if self._settings.up == "transposed":
            return narrow
        return interpolate(narrow, scale_factor=2.0, mode=self._settings.up)

    def _across(self, skip: Tensor, larger: Tensor, place: int) -> Tensor:
        """What a level on the way up sees of its counterpart and of the level below."""
        if self.gate:
            skip = self.gate[place](skip, larger)
        return skip + larger if self._settings.skip == "sum" else _join([skip, larger])

    def _initialise(self, settings: UNet) -> None:
        """Draw all weights by the configured rule; nothing bends what the last layers give."""
        parts = (self.down, self.up, self.narrow, self.head, self.halve, self.gate, self.squeeze)
        linear = {
            layer
            for module in self.modules()
            if isinstance(module, ResidualLevel | Gate | Squeeze)
            for layer in module.straight()
        }
        linear |= {*self.halve, *self.narrow, self.head}
        for part in parts:
            for layer in part.modules():
                if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
                    name = "linear" if layer in linear else settings.activation
                    initialise(layer, settings.initialisation, name)


def _narrow(settings: UNet, low: int, high: int) -> nn.Module:
    """To the width of the next level up; a transposed convolution doubles the sides as well."""
    if settings.up == "transposed":
        return nn.ConvTranspose2d(low, high, 2, stride=2)
    return nn.Conv2d(low, high, 1)


def _join(parts: list[Tensor]) -> Tensor:
    return torch.cat(parts, dim=1) if len(parts) > 1 else parts[0]


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
