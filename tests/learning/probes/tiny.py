"""Tiny networks and batches whose classes are easy to see: channel k is bright where class k is."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from pipeline.config.loss import Loss
from pipeline.config.train import Train
from pipeline.learning.batch import Batch
from pipeline.learning.device import Compute
from pipeline.learning.losses import build_loss
from pipeline.learning.probes.shares import class_shares, prior_logits
from pipeline.learning.probes.trial import Recipe

CLASSES = ("Road", "Water")
CHANNELS = ("M.x", "M.y", "M.z")


def batch(step: int = 0, size: int = 4, side: int = 16, soft: bool = False) -> Batch:
    """A batch with noise; masks of blocks of 4 pixels, as bool or as float32."""
    random = torch.Generator().manual_seed(step)
    coarse = torch.rand(size, 2, side // 4, side // 4, generator=random) < 0.3
    masks = coarse.repeat_interleave(4, dim=2).repeat_interleave(4, dim=3)
    inputs = 0.3 * torch.randn(size, 3, side, side, generator=random)
    inputs[:, :2] += 2.0 * masks
    valid = torch.ones(size, side, side, dtype=torch.bool)
    valid[:, 0] = False
    return Batch(inputs, masks.float() if soft else masks, valid)


def network(activation: Callable[[], nn.Module] = nn.ReLU, layers: int = 2) -> nn.Sequential:
    """Convolutions 3 -> 8 -> ... -> 8 -> 2; the last starts at the shares of the batches."""
    torch.manual_seed(0)
    inner: list[nn.Module] = []
    for number in range(layers):
        inner += [nn.Conv2d(8 if number else 3, 8, 3, padding=1), activation()]
    head = nn.Conv2d(8, 2, 1)
    with torch.no_grad():
        assert head.bias is not None
        head.bias.copy_(prior_logits(class_shares([batch()])))
    return nn.Sequential(*inner, head)


def recipe(loss: nn.Module | None = None, **train: object) -> Recipe:
    """The default loss and Adam at 0.01, on the CPU in float32."""
    values = {"optimizer": "adam", "rate": 0.01, "decay": 0.0, **train}
    settings = Train.model_validate(values)
    made = build_loss(Loss(), (3, 7)) if loss is None else loss
    return Recipe(made, settings, Compute(torch.device("cpu"), torch.float32))


def dead(made: nn.Sequential) -> nn.Sequential:
    """A network whose last rectifier lets nothing through."""
    last = made[-3]
    assert isinstance(last, nn.Conv2d)
    assert last.bias is not None
    with torch.no_grad():
        last.weight.mul_(0.01)
        last.bias.fill_(-100.0)
    return made


def unchanged(made: nn.Module, before: dict[str, Tensor]) -> bool:
    """Whether a network still has these weights."""
    return all(torch.equal(value, before[name]) for name, value in made.state_dict().items())
