"""Frozen modules stay in evaluation mode."""

from typing import Any

import torch
from torch import nn

from pipeline.learning.freezing import is_frozen, set_training


def _network() -> Any:
    encoder = nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2), nn.Dropout2d(0.5))
    head = nn.Sequential(nn.Conv2d(2, 1, 1), nn.BatchNorm2d(1), nn.Dropout2d(0.5))
    return nn.Sequential(encoder, head)


def test_nothing_frozen_is_plain_training_mode() -> None:
    network = _network().eval()
    set_training(network)
    assert all(module.training for module in network.modules())


def test_frozen_norms_keep_their_statistics_and_others_do_not() -> None:
    network = _network().eval()
    network[0].requires_grad_(False)
    before = {name: value.clone() for name, value in network.named_buffers()}
    set_training(network)
    network(torch.randn(4, 1, 8, 8) + 3)
    after = dict(network.named_buffers())
    assert torch.equal(after["0.1.running_mean"], before["0.1.running_mean"])
    assert torch.equal(after["0.1.running_var"], before["0.1.running_var"])
    assert not torch.equal(after["1.1.running_mean"], before["1.1.running_mean"])


def test_dropout_of_a_frozen_part_is_off_and_that_of_the_rest_is_on() -> None:
    network = _network()
    network[0].requires_grad_(False)
    set_training(network)
    assert [network[0][2].training, network[1][2].training] == [False, True]


def test_a_frozen_part_of_an_unfrozen_module_stays_in_evaluation() -> None:
    network = _network()
    network[0][1].requires_grad_(False)
    set_training(network)
    assert [module.training for module in network[0].children()] == [True, False, True]


def test_a_module_without_parameters_is_not_frozen() -> None:
    assert not is_frozen(nn.Dropout())
    assert is_frozen(nn.Conv2d(1, 1, 1).requires_grad_(False))


def test_what_is_unfrozen_again_trains_again() -> None:
    network = _network().requires_grad_(False)
    set_training(network)
    assert not any(module.training for module in network.modules())
    network.requires_grad_(True)
    set_training(network)
    assert all(module.training for module in network.modules())
