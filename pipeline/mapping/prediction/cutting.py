"""Inputs of windows, each pixel of a row of windows cut and resampled once."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from pipeline.imagery.features import InputRecipe, inputs
from pipeline.imagery.patches import Window
from pipeline.imagery.tiles import TiledScene
from pipeline.mapping.prediction.inference import Cut


def cutter(scene: TiledScene, recipe: InputRecipe, side: int, device: torch.device) -> Cut:
    """The function that gives the inputs of a scene's windows.

    Windows of one batch stand side by side and overlap. So the strip that holds them is cut as one
    window; each of them is a part of it, the same numbers as if it were cut alone.

    Args:
        scene: Cached scene.
        recipe: How inputs are made.
        side: Pixels of a window's side.
        device: Where inputs are made.
    """

    def cut(corners: Sequence[tuple[int, int]]) -> Tensor:
        row, first = corners[0]
        strip = Window(row, first, side, corners[-1][1] + side - first)
        made = inputs([scene], [strip], recipe, device)[0]
        # Channels last at once, as the network wants them.
        windows = torch.empty(
            (len(corners), len(made), side, side),
            device=made.device,
            memory_format=torch.channels_last,
        )
        for window, (_, column) in zip(windows, corners, strict=True):
            window.copy_(made[:, :, column - first : column - first + side])
        return windows

    return cut
