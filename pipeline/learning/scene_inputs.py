"""Network inputs of windows, made once for whole scenes where these fit in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from pipeline.imagery.features import InputRecipe, inputs
from pipeline.imagery.patches import Window, whole
from pipeline.imagery.tiles import TiledScene

LIMIT = 2**30
"""Bytes that the inputs of all scenes may take to be kept: 12 demo scenes take 1/15 of it."""


class SceneInputs:
    """Gives the inputs of windows; which way they are made does not depend on the machine.

    Args:
        scenes: All scenes by id.
        recipe: How inputs are made.
        device: Where they are made and lie.
        limit: Bytes that may be kept.
    """

    def __init__(
        self,
        scenes: Mapping[str, TiledScene],
        recipe: InputRecipe,
        device: torch.device,
        limit: int = LIMIT,
    ) -> None:
        self._scenes = scenes
        self._recipe = recipe
        self._device = device
        pixels = sum(scene.shape[0] * scene.shape[1] for scene in scenes.values())
        self._keeps = 4 * len(recipe.names) * pixels <= limit
        self._kept: dict[str, Tensor] = {}

    def __call__(
        self, names: Sequence[str], windows: Sequence[Window], gains: Tensor | None = None
    ) -> Sequence[Tensor]:
        """Inputs of one window per scene.

        Args:
            names: Ids of N scenes; one may stand there several times.
            windows: N windows of h x w working pixels.
            gains: (N, C) factors of the brightness of the windows' bands; inputs are then always
                made anew.

        Returns:
            N tensors (F, h, w) float32, channels last in memory, not to be written to.
        """
        if self._keeps and gains is None:
            pairs = zip(names, windows, strict=True)
            return [_part(self._whole(name), window) for name, window in pairs]
        scenes = [self._scenes[name] for name in names]
        made = inputs(scenes, windows, self._recipe, self._device, gains)
        return made.contiguous(memory_format=torch.channels_last).unbind()

    def _whole(self, name: str) -> Tensor:
        """(F, H, W) inputs of a whole scene."""
        if name not in self._kept:
            scene = self._scenes[name]
            made = inputs([scene], [whole(scene)], self._recipe, self._device)
            self._kept[name] = made.contiguous(memory_format=torch.channels_last)[0]
        return self._kept[name]


def _part(scene: Tensor, window: Window) -> Tensor:
    """A window (F, h, w) of (F, H, W); past the scene its edge repeats."""
    _, height, width = scene.shape
    for axis, start, count, size in (
        (1, window.row, window.height, height),
        (2, window.col, window.width, width),
    ):
        if start >= 0 and start + count <= size:
            scene = scene.narrow(axis, start, count)
        else:
            places = torch.arange(start, start + count, device=scene.device).clamp_(0, size - 1)
            scene = scene.index_select(axis, places)
    return scene
