"""Blocks of the U-Net: every option changes what is computed, by the amount worked out by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from scipy.integrate import quad
from torch import nn

from pipeline.config.network import UNet
from pipeline.learning.blocks import activation, entrances, gain, initialise, level

AT_ONE = {
    "relu": (1.0, 0.0),
    "leaky_relu": (1.0, -0.01),
    "prelu": (1.0, -0.25),
    "elu": (1.0, math.exp(-1) - 1),
    "silu": (1 / (1 + math.exp(-1)), -1 / (1 + math.exp(1))),
    "gelu": (0.8413447, -0.1586553),
    "tanh": (math.tanh(1), -math.tanh(1)),
    "sigmoid": (1 / (1 + math.exp(-1)), 1 / (1 + math.exp(1))),
}


@pytest.mark.parametrize("name", AT_ONE)
def test_activation_at_one_and_minus_one(name: str) -> None:
    made = activation(name, 1)(torch.tensor([1.0, -1.0]).view(2, 1, 1, 1))
    assert made.flatten().tolist() == pytest.approx(AT_ONE[name], abs=1e-6)


@pytest.mark.parametrize("name", AT_ONE)
def test_level_ends_with_its_activation(name: Any) -> None:
    made = level(UNet(activation=name, normalisation="none", convolutions=1), 1, 1)
    with torch.no_grad():
        made.get_parameter("0.weight").zero_()[0, 0, 1, 1] = 1.0
        made.get_parameter("0.bias").zero_()
    values = made(torch.tensor([[[[1.0, -1.0]]]]))
    assert values.flatten().tolist() == pytest.approx(AT_ONE[name], abs=1e-6)


def test_slopes_of_a_prelu_are_trained_per_channel() -> None:
    layer = activation("prelu", 3)
    layer(-torch.ones(1, 3, 1, 1)).sum().backward()
    assert [p.grad.tolist() for p in layer.parameters() if p.grad is not None] == [[-1.0] * 3]


def _normalised(inputs: torch.Tensor, **settings: Any) -> torch.Tensor:
    """What the norm of a level gives."""
    made = level(UNet(width=4, convolutions=1, **settings), 4, 4)
    result: torch.Tensor = made.get_submodule("1")(inputs)
    return result


@pytest.mark.parametrize(
    ("settings", "axes"),
    [
        ({"normalisation": "batch"}, (0, 3, 4)),
        ({"normalisation": "group", "group_size": 2}, (2, 3, 4)),
        ({"normalisation": "group", "group_size": 4}, (1, 2, 3, 4)),
        ({"normalisation": "instance"}, (3, 4)),
    ],
)
def test_norm_has_mean_0_and_deviation_1_over_its_own_axes(
    settings: dict[str, Any], axes: tuple[int, ...]
) -> None:
    """Axes are (batch, group of two, channel in it, row, column)."""
    torch.manual_seed(0)
    inputs = torch.randn(3, 4, 8, 8) * torch.tensor([1.0, 2.0, 3.0, 4.0])[:, None, None] + 5
    inputs *= torch.tensor([1.0, 5.0, 9.0])[:, None, None, None]
    values = _normalised(inputs, **settings).view(3, 2, 2, 8, 8)
    assert values.mean(axes).abs().max() < 1e-5
    assert (values.var(axes, correction=0) - 1).abs().max() < 1e-3
    finer = values.view(3, 2, 2, 64).mean(3)
    assert settings["normalisation"] == "instance" or finer.abs().max() > 0.1


def test_without_norm_a_convolution_has_a_bias() -> None:
    inputs = torch.randn(1, 4, 3, 3)
    assert torch.equal(_normalised(inputs, normalisation="none"), inputs)
    for settings, count in ((UNet(normalisation="none"), 4), (UNet(), 6)):
        # Two convolutions with biases, or two without and two norms with factor and offset.
        assert len(list(level(settings, 4, 4).parameters())) == count


@pytest.mark.parametrize("kind", ["element", "channel"])
def test_dropout_drops_its_share_of_its_kind(kind: Any) -> None:
    torch.manual_seed(0)
    made = level(UNet(dropout=0.25, dropout_kind=kind, convolutions=1), 4, 64)
    dropped = made.get_submodule("3")(torch.ones(64, 64, 4, 4)) == 0
    assert dropped.float().mean().item() == pytest.approx(0.25, abs=0.02)
    whole = (dropped.all(dim=(2, 3)) == dropped.any(dim=(2, 3))).all()
    assert whole.item() == (kind == "channel")
    assert not (made.eval().get_submodule("3")(torch.ones(1, 64, 4, 4)) == 0).any()


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "tanh", "sigmoid", "linear"])
def test_gain_is_that_of_torch(name: Any) -> None:
    assert gain(name) == pytest.approx(nn.init.calculate_gain(name))


def test_gain_of_a_prelu_is_that_of_its_first_slope() -> None:
    assert gain("prelu") == pytest.approx(math.sqrt(2 / (1 + 0.25**2)))


@pytest.mark.parametrize("name", ["relu", "elu", "silu", "gelu"])
def test_gain_keeps_the_second_moment(name: str) -> None:
    """He's rule, integrated over the normal density."""
    layer = activation(name, 1)

    def density(z: float) -> float:
        value = layer(torch.tensor([z], dtype=torch.float64)).item()
        return float(value**2 * math.exp(-z * z / 2) / math.sqrt(2 * math.pi))

    moment = quad(density, -8, 8, points=[0.0])[0]
    assert gain(name) == pytest.approx(1 / math.sqrt(moment), rel=1e-5)


@pytest.mark.parametrize("name", ["relu", "prelu", "tanh", "sigmoid", "linear"])
@pytest.mark.parametrize(
    ("rule", "square", "bounded"),
    [
        ("he_uniform", 1 / 36, True),
        ("he_normal", 1 / 36, False),
        ("xavier_uniform", 2 / (36 + 576), True),
        ("xavier_normal", 2 / (36 + 576), False),
    ],
)
def test_initialisation_has_its_deviation(
    rule: str, square: float, bounded: bool, name: str
) -> None:
    torch.manual_seed(0)
    layer = nn.Conv2d(4, 64, 3)
    initialise(layer, rule, name)
    deviation = gain(name) * math.sqrt(square)
    assert layer.weight.std().item() == pytest.approx(deviation, rel=0.05)
    # A uniform distribution ends at the root of 3 deviations.
    assert (layer.weight.abs().max().item() <= 1.7321 * deviation) == bounded
    assert layer.bias is not None
    assert not layer.bias.any()


def _ones(made: nn.Module) -> nn.Module:
    """With all weights 1 and all biases 0."""
    with torch.no_grad():
        for name, weight in made.named_parameters():
            weight.fill_(0.0 if name.endswith("bias") else 1.0)
    return made


BARE = UNet(normalisation="none", activation="elu", kernel=1, convolutions=2)


def test_a_residual_level_adds_what_came_in_before_its_last_activation() -> None:
    settings = BARE.model_copy(update={"block": "residual"})
    inputs = torch.tensor([-3.0, 2.0]).view(1, 2, 1, 1)
    # Sum of the channels, bent, once more as a sum of both, not bent: 2 f(-1).
    body = 2 * (math.exp(-1) - 1)
    found = _ones(level(settings, 2, 2))(inputs).flatten().tolist()
    assert found == pytest.approx([math.exp(body - 3) - 1, body + 2])
    # Other numbers of channels, or bands that come in: the shortcut sums, too.
    for channels, entering in ((3, False), (2, True)):
        made = _ones(level(settings, 2, channels, entering))
        summed = channels * (math.exp(-1) - 1) - 1
        expected = [math.exp(summed) - 1] * channels
        assert made(inputs).flatten().tolist() == pytest.approx(expected)


def test_a_dense_level_sees_what_came_in_and_all_new_features() -> None:
    made = _ones(level(BARE.model_copy(update={"block": "dense"}), 1, 4))
    # 1; its two new features; 1 + 1 + 1, twice; all of 1, 1, 1, 3, 3 for each of four channels.
    assert made(torch.ones(1, 1, 1, 1)).flatten().tolist() == [9.0] * 4


@pytest.mark.parametrize(
    ("change", "width", "new"),
    [
        ({}, 16, 8),
        ({"convolutions": 3}, 16, 6),
        ({"convolutions": 4}, 2, 1),
        ({"normalisation": "group", "group_size": 8, "convolutions": 3}, 16, 8),
        ({"normalisation": "group", "group_size": 8, "convolutions": 3}, 32, 16),
        ({"normalisation": "group", "group_size": 16, "convolutions": 4}, 16, 16),
    ],
)
def test_new_features_of_a_dense_level_make_whole_groups(
    change: dict[str, Any], width: int, new: int
) -> None:
    settings = UNet(block="dense", **change)
    assert settings.new_channels(width) == new
    made = level(settings, 5, width)
    assert made.get_parameter("grow.0.0.weight").shape[:2] == (new, 5)
    seen = 5 + settings.convolutions * new
    assert made.get_parameter("transition.0.weight").shape == (width, seen, 1, 1)


@pytest.mark.parametrize("block", ["plain", "residual", "dense"])
@pytest.mark.parametrize("convolutions", [1, 3])
def test_entrances_are_all_that_see_what_comes_in(block: Any, convolutions: int) -> None:
    """What comes in is last among their channels: without it, all of them give the same."""
    torch.manual_seed(0)
    settings = BARE.model_copy(update={"block": block, "convolutions": convolutions})
    made = level(settings, 5, 4)
    inputs = torch.randn(1, 5, 4, 4)
    assert not torch.equal(made(inputs), made(2 * inputs))
    names = entrances(made)
    assert len(set(names)) == {"plain": 1, "residual": 2, "dense": convolutions + 1}[block]
    with torch.no_grad():
        for name in names:
            made.get_parameter(f"{name}.weight")[:, -5:] = 0
    assert torch.equal(made(inputs), made(2 * inputs))


@pytest.mark.parametrize("block", ["residual", "dense"])
@pytest.mark.parametrize("kind", ["element", "channel"])
def test_dropout_is_the_last_of_every_block(block: Any, kind: Any) -> None:
    torch.manual_seed(0)
    settings = BARE.model_copy(update={"block": block, "dropout": 0.25, "dropout_kind": kind})
    made = level(settings, 4, 64)
    dropped = made(torch.randn(64, 4, 2, 2)) == 0
    assert dropped.float().mean().item() == pytest.approx(0.25, abs=0.02)
    whole = (dropped.all(dim=(2, 3)) == dropped.any(dim=(2, 3))).all()
    assert whole.item() == (kind == "channel")
    assert made.eval()(torch.randn(1, 4, 2, 2)).all()


@pytest.mark.parametrize(("block", "norms"), [("plain", 2), ("residual", 3), ("dense", 3)])
def test_every_convolution_of_a_block_has_its_norm(block: Any, norms: int) -> None:
    made = level(UNet(block=block, normalisation="group", group_size=2), 3, 4)
    assert sum(isinstance(module, nn.GroupNorm) for module in made.modules()) == norms
    assert not [name for name, _ in made.named_parameters() if name.endswith("0.bias")]
