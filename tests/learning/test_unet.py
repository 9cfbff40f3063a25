"""The U-Net: structure, counts and first outputs by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import nn

from pipeline.config.network import UNet
from pipeline.learning.unet import ConfigurableUNet, set_prior


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"depth": 1},
        {"width": 3, "growth": 1.5, "depth": 2},
        {"convolutions": 1},
        {"normalisation": "group", "group_size": 2},
        {"normalisation": "instance"},
        {"normalisation": "none"},
        {"activation": "silu"},
        {"dropout": 0.2},
    ],
)
def test_output_has_a_channel_per_class_at_input_resolution(change: dict[str, Any]) -> None:
    settings = UNet(**{"width": 4, "depth": 3, **change})
    network = ConfigurableUNet(settings, in_channels=5, classes=3)
    step = 2 ** (settings.depth - 1)
    assert network(torch.randn(2, 5, 4 * step, 8 * step)).shape == (2, 3, 4 * step, 8 * step)


def test_widths_grow_by_the_factor() -> None:
    assert UNet(width=16, growth=2, depth=4).widths() == (16, 32, 64, 128)
    assert UNet(width=10, growth=1.5, depth=3).widths() == (10, 15, 22)


def test_number_of_weights_by_hand() -> None:
    network = ConfigurableUNet(
        UNet(width=2, depth=2, convolutions=1, normalisation="none"), in_channels=3, classes=1
    )
    down = (3 * 2 * 9 + 2) + (2 * 4 * 9 + 4)
    up = (4 * 2 + 2) + (4 * 2 * 9 + 2)
    assert sum(p.numel() for p in network.parameters()) == down + up + (2 + 1)


def test_first_weights_follow_rule_and_activation() -> None:
    """Between levels and at the end nothing bends the values: the gain is 1 there."""
    torch.manual_seed(0)
    settings = UNet(width=64, depth=2, activation="tanh", initialisation="he_normal")
    network = ConfigurableUNet(settings, 4, 8)
    deviations = {
        "down.0.0.weight": 5 / 3 / math.sqrt(4 * 9),
        "up.0.0.weight": 5 / 3 / math.sqrt(128 * 9),
        "narrow.0.weight": 1 / math.sqrt(128),
        "head.weight": 1 / math.sqrt(64),
    }
    for name, deviation in deviations.items():
        assert network.get_parameter(name).std().item() == pytest.approx(deviation, rel=0.08)


def test_prior_is_the_first_answer() -> None:
    head = nn.Conv2d(2, 2, 1)
    nn.init.zeros_(head.weight)
    set_prior(head, [0.25, 0.0])
    probability = head(torch.randn(1, 2, 3, 3)).sigmoid()
    assert torch.allclose(probability[:, 0], torch.tensor(0.25))
    assert torch.allclose(probability[:, 1], torch.tensor(0.001))
    with pytest.raises(ValueError, match="1 class shares"):
        set_prior(head, [0.5])


def test_every_input_pixel_matters_as_far_as_the_levels_reach() -> None:
    torch.manual_seed(1)
    network = ConfigurableUNet(UNet(width=4, depth=3, activation="elu"), 1, 1).eval()
    inputs = torch.randn(1, 1, 32, 32, requires_grad=True)
    network(inputs)[0, 0, 16, 16].backward()
    assert inputs.grad is not None
    rows = inputs.grad[0, 0].abs().sum(1).nonzero().flatten()
    # One level alone sees two pixels each way; three levels see beyond ten.
    assert rows.min() < 6
    assert rows.max() > 26
