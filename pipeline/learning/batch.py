"""What a training consumes: batches of patches, wherever they come from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """Patches with their truth, on the device that trains.

    Attributes:
        inputs: (N, F, h, w) float32, normalised.
        masks: (N, K, h, w) bool.
        valid: (N, h, w) bool, False where a pixel counts neither in loss nor in score.
    """

    inputs: Tensor
    masks: Tensor
    valid: Tensor


class Source(Protocol):
    """Where the batches of one fold come from."""

    def batch(self, step: int) -> Batch:
        """What the step of this number trains on: a pure function of the number."""
        ...

    def held_out(self) -> Iterable[Batch]:
        """The held-out scenes, every pixel once."""
        ...
