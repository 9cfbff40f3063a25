"""Averages of weights, by hand."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from pipeline.learning.average import Average


def _network(value: float) -> nn.Conv2d:
    network = nn.Conv2d(1, 1, 1, bias=False)
    nn.init.constant_(network.weight, value)
    return network


def _weight(average: Average) -> float:
    return average.network.get_parameter("weight").item()


def test_moving_average_by_hand() -> None:
    network = _network(1.0)
    average = Average(network, decay=0.25)
    nn.init.constant_(network.weight, 2.0)
    average.update(0.0)  # decay 2 / 11
    assert _weight(average) == pytest.approx(1 + 9 / 11)
    average.update(0.0)  # decay 3 / 12, which is the configured one
    assert _weight(average) == pytest.approx(0.25 * (1 + 9 / 11) + 0.75 * 2)
    average.update(0.0)  # and stays
    assert _weight(average) == pytest.approx(0.25**2 * (1 + 9 / 11) + 0.25 * 1.5 + 0.75 * 2)


def test_even_average_of_the_end_by_hand() -> None:
    network = _network(0.0)
    average = Average(network, swa=0.3)
    for step in range(10):
        assert (average.network is network) == (step <= 7)
        nn.init.constant_(network.weight, 10.0**step)
        average.update(step / 10)
    assert _weight(average) == pytest.approx((1e7 + 1e8 + 1e9) / 3)


@pytest.mark.parametrize("kind", [{"decay": 0.5}, {"swa": 0.9}])
def test_statistics_of_norms_are_averaged_along(kind: dict[str, float]) -> None:
    network = nn.BatchNorm2d(1)
    average = Average(network, **kind)
    found = []
    for value in (1.0, 3.0):
        network.running_mean = torch.full((1,), value)
        average.update(0.5)
        found.append(average.network.get_buffer("running_mean").item())
    # Decays 2 / 11 and 3 / 12 from 0, or the mean of 1 and 3.
    assert found == pytest.approx([9 / 11, 9 / 44 + 9 / 4] if "decay" in kind else [1, 2])


def test_off_is_the_network_itself() -> None:
    network = _network(1.0)
    average = Average(network)
    average.update(1.0)
    assert average.network is network
    assert average.to_state() == {"count": 0, "network": {}}


@pytest.mark.parametrize("kind", [{"decay": 0.5}, {"swa": 1.0 - 1e-6}])
def test_state_survives(kind: dict[str, float]) -> None:
    network = _network(1.0)
    one, other = Average(network, **kind), Average(network, **kind)
    nn.init.constant_(network.weight, 4.0)
    one.update(0.5)
    other.restore(one.to_state())
    nn.init.constant_(network.weight, 5.0)
    one.update(0.6)
    other.update(0.6)
    assert _weight(one) == _weight(other) != 5
