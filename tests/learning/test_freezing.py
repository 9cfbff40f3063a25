"""Frozen modules stay in evaluation mode; what is frozen, and how fast the rest learns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from pipeline.config.network import LibraryNetwork, UNet
from pipeline.config.train import Train
from pipeline.config.transfer import Transfer
from pipeline.errors import ConfigError
from pipeline.learning.freezing import freeze, is_frozen, rate_factors, set_training
from pipeline.learning.networks import build
from pipeline.learning.optimizer import build_optimizer


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


def _unet() -> nn.Module:
    torch.manual_seed(0)
    return build(UNet(width=4, depth=3), 2, 1)


def _frozen(trained: Any, network: nn.Module | None = None) -> set[str]:
    """Blocks that are frozen as a whole; none may be frozen in part."""
    network = network or _unet()
    freeze(network, Transfer(source=Path("x"), trained=trained))
    blocks: dict[str, set[bool]] = {}
    for name, parameter in network.named_parameters():
        block = ".".join(name.split(".")[:2]).replace("narrow", "up")
        blocks.setdefault(block, set()).add(parameter.requires_grad)
    assert all(len(states) == 1 for states in blocks.values())
    return {name for name, states in blocks.items() if states == {False}}


def test_what_is_frozen() -> None:
    assert _frozen("all") == set()
    assert _frozen("decoder") == {"down.0", "down.1", "down.2"}
    assert _frozen(1) == {"down.0", "down.1", "down.2", "up.0"}
    assert _frozen(4) == {"down.0"}
    with pytest.raises(ConfigError, match=r"transfer\.trained: 5 leaves none"):
        _frozen(5)


def test_the_encoder_of_a_library_network_is_frozen() -> None:
    network = build(LibraryNetwork(encoder="resnet18"), 2, 1)
    freeze(network, Transfer(source=Path("x"), trained="decoder"))
    free = {name.split(".")[0] for name, p in network.named_parameters() if p.requires_grad}
    kept = {name.split(".")[0] for name, p in network.named_parameters() if not p.requires_grad}
    assert (free, kept) == ({"decoder", "segmentation_head"}, {"encoder"})


def test_factors_by_hand() -> None:
    network = _unet()
    settings = Transfer(source=Path("x"), rate_factor=0.5, depth_factor=0.1)
    names = {name for name, _ in network.named_parameters()}
    found = rate_factors(network, settings, names - {"head.weight"})
    assert set(found) == names
    assert found["head.weight"] == 1
    assert found["head.bias"] == 0.5
    assert found["up.1.0.weight"] == pytest.approx(0.05)
    assert found["down.0.0.weight"] == pytest.approx(0.5e-5)


def test_frozen_parameters_have_no_factor() -> None:
    network = _unet()
    settings = Transfer(source=Path("x"), trained="decoder")
    freeze(network, settings)
    assert not any(name.startswith("down") for name in rate_factors(network, settings, ()))


def _stepped(trained: Any, **factors: float) -> dict[str, Tensor]:
    """How far each tensor of a network moves in one step."""
    network = _unet()
    settings = Transfer(source=Path("x"), trained=trained, **factors)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    names = [name for name, _ in network.named_parameters()]
    freeze(network, settings)
    recipe = Train(optimizer="adamw", rate=0.01, decay=0.1)
    optimizer = build_optimizer(network, recipe, rate_factors(network, settings, names))
    set_training(network)
    network(torch.randn(2, 2, 8, 8) + 1).square().mean().backward()
    optimizer.step()
    return {name: (t - before[name]).abs().float() for name, t in network.state_dict().items()}


def test_a_step_moves_nothing_of_the_encoder_if_it_is_frozen() -> None:
    """Not even by weight decay, and not the norms' statistics."""
    moved = _stepped("decoder")
    assert {name.split(".")[0] for name, far in moved.items() if far.max() > 0} == {
        "head",
        "narrow",
        "up",
    }
    assert _stepped("all")["down.0.0.weight"].max() > 0
    assert _stepped("all")["down.0.1.running_mean"].max() > 0


def test_factors_shorten_the_step() -> None:
    """The first step of Adam is as long as the rate, whatever the gradient."""
    plain, half, deep = (
        _stepped("all"),
        _stepped("all", rate_factor=0.5),
        _stepped("all", depth_factor=0.5),
    )
    for name, expected in (("head.weight", 1.0), ("up.1.3.weight", 0.5), ("up.0.0.weight", 0.25)):
        torch.testing.assert_close(half[name], 0.5 * plain[name], rtol=1e-3, atol=1e-6)
        torch.testing.assert_close(deep[name], expected * plain[name], rtol=1e-3, atol=1e-6)
