"""Batches cut from cached scenes: what connects imagery to a training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from pipeline.imagery.features import InputRecipe, inputs
from pipeline.imagery.patches import Window, cut_mask
from pipeline.imagery.tiles import TiledScene
from pipeline.learning import d4
from pipeline.learning.batch import Batch
from pipeline.learning.enrichment import Enricher
from pipeline.learning.sampler import Sampler


class SceneSource:
    """Training patches by the plan, and the held-out scenes whole.

    Args:
        scenes: All labelled scenes by id.
        held_out: Ids of the fold's scenes.
        sampler: What each step draws from the other scenes.
        recipe: How inputs are made.
        enricher: Augmentation beyond D4.
        size: Patches per batch.
        patch: Side of a patch, working pixels.
        device: Where batches are made and lie.
    """

    def __init__(
        self,
        scenes: Mapping[str, TiledScene],
        held_out: Sequence[str],
        sampler: Sampler,
        recipe: InputRecipe,
        enricher: Enricher,
        size: int,
        patch: int,
        device: torch.device,
    ) -> None:
        self._scenes = scenes
        self._held_out = tuple(held_out)
        self._sampler = sampler
        self._recipe = recipe
        self._enricher = enricher
        self._size = size
        self._patch = patch
        self._device = device

    def batch(self, step: int) -> Batch:
        """What the step of this number trains on."""
        draws = self._sampler.draw(step, self._size)
        rng = self._sampler.generator(step)
        scenes = [self._scenes[draw.scene] for draw in draws]
        windows = [draw.window for draw in draws]
        gains = self._enricher.gains(rng, len(draws))
        plain = self._cut(scenes, windows, gains)
        elements = [draw.element for draw in draws]
        seen = Batch(
            *(_viewed(part, elements) for part in (plain.inputs, plain.masks, plain.valid))
        )
        self._enricher(seen.inputs, seen.masks, seen.valid, rng)
        return seen

    def held_out(self) -> Iterator[Batch]:
        """The held-out scenes in windows side by side: every pixel once."""
        places = [
            (self._scenes[name], window)
            for name in self._held_out
            for window in side_by_side(self._scenes[name].shape, self._patch)
        ]
        for first in range(0, len(places), self._size):
            scenes, windows = zip(*places[first : first + self._size], strict=True)
            yield self._cut(scenes, windows, None)

    def _cut(
        self, scenes: Sequence[TiledScene], windows: Sequence[Window], gains: Tensor | None
    ) -> Batch:
        pairs = [cut_mask(scene, window) for scene, window in zip(scenes, windows, strict=True)]
        made = inputs(scenes, windows, self._recipe, self._device, gains)
        return Batch(
            made,
            torch.from_numpy(np.stack([masks for masks, _ in pairs])).to(self._device),
            torch.from_numpy(np.stack([valid for _, valid in pairs])).to(self._device),
        )


def side_by_side(shape: tuple[int, int], patch: int) -> list[Window]:
    """Windows that cover a scene without overlap; the last ones reach past it."""
    height, width = shape
    return [
        Window(row, col, patch, patch)
        for row in range(0, height, patch)
        for col in range(0, width, patch)
    ]


def _viewed(batch: Tensor, elements: Sequence[int]) -> Tensor:
    """Each part of a batch under its element of D4."""
    seen = torch.empty_like(batch)
    for target, part, element in zip(seen, batch, elements, strict=True):
        target.copy_(d4.apply(element, part))
    return seen
