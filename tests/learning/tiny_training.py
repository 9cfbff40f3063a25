"""A training on a 1x1 convolution and tiny arrays, and how it is killed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from pipeline.config.train import Train
from pipeline.learning.batch import Batch, Source
from pipeline.learning.checkpoint import Checkpoints
from pipeline.learning.device import Compute
from pipeline.learning.difficulty import Difficulty
from pipeline.learning.history import Progress, Result
from pipeline.learning.losses import build_loss
from pipeline.learning.training import Training


class Ground:
    """Two classes: where channel 0 is positive, and where channel 1 is; a little is invalid.

    Every batch has two windows of twenty; where they are drawn by difficulty, by nothing else.
    """

    windows = 20

    def __init__(self, scale: float = 1.0, held_out: int = 2, size: int = 2) -> None:
        self.scale, self.size = scale, size
        self.scenes = held_out
        self.asked: list[int] = []
        self.drawn: list[tuple[int, ...]] = []

    def batch(self, number: int, difficulty: Difficulty | None = None) -> Batch:
        self.asked.append(number)
        if difficulty is None:
            return self._make(range(self.size * number, self.size * (number + 1)))
        chances = difficulty.blend(np.ones(self.windows))
        places = np.random.default_rng(number).choice(self.windows, self.size, p=chances)
        self.drawn.append(tuple(places.tolist()))
        return replace(self._make(places.tolist()), places=self.drawn[-1])

    def held_out(self) -> Iterable[Batch]:
        for scene in range(self.scenes):
            yield self._make([10_000 + scene, 20_000 + scene])

    def _make(self, seeds: Iterable[int]) -> Batch:
        inputs, valid = zip(*(self._patch(seed) for seed in seeds), strict=True)
        stacked = torch.stack(inputs)
        return Batch(stacked, stacked[:, :2] > 0.3, torch.stack(valid))

    def _patch(self, seed: int) -> tuple[Tensor, Tensor]:
        generator = torch.Generator().manual_seed(seed)
        inputs = torch.randn(3, 8, 8, generator=generator) * self.scale
        return inputs, torch.rand(8, 8, generator=generator) < 0.9


def tiny_network(norm: bool = True) -> nn.Sequential:
    """3 channels in, 2 out, of 1x1 convolutions."""
    middle = [nn.BatchNorm2d(4), nn.Dropout2d(0.3)] if norm else [nn.Tanh()]
    return nn.Sequential(nn.Conv2d(3, 4, 1), *middle, nn.Conv2d(4, 2, 1))


def tiny_training(
    folder: Path,
    ground: Source | None = None,
    compute: str = "float32",
    seconds: float | None = None,
    network: nn.Module | None = None,
    factors: Mapping[str, float] = {},
    **settings: Any,
) -> Training:
    torch.manual_seed(0)
    made = tiny_network() if network is None else network
    recipe = Train(**{"steps": 40, "rate": 0.05, "validations": 4, **settings})
    folder.mkdir(exist_ok=True)
    return Training(
        made,
        build_loss(recipe.loss, (1, 2)),
        ground or Ground(),
        2,
        recipe,
        Compute(torch.device("cpu"), getattr(torch, compute)),
        Checkpoints(folder),
        seconds,
        factors=factors,
    )


class KilledError(Exception):
    """Ends a training as a signal would."""


def kill_at(step: int) -> Any:
    """What to call after each step to end the training in this one."""

    def on_step(progress: Progress, _: float) -> None:
        if progress.step == step:
            raise KilledError

    return on_step


def same(one: Result, other: Result) -> None:
    """Hold two results to be equal bit for bit, but for the time they took."""
    assert one.weights.keys() == other.weights.keys()
    assert all(torch.equal(one.weights[k], other.weights[k]) for k in one.weights)
    # As texts, which are exact and in which NaN equals itself.
    assert [repr((r.step, r.loss, r.rate, r.mean, r.jaccard)) for r in one.rows] == [
        repr((r.step, r.loss, r.rate, r.mean, r.jaccard)) for r in other.rows
    ]
