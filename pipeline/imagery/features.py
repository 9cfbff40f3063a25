"""From cached scenes to network inputs: cut, make channels, normalise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline.imagery.channels import Channels
from pipeline.imagery.patches import Resampling, Window, cut_with_contrast
from pipeline.imagery.tiles import TiledScene

CLIP: Final = 6.0
"""Normalised channels end at so many standard deviations from the middle."""
_IQR_OF_NORMAL: Final = 1.3489795
_CPU = torch.device("cpu")


@dataclass(frozen=True)
class Normalisation:
    """Middle and spread of every channel over the training scenes."""

    center: tuple[float, ...]
    scale: tuple[float, ...]

    @classmethod
    def of(cls, samples: NDArray[np.float32]) -> Normalisation:
        """Robust statistics: median, and the interquartile range as a standard deviation.

        A channel whose middle half is constant falls back on its standard deviation, and a
        constant one on 1.

        Args:
            samples: (P, F), channels of P valid pixels, P >= 1.
        """
        low, center, high = np.quantile(samples.astype(np.float64), (0.25, 0.5, 0.75), axis=0)
        spread = (high - low) / _IQR_OF_NORMAL
        tiny = 1e-6 * np.maximum(1e-3, np.abs(center))
        spread = np.where(spread > tiny, spread, samples.std(axis=0, dtype=np.float64))
        spread = np.where(spread > tiny, spread, 1.0)
        return cls(tuple(center.tolist()), tuple(spread.tolist()))


@dataclass(frozen=True)
class InputRecipe:
    """All that turns bands into network inputs: the stored answer to "what did it see?".

    Attributes:
        channels: How channels are made.
        resampling: Interpolation onto the working grid.
        normalisation: Statistics of the training scenes.
    """

    channels: Channels
    resampling: Resampling
    normalisation: Normalisation

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> InputRecipe:
        """The recipe that :meth:`to_json` wrote, as in ``statistics.json``."""
        return cls(
            Channels.from_json(record["channels"]),
            record["resampling"],
            Normalisation(tuple(record["center"]), tuple(record["scale"])),
        )

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON."""
        return {
            "names": list(self.names),
            "channels": self.channels.to_json(),
            "resampling": self.resampling,
            **asdict(self.normalisation),
        }

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the channels, in order."""
        return self.channels.names

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of the band groups to be cut, in order."""
        return tuple(group.name for group in self.channels.groups)

    def __call__(self, bands: Tensor) -> Tensor:
        """Normalised channels (N, F, h, w) of cut bands and contrasts, both float32."""
        made = self.channels(bands)
        center = made.new_tensor(self.normalisation.center)[:, None, None]
        factor = 1 / made.new_tensor(self.normalisation.scale)[:, None, None]
        return made.sub_(center).mul_(factor).clamp_(-CLIP, CLIP)


def inputs(
    scenes: Sequence[TiledScene],
    windows: Sequence[Window],
    recipe: InputRecipe,
    device: torch.device = _CPU,
    gains: Tensor | None = None,
) -> Tensor:
    """Network inputs of one window per scene.

    Local means reach past a window where the scene does, so inputs have no seams between windows.

    Args:
        scenes: N cached scenes.
        windows: N windows of h x w working pixels.
        recipe: How inputs are made.
        device: Where they are made.
        gains: (N, C) factors of the brightness of the windows' bands, for augmentation.

    Returns:
        (N, F, h, w) float32, normalised. Invalid pixels are not blanked: see ``cut_mask``.
    """
    channels = recipe.channels
    cut = cut_with_contrast(
        scenes, windows, recipe.groups, channels.local, channels.scales, recipe.resampling, device
    )
    if gains is not None:
        factors = gains.to(device)[:, channels.band_places, None, None]
        # A contrast of logarithms does not change with the light.
        lit = cut[:, : gains.shape[1]] if channels.log else cut
        lit.mul_(factors[:, : lit.shape[1]])
    return recipe(cut)
