"""Networks by name, and errors that give the nearest name."""

from __future__ import annotations

import pytest
import torch

from pipeline.config.network import LibraryNetwork, UNet
from pipeline.errors import ConfigError
from pipeline.learning.networks import build, parameters_of


def test_own_unet_with_prior() -> None:
    network = build(UNet(width=4, depth=2), 20, 2, prior=[0.5, 0.1])
    bias = network.get_parameter("head.bias")
    assert bias.tolist() == pytest.approx([0.0, -2.1972246])
    assert parameters_of(network) == sum(p.numel() for p in network.parameters())


def test_library_network_takes_any_number_of_channels() -> None:
    network = build(LibraryNetwork(architecture="FPN"), 20, 10, prior=[0.2] * 10).eval()
    assert network(torch.randn(1, 20, 64, 64)).shape == (1, 10, 64, 64)
    assert network.get_parameter("segmentation_head.0.bias").tolist() == pytest.approx(
        [-1.386294] * 10
    )


def test_unknown_architecture_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"network\.architecture.*did you mean UnetPlusPlus"):
        build(LibraryNetwork(architecture="UnetPlusPlu"), 3, 1)


def test_unknown_encoder_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"network\.encoder.*resnet18"):
        build(LibraryNetwork(encoder="resnet-18"), 3, 1)
    with pytest.raises(ConfigError, match="known: resnet18"):
        build(LibraryNetwork(encoder="???"), 3, 1)


def test_unknown_weights_are_one_clear_error() -> None:
    with pytest.raises(ConfigError, match=r"no-such-weights.*network\.weights"):
        build(LibraryNetwork(weights="no-such-weights"), 3, 1)
