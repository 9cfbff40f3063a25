"""Optimizers: first steps by hand, factors, what is left out."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import nn

from pipeline.config.train import Train
from pipeline.errors import TrainingError
from pipeline.learning.optimizer import build_optimizer, set_rate

OPTIMIZERS = ("sgd", "adagrad", "rmsprop", "adam", "adamw", "nadam")
RATE = 0.5


def _after(gradients: list[float], **settings: Any) -> float:
    """The weight of a 1x1 kernel that starts at 1, after steps along these gradients."""
    network = nn.Conv2d(1, 1, 1, bias=False)
    nn.init.constant_(network.weight, 1.0)
    optimizer = build_optimizer(network, Train(**{"rate": RATE, "decay": 0.0, **settings}))
    for gradient in gradients:
        network.weight.grad = torch.full_like(network.weight, gradient)
        optimizer.step()
    return network.weight.item()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_each_optimizer_lowers_a_loss_and_spares_biases(name: Any) -> None:
    network = nn.Conv2d(2, 1, 1)
    optimizer = build_optimizer(network, Train(optimizer=name, rate=0.05, decay=0.1))
    decays = {group["weight_decay"]: group["params"] for group in optimizer.param_groups}
    assert decays[0.0][0] is network.bias
    assert decays[0.1][0] is network.weight
    inputs = torch.ones(1, 2, 3, 3)
    before = (network(inputs) - 3).square().mean().item()
    for _ in range(40):
        loss = (network(inputs) - 3).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < before / 2


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        # v = 2, then v = .8 * 2 + 2.
        ({"optimizer": "sgd", "momentum": 0.8}, 1 - RATE * (2 + 3.6)),
        ({"optimizer": "sgd", "momentum": 0.0}, 1 - RATE * (2 + 2)),
        # The step is g + momentum v: 2 + 1.6, then 2 + .8 * 3.6.
        ({"optimizer": "sgd", "momentum": 0.8, "nesterov": True}, 1 - RATE * (3.6 + 4.88)),
        # g over the root of the sum of squares: 2 / 2, 2 / sqrt(8).
        ({"optimizer": "adagrad"}, 1 - RATE * (1 + 1 / math.sqrt(2))),
        # g over the root of .01 g^2, then of (.01 * .99 + .01) g^2; v = .8 v + that.
        (
            {"optimizer": "rmsprop", "momentum": 0.8},
            1 - RATE * (10 + 8 + 1 / math.sqrt(0.0199)),
        ),
        ({"optimizer": "rmsprop", "momentum": 0.0}, 1 - RATE * (10 + 1 / math.sqrt(0.0199))),
        # Of equal gradients Adam steps by the rate.
        ({"optimizer": "adam"}, 1 - RATE * 2),
        ({"optimizer": "adamw"}, 1 - RATE * 2),
    ],
)
def test_two_steps_by_hand(settings: dict[str, Any], expected: float) -> None:
    assert _after([2.0, 2.0], **settings) == pytest.approx(expected, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("name", ["sgd", "rmsprop", "adam", "adamw", "nadam"])
def test_momentum_is_followed(name: str) -> None:
    found = {m: _after([2.0, -1.0], optimizer=name, momentum=m) for m in (0.0, 0.5, 0.9)}
    assert len(set(found.values())) == 3


def test_decay_is_of_the_gradient_or_apart_from_it() -> None:
    # SGD: gradient 2 + .1 * 1. AdamW: the weight times 1 - rate * .1, then a step by the rate.
    assert _after([2.0], optimizer="sgd", decay=0.1) == pytest.approx(1 - RATE * 2.1)
    assert _after([2.0], optimizer="adamw", decay=0.1) == pytest.approx(1 - RATE * 0.1 - RATE)
    assert _after([2.0], optimizer="adam", decay=0.1) == pytest.approx(1 - RATE)


def test_factors_multiply_the_rate_and_stay_in_their_groups() -> None:
    network = nn.Sequential(nn.Conv2d(1, 1, 1), nn.Conv2d(1, 1, 1))
    factors = {"0.weight": 0.1, "0.bias": 0.0}
    settings = Train(optimizer="sgd", momentum=0, rate=RATE, decay=0)
    optimizer = build_optimizer(network, settings, factors)
    rates = {id(p): g["lr"] for g in optimizer.param_groups for p in g["params"]}
    found = {name: rates[id(p)] for name, p in network.named_parameters()}
    assert found == {"0.weight": RATE * 0.1, "0.bias": 0, "1.weight": RATE, "1.bias": RATE}
    set_rate(optimizer, 1.0)
    assert sorted(group["lr"] for group in optimizer.param_groups) == [0, 0.1, 1, 1]
    assert sorted(group["factor"] for group in optimizer.param_groups) == [0, 0.1, 1, 1]
    before = {name: p.detach().clone() for name, p in network.named_parameters()}
    for parameter in network.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    moved = {name: (before[name] - p).item() for name, p in network.named_parameters()}
    assert moved == pytest.approx({"0.weight": 0.1, "0.bias": 0, "1.weight": 1, "1.bias": 1})


def test_a_factor_of_no_parameter_is_a_mistake() -> None:
    with pytest.raises(ValueError, match=r"no parameter nothing\.weight"):
        build_optimizer(nn.Conv2d(1, 1, 1), Train(), {"nothing.weight": 0.5})


def test_frozen_weights_are_left_out() -> None:
    network = nn.Conv2d(2, 1, 1)
    network.weight.requires_grad = False
    optimizer = build_optimizer(network, Train())
    assert [p is network.bias for g in optimizer.param_groups for p in g["params"]] == [True]
    network.requires_grad_(False)
    with pytest.raises(TrainingError, match="every weight of the network is frozen"):
        build_optimizer(network, Train())


def test_rate_is_set_everywhere() -> None:
    optimizer = build_optimizer(nn.Conv2d(2, 1, 1), Train())
    set_rate(optimizer, 0.25)
    assert [group["lr"] for group in optimizer.param_groups] == [0.25, 0.25]
