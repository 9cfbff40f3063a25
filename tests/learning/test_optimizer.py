"""Optimizers and the moving average of weights."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from pipeline.config.train import Train
from pipeline.learning.optimizer import Average, build_optimizer, set_rate


@pytest.mark.parametrize("name", ["sgd", "adam", "adamw", "nadam"])
def test_each_optimizer_lowers_a_loss_and_spares_biases(name: Any) -> None:
    network = nn.Conv2d(2, 1, 1)
    optimizer = build_optimizer(network, Train(optimizer=name, rate=0.05, decay=0.1))
    decays = {group["weight_decay"]: group["params"] for group in optimizer.param_groups}
    assert decays[0.0][0] is network.bias
    assert decays[0.1][0] is network.weight
    inputs = torch.ones(1, 2, 3, 3)
    before = (network(inputs) - 3).square().mean().item()
    for _ in range(20):
        loss = (network(inputs) - 3).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < before / 2


def test_rate_is_set_everywhere() -> None:
    optimizer = build_optimizer(nn.Conv2d(2, 1, 1), Train())
    set_rate(optimizer, 0.25)
    assert [group["lr"] for group in optimizer.param_groups] == [0.25, 0.25]


def test_average_by_hand() -> None:
    network = nn.Conv2d(1, 1, 1, bias=False)
    nn.init.constant_(network.weight, 1.0)
    average = Average(network, 0.9)
    nn.init.constant_(network.weight, 2.0)
    average.update(1)  # decay 2 / 11
    assert average.network.get_parameter("weight").item() == pytest.approx(1 + 9 / 11)
    average.update(1000)  # decay .9
    assert average.network.get_parameter("weight").item() == pytest.approx(
        0.9 * (1 + 9 / 11) + 0.1 * 2
    )


def test_average_holds_norm_statistics_and_is_off_at_zero() -> None:
    network = nn.BatchNorm2d(1)
    average = Average(network, 0.5)
    network.running_mean = torch.ones(1)
    average.update(10**6)
    assert average.network.get_buffer("running_mean").item() == 0.5
    assert Average(network, 0.0).network is network
