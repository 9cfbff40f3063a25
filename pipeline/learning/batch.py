"""What a training consumes: batches of patches, wherever they come from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from pipeline.learning.difficulty import Difficulty


@dataclass(frozen=True)
class Batch:
    """Patches with their truth, on the device that trains.

    Attributes:
        inputs: (N, F, h, w) float32, normalised.
        masks: (N, K, h, w) bool; for training also float32 in 0 ... 1 (soft targets).
        valid: (N, h, w) bool, False where a pixel counts neither in loss nor in score.
        places: (N,) the window of the plan that each patch was drawn from; empty where it comes
            from no plan.
    """

    inputs: Tensor
    masks: Tensor
    valid: Tensor
    places: tuple[int, ...] = ()


class Source(Protocol):
    """Where the batches of one fold come from."""

    @property
    def windows(self) -> int:
        """Number of windows that batches are drawn from."""
        ...

    def batch(self, number: int, difficulty: Difficulty | None = None) -> Batch:
        """The batch of this number: a pure function of the number and the state of ``difficulty``.

        Where ``difficulty`` is given, windows that are hard by it are drawn more often.
        """
        ...

    def held_out(self) -> Iterable[Batch]:
        """The held-out scenes, every pixel once, masks bool; nothing where none is held out."""
        ...
