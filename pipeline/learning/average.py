"""Averages of a network's weights over a training: what validation and prediction use."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn


class Average:
    """An average of a network's weights over its steps, or the network itself.

    With ``decay`` it is the exponential moving average (Polyak and Juditsky, 1992). Its first
    steps count more (decay ``(1 + n) / (10 + n)`` until that reaches the configured one), so that
    the random start is forgotten. With ``swa`` it is the even mean of the weights after each step
    in the last part of the training (Izmailov et al., 2018, arXiv:1803.05407); until that part
    begins it is the network itself.

    Running statistics of batch norms are averaged along. Izmailov et al. recompute them, by
    another pass over the training data with the averaged weights. But they are means of what the
    last steps' batches gave, and where weights move little around their average, as they do when
    they are worth averaging, the mean of these over the steps is close to what that pass finds. It
    costs nothing, and validation in the midst of a training needs no pass of its own.

    Args:
        network: What is trained.
        decay: Of the moving average, below 1; 0 is off.
        swa: Share of the training, at its end, that is averaged evenly; 0 is off.
    """

    def __init__(self, network: nn.Module, decay: float = 0.0, swa: float = 0.0) -> None:
        self._decay, self._swa = decay, swa
        self._source = network
        self._mean = copy.deepcopy(network) if decay > 0 or swa > 0 else None
        self._count = 0

    @property
    def network(self) -> nn.Module:
        """The averaged network; the trained one before there is an average."""
        return self._source if self._mean is None or self._count == 0 else self._mean

    @torch.no_grad()
    def update(self, done: float) -> None:
        """Take in the network's weights after a step.

        Args:
            done: Share of the training that was done before the step.
        """
        if self._mean is None or (self._swa > 0 and done < 1 - self._swa - 1e-9):
            return
        self._count += 1
        torch._foreach_lerp_(_floats(self._mean), _floats(self._source), self._part())

    def to_state(self) -> dict[str, Any]:
        """All of it for a checkpoint."""
        weights = {} if self._mean is None else self._mean.state_dict()
        return {"count": self._count, "network": weights}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from what :meth:`to_state` gave."""
        self._count = state["count"]
        if self._mean is not None:
            self._mean.load_state_dict(state["network"])

    def _part(self) -> float:
        """How far the average moves towards the newest weights."""
        if self._swa > 0:
            return 1 / self._count
        return 1 - min(self._decay, (1 + self._count) / (10 + self._count))


def _floats(network: nn.Module) -> list[Tensor]:
    """Parameters and the buffers of norms, in a fixed order."""
    return [t for t in network.state_dict().values() if t.is_floating_point()]
