"""Augmentation beyond D4, by albumentations, at any number of channels.

The library limits float images to 0 ... 1, and so cuts normalised channels off at 0 without a
word. Patches are therefore shown to it on a scale on which -CLIP ... CLIP is 0 ... 1. Its gain
would scale normalised channels about the wrong point, so the gain is made by
:func:`pipeline.imagery.features.inputs` on the bands themselves, before indices are computed.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline.config.augment import Enrichment
from pipeline.errors import ConfigError
from pipeline.imagery.features import CLIP

ONE = 255
BLANK = 0.5
"""A channel's middle on the library's scale."""
HOLES = (1, 3)
HOLE_SIDE = (0.05, 0.2)
"""Number of rectangles that are cut out, and their sides as shares of a patch's."""


class Enricher:
    """Changes patches at random, in the way that the configuration says.

    Args:
        settings: The section ``augment.enrich``.
        channels: Number of channels of a patch.
        bands: Number of bands that they are made from.

    Raises:
        ConfigError: If the only channel would be blanked.
    """

    def __init__(self, settings: Enrichment, channels: int, bands: int) -> None:
        if settings.channel_dropout > 0 and channels < 2:
            raise ConfigError(
                "augment.enrich.channel_dropout: the network has one input channel only, which "
                "can't be blanked; set it to 0"
            )
        self._gain, self._tint, self._bands = settings.gain, settings.tint, bands
        steps = _steps(settings)
        self._compose = _compose(steps) if steps else None

    def gains(self, rng: np.random.Generator, count: int) -> Tensor | None:
        """(count, C) factors of the brightness of every patch's bands, or None for none."""
        if self._gain == 0 and self._tint == 0:
            return None
        whole = rng.uniform(1 - self._gain, 1 + self._gain, (count, 1))
        each = rng.uniform(1 - self._tint, 1 + self._tint, (count, self._bands))
        return torch.from_numpy((whole * each).astype(np.float32))

    def __call__(
        self, inputs: Tensor, masks: Tensor, valid: Tensor, rng: np.random.Generator
    ) -> None:
        """Change a batch in place.

        Pixels that a rotation brings in from outside are blank and invalid. Pixels that are cut
        out keep their labels: the network is to tell them from what stands around.

        Args:
            inputs: (N, F, h, w) float32, normalised, on any device.
            masks: (N, K, h, w) bool, or float32 in [0, 1] (kept in steps of 1 / 255).
            valid: (N, h, w) bool.
            rng: Source of all randomness.
        """
        if self._compose is None:
            return
        for patch, mask, known in zip(inputs, masks, valid, strict=True):
            self._compose.set_random_seed(int(rng.integers(2**31)))
            image = patch.permute(1, 2, 0).cpu().numpy() * (0.5 / CLIP) + BLANK
            planes = _planes(mask, known)
            made = self._compose(
                image=np.ascontiguousarray(image), mask=np.ascontiguousarray(planes)
            )
            patch.copy_(_channels_first((made["image"] - BLANK) * (2 * CLIP)))
            changed = _channels_first(made["mask"])
            mask.copy_(changed[:-1] / ONE if mask.is_floating_point() else changed[:-1] > 0)
            known.copy_(changed[-1] > 0)


def _planes(mask: Tensor, known: Tensor) -> NDArray[np.uint8]:
    """Truth and validity as the library takes them, (h, w, K + 1), ``ONE`` standing for 1."""
    both = torch.cat((mask.float(), known[None].float())).mul_(ONE).round_()
    planes: NDArray[np.uint8] = both.to(torch.uint8).permute(1, 2, 0).cpu().numpy()
    return planes


def _channels_first(array: NDArray[Any]) -> Tensor:
    return torch.from_numpy(array).permute(2, 0, 1)


def _steps(settings: Enrichment) -> list[tuple[str, dict[str, Any]]]:
    """Names and arguments of the library's transforms, in the order in which they act."""
    steps: list[tuple[str, dict[str, Any]]] = []
    if settings.rotation > 0:
        limit = (-settings.rotation, settings.rotation)
        steps.append(("Rotate", {"limit": limit, "fill": BLANK, "fill_mask": 0, "p": 1.0}))
    if settings.noise > 0:
        steps.append(("GaussNoise", {"std_range": (0.0, settings.noise * 0.5 / CLIP), "p": 1.0}))
    if settings.channel_dropout > 0:
        steps.append(("ChannelDropout", {"fill": BLANK, "p": settings.channel_dropout}))
    if settings.cutout > 0:
        sides = {"hole_height_range": HOLE_SIDE, "hole_width_range": HOLE_SIDE}
        steps.append(
            (
                "CoarseDropout",
                {"num_holes_range": HOLES, **sides, "fill": BLANK, "p": settings.cutout},
            )
        )
    return steps


def _compose(steps: list[tuple[str, dict[str, Any]]]) -> Any:
    os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # else its import asks the network
    import albumentations  # noqa: PLC0415 - takes seconds, and is off by default

    return albumentations.Compose(
        [getattr(albumentations, name)(**arguments) for name, arguments in steps]
    )
