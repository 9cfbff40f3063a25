"""A U-Net whose structure is configuration (Ronneberger, Fischer and Brox, 2015).

Going down, each level convolves and halves the resolution; going up, each level doubles it and
joins what its counterpart saw, so the outline of an object is as sharp as the input while the
lowest level knows its surroundings. Upsampling is a 1x1 convolution to fewer channels, then
bilinear interpolation: no checkerboards, and no slower than a transposed convolution.

A coarse channel can enter at the level of its own resolution instead of the first one: it is
averaged to that level's pixels and joined to what comes from the level above. Above the finest
level that a channel enters there is nothing to go down from; the way up has no counterpart there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, max_pool2d

from pipeline.config.network import UNet
from pipeline.learning.blocks import initialise, level
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
        self._runs = tuple((number, entry.runs(number)) for number in range(first, depth))
        above = [0, *widths[first:-1]]
        self.down = nn.ModuleList(
            level(settings, inherited + entry.count(number), widths[number])
            for number, inherited in zip(range(first, depth), above, strict=True)
        )
        upward = [(number, widths[number + 1], widths[number]) for number in range(depth - 1)][::-1]
        self.narrow = nn.ModuleList(nn.Conv2d(low, high, 1) for _, low, high in upward)
        self.up = nn.ModuleList(
            level(settings, 2 * high if number >= first else high, high)
            for number, _, high in upward
        )
        self.head = nn.Conv2d(widths[0], classes, 1)
        self._initialise(settings)

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits of a batch."""
        skips: list[Tensor] = []
        for (number, runs), down in zip(self._runs, self.down, strict=True):
            joined = entering(inputs, runs, number)
            if skips:
                above = max_pool2d(skips[-1], 2)
                # Joined in one type: cat would widen all of a bfloat16 pass to float32.
                joined = [above, *(part.to(above.dtype) for part in joined)]
            skips.append(down(_join(joined)))
        features = skips.pop()
        for narrow, up in zip(self.narrow, self.up, strict=True):
            larger = interpolate(narrow(features), scale_factor=2.0, mode="bilinear")
            features = up(_join([skips.pop(), larger] if skips else [larger]))
        logits: Tensor = self.head(features)
        return logits

    def _initialise(self, settings: UNet) -> None:
        """Draw all weights by the configured rule; nothing bends what the 1x1 layers give."""
        bent = [*self.down.modules(), *self.up.modules()]
        straight = [*self.narrow.modules(), self.head]
        for modules, name in ((bent, settings.activation), (straight, "linear")):
            for module in modules:
                if isinstance(module, nn.Conv2d):
                    initialise(module, settings.initialisation, name)


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
