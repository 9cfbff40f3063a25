"""Where each input channel enters a U-Net: at the level whose resolution matches its own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from torch import Tensor
from torch.nn.functional import avg_pool2d

from pipeline.config.network import LibraryNetwork, UNet

SLACK: Final = 1.05
"""A level's pixel may be so much larger than a channel's own.

Resampling onto the patch grid blurs more than that, and 7.5 m on a grid of 3.875 m is level 1, as
the pixels were twice as large.
"""


def entry_levels(channel_metres: Sequence[float], metres: float, depth: int) -> tuple[int, ...]:
    """The level of each channel: the coarsest one whose pixels are not larger than its own.

    floor(log2(SLACK * native / working)), limited to the levels that there are: 7.75 m on a grid
    of 3.875 m enters level 1, 7.5 m on one of 1.24 m level 2, what is as fine as the grid level 0.

    Args:
        channel_metres: Metres per pixel of each channel's band group.
        metres: Metres per pixel of the patch grid.
        depth: Number of levels, at least 1.

    Raises:
        ValueError: If a size is not above 0 or there is no level.
    """
    if depth < 1 or not all(0 < size < math.inf for size in (metres, *channel_metres)):
        raise ValueError(
            f"pixels of {list(channel_metres)} m on a grid of {metres} m and {depth} levels: "
            "sizes must be above 0 and levels at least 1"
        )
    deepest = (math.floor(math.log2(SLACK * native / metres)) for native in channel_metres)
    return tuple(min(max(level, 0), depth - 1) for level in deepest)


def network_levels(
    network: UNet | LibraryNetwork, channel_metres: Sequence[float], metres: float
) -> tuple[int, ...] | None:
    """The ``levels`` of a configured network, for ``networks.build``; None where all enter first.

    Args:
        network: The section ``network``.
        channel_metres: Metres per pixel of each channel's band group.
        metres: Metres per pixel of the patch grid.
    """
    if isinstance(network, LibraryNetwork) or network.entry == "patch":
        return None
    return entry_levels(channel_metres, metres, network.depth)


@dataclass(frozen=True)
class Entry:
    """Which channels enter at which level.

    Attributes:
        levels: The level of each of the F channels.
    """

    levels: tuple[int, ...]

    @property
    def first(self) -> int:
        """The finest level that a channel enters: those above have no encoder part."""
        return min(self.levels)

    def count(self, level: int) -> int:
        """Number of channels that enter a level."""
        return self.levels.count(level)

    def runs(self, level: int) -> tuple[tuple[int, int], ...]:
        """(start, length) of neighbouring channels that enter a level: slices need no copy."""
        found: list[tuple[int, int]] = []
        for channel, own in enumerate(self.levels):
            if own != level:
                continue
            if found and sum(found[-1]) == channel:
                found[-1] = (found[-1][0], found[-1][1] + 1)
            else:
                found.append((channel, 1))
        return tuple(found)


def entering(inputs: Tensor, runs: Sequence[tuple[int, int]], level: int) -> list[Tensor]:
    """What enters a level: (N, C_i, h / 2**level, w / 2**level) of each run of channels.

    Args:
        inputs: (N, F, h, w), sides divisible by ``2**level``.
        runs: (start, length) of its channels.
        level: Each value is the mean of ``2**level`` by ``2**level`` pixels.
    """
    parts = [inputs.narrow(1, start, length) for start, length in runs]
    return [avg_pool2d(part, 1 << level) for part in parts] if level else parts


def check_levels(levels: Sequence[int], in_channels: int, depth: int) -> Entry:
    """The entry of a network's channels.

    Raises:
        ValueError: If there is not a level of the network for each channel.
    """
    if len(levels) != in_channels or in_channels < 1:
        raise ValueError(
            f"levels: {len(levels)} levels for {in_channels} channels; give each channel one"
        )
    if not all(0 <= level < depth for level in levels):
        raise ValueError(
            f"levels: {list(levels)} leave the network's {depth} levels; use 0 to {depth - 1}"
        )
    return Entry(tuple(levels))
