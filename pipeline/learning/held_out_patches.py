"""A few held-out patches that a training is looked at by, always the same ones.

Looking changes nothing: the network computes as in a validation, without a random number and
without a statistic being updated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pipeline.imagery.features import InputRecipe, inputs
from pipeline.imagery.patches import Window, cut_mask
from pipeline.imagery.tiles import TiledScene
from pipeline.learning.device import Compute
from pipeline.learning.freezing import set_training
from pipeline.learning.plan import Plan

_AGAIN: Final = 0.5
"""What a class or ground counts for each time that it was shown already."""

Spot = tuple[str, Window]
"""Id of a scene, and a window there."""


def rich_windows(plan: Plan, places: Mapping[str, str], patch: int, count: int) -> list[Spot]:
    """Windows of a plan that show many classes between them, none of which overlap.

    One after the other, the window with the highest sum over the classes of the root of a class's
    share. A class that was shown already counts half as much each time, and so does a window of
    ground that was.

    Args:
        plan: Windows with their pixels per class.
        places: Scenes that may be chosen from, and the ground that each shows.
        patch: Side of a window.
        count: So many at most.
    """
    grounds = np.array([places.get(name, "") for name in plan.names])[plan.scenes]
    left = (grounds != "") & (plan.counts[:, -1] > 0)
    roots = np.sqrt(plan.counts[:, :-1] / patch**2)
    classes, windows = np.ones(roots.shape[1]), np.ones(len(roots))
    chosen: list[Spot] = []
    while left.any() and len(chosen) < count:
        best = int(np.where(left, roots @ classes * windows, -1.0).argmax())
        row, col = (int(value) for value in plan.corners[best])
        chosen.append((plan.names[plan.scenes[best]], Window(row, col, patch, patch)))
        classes[plan.counts[best, :-1] > 0] *= _AGAIN
        windows[grounds == grounds[best]] *= _AGAIN
        apart = (np.abs(plan.corners - plan.corners[best]) >= patch).any(axis=1)
        left &= apart | (plan.scenes != plan.scenes[best])
    return chosen


@dataclass(frozen=True)
class Seen:
    """A patch and what a network makes of it, as far as it lies in its scene.

    Attributes:
        truth: (K, h, w) true masks.
        valid: (h, w), False where nothing is known.
        probability: (K, h, w) float32.
    """

    truth: NDArray[np.bool_]
    valid: NDArray[np.bool_]
    probability: NDArray[np.float32]


@dataclass(frozen=True)
class HeldOutPatches:
    """Patches of held-out scenes.

    Attributes:
        spots: Where they lie, all of one size; they may reach past a small scene.
        scenes: Scenes by id.
        classes: Positions of the model's classes among those of the scenes' masks.
        recipe: How inputs are made.
        compute: Device and arithmetic.
    """

    spots: Sequence[Spot]
    scenes: Mapping[str, TiledScene]
    classes: Sequence[int]
    recipe: InputRecipe
    compute: Compute

    def look(self, network: nn.Module) -> list[Seen]:
        """What a network makes of the patches now.

        Args:
            network: On the compute's device; it is left as it was.
        """
        if not self.spots:
            return []
        training = network.training
        network.eval()
        with torch.inference_mode(), self.compute.autocast():
            logits = network(self._inputs)
        if training:
            set_training(network)  # not train(): frozen parts stay in evaluation mode
        found = logits.float().sigmoid().cpu().numpy()
        return [self._seen(number, own) for number, own in enumerate(found)]

    @cached_property
    def _inputs(self) -> Tensor:
        """(N, F, h, w) float32, as a validation has them."""
        scenes = [self.scenes[name] for name, _ in self.spots]
        windows = [window for _, window in self.spots]
        made = inputs(scenes, windows, self.recipe, self.compute.device)
        return made.contiguous(memory_format=torch.channels_last)

    @cached_property
    def shown(self) -> list[Spot]:
        """The spots as far as they lie in their scenes."""
        clipped = []
        for name, window in self.spots:
            height, width = self.scenes[name].shape
            top, left = max(window.row, 0), max(window.col, 0)
            bottom = min(window.row + window.height, height)
            right = min(window.col + window.width, width)
            clipped.append((name, Window(top, left, bottom - top, right - left)))
        return clipped

    def _seen(self, number: int, probability: NDArray[np.float32]) -> Seen:
        """The part of a patch (K, h, w) that lies in its scene."""
        (_, window), (name, shown) = self.spots[number], self.shown[number]
        masks, valid = cut_mask(self.scenes[name], shown)
        top, left = shown.row - window.row, shown.col - window.col
        part = probability[:, top : top + shown.height, left : left + shown.width]
        return Seen(masks[list(self.classes)], valid, part)
