"""Every combination of the keys of a U-Net works; the defaults give what they always gave."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, max_pool2d

from pipeline.config.network import UNet
from pipeline.learning.blocks import gain
from pipeline.learning.networks import build
from pipeline.learning.summary import costs
from pipeline.learning.unet import ConfigurableUNet

ONE = UNet(width=2, depth=2, convolutions=1, activation="elu", normalisation="none")


@pytest.mark.parametrize(
    ("change", "levels", "names", "total", "drawn", "answer"),
    [
        ({}, None, "6f77ac41ac68091c", 510976.713036, 0.6456907, 16.195588),
        (
            {
                "initialisation": "he_normal",
                "activation": "prelu",
                "normalisation": "group",
                "group_size": 2,
                "dropout": 0.1,
            },
            None,
            "5dc9feb2dd72582d",
            447956.240998,
            0.2618412,
            121.362367,
        ),
        (
            {
                "initialisation": "xavier_uniform",
                "normalisation": "none",
                "activation": "tanh",
                "convolutions": 3,
            },
            None,
            "fe93cd0cb6304eb2",
            962789.103736,
            0.4724374,
            542.829039,
        ),
        (
            {"initialisation": "xavier_normal", "entry": "depth", "growth": 1.5},
            (1, 2, 2),
            "0e6af88ca25835f7",
            106863.675222,
            0.3635175,
            -7.434722,
        ),
        ({"depth": 1}, None, "14bcba466c7a4bbe", 3789.231237, 0.2578198, -455.624207),
    ],
)
def test_plain_network_is_the_one_that_was_recorded(
    change: dict[str, Any],
    levels: tuple[int, ...] | None,
    names: str,
    total: float,
    drawn: float,
    answer: float,
) -> None:
    """Names, shapes, weights, random stream and answers, from before there were other ones."""
    torch.manual_seed(5)
    network = build(UNet(**{"width": 4, "depth": 3, **change}), 3, 2, levels=levels)
    assert torch.rand(1).item() == pytest.approx(drawn, rel=1e-6)
    state = network.state_dict()
    listed = "\n".join(f"{name} {tuple(tensor.shape)}" for name, tensor in state.items())
    assert hashlib.sha256(listed.encode()).hexdigest()[:16] == names
    found = sum(
        (t.double().abs() * torch.arange(1, t.numel() + 1).view(t.shape)).sum().item()
        for t in state.values()
    )
    assert found == pytest.approx(total, rel=1e-6)
    inputs = torch.linspace(-1, 1, 3 * 16 * 16).view(1, 3, 16, 16)
    assert network.eval()(inputs).double().sum().item() == pytest.approx(answer, rel=1e-4)


def _networks() -> st.SearchStrategy[UNet]:
    """The whole section, tiny."""
    group = st.sampled_from([1, 2, 3])
    return group.flatmap(
        lambda size: st.builds(
            UNet,
            width=st.sampled_from([size * factor for factor in (2, 3, 4) if size * factor < 9]),
            growth=st.sampled_from([1.0, 2.0]),
            depth=st.integers(1, 4),
            convolutions=st.integers(1, 4),
            block=st.sampled_from(["plain", "residual", "dense"]),
            kernel=st.sampled_from([1, 3, 5, 7]),
            down=st.sampled_from(["max", "average", "stride"]),
            up=st.sampled_from(["bilinear", "nearest", "transposed"]),
            skip=st.sampled_from(["concatenate", "sum"]),
            attention=st.sampled_from(["none", "gate", "squeeze"]),
            normalisation=st.sampled_from(["batch", "group", "instance", "none"]),
            group_size=st.just(size),
            activation=st.sampled_from(
                ["relu", "leaky_relu", "prelu", "elu", "silu", "gelu", "tanh", "sigmoid"]
            ),
            dropout=st.sampled_from([0.0, 0.3]),
            dropout_kind=st.sampled_from(["element", "channel"]),
            initialisation=st.sampled_from(
                ["he_uniform", "he_normal", "xavier_uniform", "xavier_normal"]
            ),
            entry=st.sampled_from(["patch", "depth"]),
        )
    )


@settings(max_examples=100, deadline=None)
@given(network=_networks(), data=st.data(), training=st.booleans())
def test_every_combination_gives_logits_and_gradients(
    network: UNet, data: st.DataObject, training: bool
) -> None:
    levels = None
    if network.entry == "depth":
        levels = data.draw(st.tuples(*[st.integers(0, network.depth - 1)] * 3))
    torch.manual_seed(0)
    made = build(network, 3, 2, levels=levels).train(training)
    step = network.coarsest()
    inputs = torch.randn(2, 3, 2 * step, 4 * step, requires_grad=True)
    logits = made(inputs)
    assert logits.shape == (2, 2, 2 * step, 4 * step)
    assert logits.isfinite().all()
    logits.square().sum().backward()
    assert inputs.grad is not None
    for name, weight in made.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name
    # What is smooth and free of norms that take it away again must reach every weight.
    if network.normalisation == "none" and network.activation in ("silu", "gelu", "tanh", "elu"):
        dropped = training and network.dropout > 0
        idle = [n for n, p in made.named_parameters() if p.grad is None or not p.grad.any()]
        assert dropped or not idle
    again = build(network, 3, 2, levels=levels)
    again.load_state_dict(made.state_dict())
    assert torch.equal(again.eval()(inputs), made.eval()(inputs))


@settings(max_examples=15, deadline=None)
@given(network=_networks())
def test_every_combination_has_costs_and_keeps_its_layout(network: UNet) -> None:
    """No layer pays for another layout of what the one before it gave.

    But for what torch's instance norm gives, which has the other layout, and for single channels,
    which have both.
    """
    assume(network.normalisation != "instance")
    assume(network.block != "dense" or network.new_channels(network.width) > 1)
    network = network.model_copy(update={"entry": "patch"})
    made = build(network, 3, 2)
    side = 2 * network.coarsest()
    found = costs(made, 3, side)
    assert found.parameters == sum(weight.numel() for weight in made.parameters())
    assert min(found.multiply_adds, found.activation_bytes) > 0
    last = torch.channels_last
    made = made.to(memory_format=last)
    wrong: list[str] = []
    for name, layer in made.named_modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            layer.register_forward_hook(
                lambda _, inputs, output, name=name: wrong.extend(
                    name
                    for tensor in (*inputs, output)
                    if not tensor.is_contiguous(memory_format=last)
                )
            )
    made(torch.randn(2, 3, side, side).contiguous(memory_format=last))
    assert not wrong


@pytest.mark.parametrize("down", ["max", "average", "stride"])
@pytest.mark.parametrize("up", ["bilinear", "nearest", "transposed"])
@pytest.mark.parametrize("skip", ["concatenate", "sum"])
def test_ways_down_up_and_across_written_out(down: Any, up: Any, skip: Any) -> None:
    torch.manual_seed(0)
    network = ConfigurableUNet(
        ONE.model_copy(update={"down": down, "up": up, "skip": skip}), 3, 1
    ).eval()
    inputs = torch.randn(1, 3, 8, 8)
    first = network.down[0](inputs)
    if down == "stride":
        weight, bias = (network.get_parameter(f"halve.0.{name}") for name in ("weight", "bias"))
        # Each 2x2 square of pixels, times a 2x2 filter.
        squares = first.view(1, 2, 4, 2, 4, 2)
        half = torch.einsum("ncyixj,ocij->noyx", squares, weight) + bias.view(1, -1, 1, 1)
    else:
        half = max_pool2d(first, 2) if down == "max" else avg_pool2d(first, 2)
    lowest = network.down[1](half)
    weight, bias = (network.get_parameter(f"narrow.0.{name}") for name in ("weight", "bias"))
    if up == "transposed":
        squares = torch.einsum("ncyx,coij->noyixj", lowest, weight)
        larger = squares.reshape(1, 2, 8, 8) + bias.view(1, -1, 1, 1)
    else:
        narrow = torch.einsum("ncyx,oc->noyx", lowest, weight[:, :, 0, 0])
        larger = interpolate(narrow + bias.view(1, -1, 1, 1), scale_factor=2, mode=up)
    met = first + larger if skip == "sum" else torch.cat([first, larger], 1)
    expected = network.head(network.up[0](met))
    torch.testing.assert_close(network(inputs), expected)


def test_levels_without_a_counterpart_have_no_gate_but_are_squeezed() -> None:
    deep = {"depth": 4, "entry": "depth"}
    gated = ConfigurableUNet(
        ONE.model_copy(update={**deep, "attention": "gate"}), 2, 1, levels=(2, 2)
    )
    assert (len(gated.up), len(gated.gate), len(gated.squeeze)) == (3, 1, 0)
    assert gated.get_parameter("gate.0.skip.weight").shape == (4, 8, 1, 1)
    squeezed = ConfigurableUNet(
        ONE.model_copy(update={**deep, "attention": "squeeze"}), 2, 1, levels=(2, 2)
    )
    assert (len(squeezed.gate), len(squeezed.squeeze)) == (0, 3)


def test_a_closed_gate_lets_nothing_through() -> None:
    """Then what the first level saw reaches the output by way of the level below alone."""
    torch.manual_seed(0)
    network = ConfigurableUNet(ONE.model_copy(update={"attention": "gate"}), 1, 1)
    with torch.no_grad():
        network.get_parameter("gate.0.weigh.bias").fill_(-1e9)
    met: list[Tensor] = []
    network.up[0].register_forward_hook(lambda _, inputs, __: met.append(inputs[0]))
    network(torch.randn(1, 1, 4, 4))
    assert not met[0][:, :2].any()
    assert met[0][:, 2:].all()


@pytest.mark.parametrize("rule", ["he_normal", "xavier_normal"])
def test_first_weights_of_all_layers(rule: Any) -> None:
    torch.manual_seed(0)
    network = ConfigurableUNet(
        UNet(
            width=64,
            depth=2,
            block="residual",
            kernel=5,
            down="stride",
            up="transposed",
            attention="gate",
            activation="relu",
            normalisation="none",
            initialisation=rule,
        ),
        16,
        8,
    )
    # Gain, values that an output is made of, and outputs that a value goes into.
    rows = {
        "down.0.body.0": (gain("relu"), 16 * 25, 64 * 25),
        "down.0.body.3": (1.0, 64 * 25, 64 * 25),
        "down.0.shortcut.0": (1.0, 16, 64),
        "halve.0": (1.0, 64 * 4, 64),
        "narrow.0": (1.0, 128, 64 * 4),
        "gate.0.skip": (1.0, 64, 32),
        "gate.0.signal": (1.0, 64, 32),
        "head": (1.0, 64, 8),
    }
    for name, (factor, into, out) in rows.items():
        square = 1 / into if rule == "he_normal" else 2 / (into + out)
        found = network.get_parameter(f"{name}.weight").std().item()
        assert found == pytest.approx(factor * square**0.5, rel=0.09), name
    for name, bias in network.named_parameters():
        assert not name.endswith("bias") or not bias.any()


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"block": "residual"},
        {"block": "dense", "convolutions": 4},
        {"down": "stride", "up": "transposed"},
    ],
)
def test_first_answers_are_as_large_as_the_inputs(change: dict[str, Any]) -> None:
    """Without norms, first weights alone must keep values from growing or vanishing."""
    torch.manual_seed(0)
    settings_ = UNet(**{"width": 32, "depth": 4, "normalisation": "none", **change})
    network = ConfigurableUNet(settings_, 16, 16)
    size = network(torch.randn(2, 16, 64, 64)).std().item()
    assert 0.1 < size < 6


@pytest.mark.parametrize("block", ["residual", "dense"])
def test_no_block_widens_a_bfloat16_pass(block: Any) -> None:
    network = ConfigurableUNet(ONE.model_copy(update={"block": block}), 2, 1)
    types: list[torch.dtype] = []
    for down in network.down:
        down.register_forward_hook(lambda _, __, output: types.append(output.dtype))
    with torch.autocast("cpu", torch.bfloat16):
        network(torch.randn(1, 2, 8, 8))
    assert types == [torch.bfloat16] * 2
