"""Drawing patches by the plan: a window moves a little and is seen under an element of D4.

What step ``s`` of fold ``f`` draws depends on ``(seed, f, s)`` alone, and with hard-example mining
on the estimates that its checkpoint holds, so a training that continues after a kill draws what it
would have drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.imagery.patches import Window
from pipeline.imagery.transform import Shape
from pipeline.learning.d4 import ELEMENTS, IDENTITY
from pipeline.learning.difficulty import Difficulty
from pipeline.learning.plan import Plan


@dataclass(frozen=True)
class Draw:
    """One patch of a batch: a window of a scene, seen under an element of D4.

    Attributes:
        scene: Id of the scene.
        window: Its pixels, near those of the plan's window.
        element: Number of the element of D4.
        place: Number of the plan's window.
    """

    scene: str
    window: Window
    element: int
    place: int


class Sampler:
    """Draws the batches of one fold's training.

    Args:
        plan: The windows of the fold's training scenes.
        shapes: (H, W) of each scene on the working grid.
        patch: Side of a window, working pixels.
        stride: Step of the plan's grid; a drawn window moves by up to half of it.
        d4: Draw all eight views, or the identity only.
        seed: Seed of the augment section.
        fold: Number of the fold.
    """

    def __init__(
        self,
        plan: Plan,
        shapes: Mapping[str, Shape],
        patch: int,
        stride: int,
        d4: bool,
        seed: int,
        fold: int,
    ) -> None:
        self._plan = plan
        self._shapes = shapes
        self._patch = patch
        self._reach = stride // 2
        self._elements = len(ELEMENTS) if d4 else 1
        self._seed = (seed, fold)
        self._cumulated = plan.weights.cumsum()

    @property
    def windows(self) -> int:
        """Number of windows of the plan."""
        return len(self._cumulated)

    def draw(self, step: int, batch: int, difficulty: Difficulty | None = None) -> list[Draw]:
        """What the step of this number trains on.

        A pure function of seed, fold and step, and of the estimates of ``difficulty`` if given.
        """
        cumulated = self._cumulated
        if difficulty is not None:
            cumulated = difficulty.blend(self._plan.weights).cumsum()
        rng = step_generator(*self._seed, step)
        # One draw from each of `batch` equal parts of the plan: a batch covers many scenes.
        parts = (np.arange(batch) + rng.random(batch)) / batch
        chosen = cumulated.searchsorted(parts * cumulated[-1], side="right")
        moves = rng.integers(-self._reach, self._reach, (batch, 2), endpoint=True)
        elements = rng.integers(0, self._elements, batch)
        return [
            self._one(min(int(index), self.windows - 1), move, int(element))
            for index, move, element in zip(chosen, moves, elements, strict=True)
        ]

    def generator(self, step: int) -> np.random.Generator:
        """Random numbers for whatever else the step does to its patches."""
        return step_generator(*self._seed, step, use=1)

    def _one(self, index: int, move: NDArray[np.int64], element: int) -> Draw:
        name = self._plan.names[self._plan.scenes[index]]
        corner = self._plan.corners[index] + move
        row, col = (
            _inside(int(start), size, self._patch)
            for start, size in zip(corner, self._shapes[name], strict=True)
        )
        window = Window(row, col, self._patch, self._patch)
        return Draw(name, window, element if self._elements > 1 else IDENTITY, index)


def step_generator(seed: int, fold: int, step: int, use: int = 0) -> np.random.Generator:
    """Random numbers of one step of one fold; ``use`` tells apart what they are for."""
    return np.random.default_rng((seed, fold, step, use))


def _inside(start: int, size: int, patch: int) -> int:
    """Start of a window moved so that it lies in the scene, or the scene in it."""
    return min(max(start, min(0, size - patch)), max(0, size - patch))
