"""Batches cut from cached scenes: what connects imagery to a training."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from pipeline.imagery.patches import Window, cut_mask, cut_target
from pipeline.imagery.tiles import TiledScene
from pipeline.learning import d4
from pipeline.learning.batch import Batch
from pipeline.learning.difficulty import Difficulty
from pipeline.learning.enrichment import Enricher
from pipeline.learning.sampler import Sampler
from pipeline.learning.scene_inputs import SceneInputs

Truth = Callable[[str, Window], tuple[Tensor, Tensor]]


class SceneSource:
    """Training patches by the plan, and the held-out scenes whole.

    Args:
        scenes: All labelled scenes by id.
        classes: Positions of the model's classes among those of the scenes' masks.
        held_out: Ids of the fold's scenes.
        sampler: What each step draws from the other scenes.
        inputs: Inputs of windows of these scenes.
        enricher: Augmentation beyond D4.
        size: Patches per batch.
        patch: Side of a patch, working pixels.
        device: Where batches lie.
    """

    def __init__(
        self,
        scenes: Mapping[str, TiledScene],
        classes: Sequence[int],
        held_out: Sequence[str],
        sampler: Sampler,
        inputs: SceneInputs,
        enricher: Enricher,
        size: int,
        patch: int,
        device: torch.device,
    ) -> None:
        self._scenes = scenes
        self._classes = list(classes)
        self._held_out = tuple(held_out)
        self._sampler = sampler
        self._inputs = inputs
        self._enricher = enricher
        self._size = size
        self._patch = patch
        self._device = device

    @property
    def windows(self) -> int:
        """Number of windows that batches are drawn from."""
        return self._sampler.windows

    def batch(self, number: int, difficulty: Difficulty | None = None) -> Batch:
        """The training batch of this number, see :class:`pipeline.learning.batch.Source`."""
        draws = self._sampler.draw(number, self._size, difficulty)
        rng = self._sampler.generator(number)
        names, windows = [draw.scene for draw in draws], [draw.window for draw in draws]
        gains = self._enricher.gains(rng, len(draws))
        elements = [draw.element for draw in draws]
        batch = self._cut(names, windows, elements, gains, self._target)
        self._enricher(batch.inputs, batch.masks, batch.valid, rng)
        return replace(batch, places=tuple(draw.place for draw in draws))

    def held_out(self) -> Iterator[Batch]:
        """The held-out scenes in windows side by side: every pixel once."""
        places = [
            (name, window)
            for name in self._held_out
            for window in side_by_side(self._scenes[name].shape, self._patch)
        ]
        for first in range(0, len(places), self._size):
            names, windows = zip(*places[first : first + self._size], strict=True)
            yield self._cut(names, windows, [d4.IDENTITY] * len(names))

    def _mask(self, name: str, window: Window) -> tuple[Tensor, Tensor]:
        """True masks (K, h, w) bool of a window, and where it is valid."""
        masks, valid = cut_mask(self._scenes[name], window)
        return torch.from_numpy(masks[self._classes]), torch.from_numpy(valid)

    def _target(self, name: str, window: Window) -> tuple[Tensor, Tensor]:
        """What training aims at in a window: its masks, or shares (K, h, w) float32."""
        target = cut_target(self._scenes[name], window, self._classes)
        masks, valid = self._mask(name, window)
        return masks if target is None else torch.from_numpy(target), valid

    def _cut(
        self,
        names: Sequence[str],
        windows: Sequence[Window],
        elements: Sequence[int],
        gains: Tensor | None = None,
        truth: Truth | None = None,
    ) -> Batch:
        """Windows of scenes, each under its element of D4, with true masks or another truth."""
        pairs = map(truth or self._mask, names, windows)
        masks, valid = zip(*pairs, strict=True)
        return Batch(
            _stack(self._inputs(names, windows, gains), elements, torch.channels_last),
            _stack(masks, elements).to(self._device),
            _stack(valid, elements).to(self._device),
        )


def side_by_side(shape: tuple[int, int], patch: int) -> list[Window]:
    """Windows that cover a scene without overlap; the last ones reach past it."""
    height, width = shape
    return [
        Window(row, col, patch, patch)
        for row in range(0, height, patch)
        for col in range(0, width, patch)
    ]


def _stack(
    parts: Sequence[Tensor],
    elements: Sequence[int],
    layout: torch.memory_format = torch.contiguous_format,
) -> Tensor:
    """A batch of parts (..., h, h), each under its element of D4."""
    shape, first = (len(parts), *parts[0].shape), parts[0]
    batch = torch.empty(shape, dtype=first.dtype, device=first.device, memory_format=layout)
    for target, part, element in zip(batch, parts, elements, strict=True):
        target.copy_(d4.apply(element, part))
    return batch
