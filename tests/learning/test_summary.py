"""The summary of a tiny U-Net, worked out by hand, and of the library's networks."""

from __future__ import annotations

import pytest
import torch

from pipeline.config.network import LibraryNetwork, UNet
from pipeline.learning.networks import build, parameters_of
from pipeline.learning.receptive_field import receptive_field
from pipeline.learning.summary import (
    ELSEWHERE,
    Costs,
    LayerRow,
    costs,
    summarise,
    summary_text,
)

TINY = UNet(width=2, depth=2, convolutions=1)


def test_tiny_unet_by_hand() -> None:
    summary = summarise(build(TINY, 3, 1), 3, 16)
    assert summary.rows == (
        LayerRow("down.0.0", "Conv2d", (2, 16, 16), 3 * 2 * 9, 256 * 3 * 2 * 9),
        LayerRow("down.0.1", "BatchNorm2d", (2, 16, 16), 4, 0),
        LayerRow("down.0.2", "ReLU", (2, 16, 16), 0, 0),
        LayerRow("down.1.0", "Conv2d", (4, 8, 8), 2 * 4 * 9, 64 * 2 * 4 * 9),
        LayerRow("down.1.1", "BatchNorm2d", (4, 8, 8), 8, 0),
        LayerRow("down.1.2", "ReLU", (4, 8, 8), 0, 0),
        LayerRow("narrow.0", "Conv2d", (2, 8, 8), 4 * 2 + 2, 64 * 4 * 2),
        LayerRow("up.0.0", "Conv2d", (2, 16, 16), 4 * 2 * 9, 256 * 4 * 2 * 9),
        LayerRow("up.0.1", "BatchNorm2d", (2, 16, 16), 4, 0),
        LayerRow("up.0.2", "ReLU", (2, 16, 16), 0, 0),
        LayerRow("head", "Conv2d", (1, 16, 16), 2 + 1, 256 * 2),
    )
    assert summary.parameters == 54 + 4 + 72 + 8 + 10 + 72 + 4 + 3
    assert summary.multiply_adds == 256 * (54 + 72 + 2) + 64 * (72 + 8)
    full, half = 16 * 16, 8 * 8
    kept = (
        3 * full  # the input
        + (2 + 2) * full  # down.0: before the norm, and after norm and activation in place
        + 2 * half  # its maxima
        + (4 + 4) * half  # down.1
        + 4 * full  # what is joined on the way up
        + (2 + 2) * full  # up.0
    )
    places = 2 * half  # of the maxima, 8 bytes each
    assert summary.activation_bytes == 4 * kept + 8 * places
    assert summary.receptive_field == 12


@pytest.mark.parametrize(
    ("change", "levels", "side"),
    [
        # A logit at pixel 2 q sees, by way of the last convolution, 2 q - 1 to 2 q + 1; these lie
        # between pixels q - 1 to q + 1 of the lower level, whose convolution sees q - 2 to q + 2,
        # which are maxima of pixels 2 q - 4 to 2 q + 5. The first convolution adds one each way.
        ({}, None, 12),
        ({"activation": "silu", "normalisation": "none"}, None, 12),
        # No first convolution.
        ({"entry": "depth"}, (1, 1), 10),
        # One coarse channel does not change what the fine one reaches.
        ({"entry": "depth"}, (0, 1), 12),
        # 2 q - 2 to 2 q + 2; q - 2 to q + 1; q - 4 to q + 3; 2 q - 8 to 2 q + 7; two each way.
        ({"convolutions": 2}, None, 20),
        # One level: a convolution of 3 pixels, or three of them.
        ({"depth": 1}, None, 3),
        ({"depth": 1, "convolutions": 3}, None, 7),
        # As two convolutions of 3x3 pixels.
        ({"kernel": 5}, None, 20),
        ({"kernel": 5, "depth": 1}, None, 5),
        # 2 q; between q - 1 and q, and the square of either; nothing is added.
        ({"kernel": 1}, None, 4),
        # A convolution of 2x2 pixels and means of 2x2 pixels see what maxima see.
        ({"down": "stride"}, None, 12),
        ({"down": "average"}, None, 12),
        # 2 q - 1 to 2 q + 1 lie in pixels q - 1 and q, whose convolution sees q - 2 to q + 1: these
        # are of pixels 2 q - 4 to 2 q + 3; one each way.
        ({"up": "nearest"}, None, 10),
        ({"up": "transposed"}, None, 10),
        # All ways through a level but the longest one are shorter.
        ({"block": "dense"}, None, 12),
        ({"block": "dense", "convolutions": 2}, None, 20),
        ({"block": "residual"}, None, 12),
        ({"skip": "sum"}, None, 12),
        # A gate looks at one pixel of the skip and of the level below.
        ({"attention": "gate"}, None, 12),
        # Factors are told from all of a patch; the lowest level has none.
        ({"attention": "squeeze"}, None, None),
        ({"attention": "squeeze", "depth": 1}, None, 3),
    ],
)
def test_receptive_field_by_hand(
    change: dict[str, object], levels: tuple[int, ...] | None, side: int | None
) -> None:
    network = build(TINY.model_copy(update=change), 2, 3, levels=levels)
    assert receptive_field(network, 2) == side


def test_receptive_field_is_what_the_network_itself_depends_on() -> None:
    """Its own gradients, over inputs enough that each pixel is a maximum once."""
    torch.manual_seed(0)
    network = build(UNet(width=2, depth=3, convolutions=1, activation="elu"), 1, 1).eval()
    inputs = torch.randn(32, 1, 64, 64, requires_grad=True)
    network(inputs)[:, 0, 32, 32].sum().backward()
    assert inputs.grad is not None
    for axes in ((0, 1, 2), (0, 1, 3)):
        seen = inputs.grad.abs().sum(axes).nonzero().flatten()
        assert seen[-1] - seen[0] + 1 == receptive_field(network, 1)


def test_far_ends_of_a_deep_network_are_found() -> None:
    """Their gradient is a product of as many small weights as there are layers."""
    deep = UNet(width=2, growth=1, depth=5, convolutions=4)
    # Four convolutions on every level, and on every level but the last once more on the way up.
    reach = sum(4 * 2**level for level in range(5)) + sum(4 * 2**level for level in range(4))
    side = receptive_field(build(deep, 1, 1), 1)
    assert side is not None
    assert 2 * reach < side < 2 * reach + 4 * 2**5


def test_network_is_not_changed() -> None:
    torch.manual_seed(0)
    network = build(TINY, 3, 1).train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    summarise(network, 3, 16)
    assert network.training
    assert all(p.requires_grad and p.grad is None for p in network.parameters())
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert not any(module._forward_hooks for module in network.modules())


def test_entry_at_depth_multiplies_less() -> None:
    """By hand: two of three channels leave level 0 for level 1, of a quarter of the pixels."""
    deep = TINY.model_copy(update={"entry": "depth"})
    patch = summarise(build(TINY, 3, 1), 3, 16)
    depth = summarise(build(deep, 3, 1, levels=(0, 1, 1)), 3, 16)
    assert patch.multiply_adds - depth.multiply_adds == 2 * 9 * (2 * 256 - 4 * 64)


def test_memory_goes_with_area_and_options() -> None:
    def kept(side: int, **change: object) -> int:
        return summarise(build(TINY.model_copy(update=change), 3, 1), 3, side).activation_bytes

    assert kept(32) == 4 * kept(16)
    # Nothing is kept of what comes before a norm; a GELU keeps its own input instead.
    assert kept(16, normalisation="none") < kept(16) < kept(16, activation="gelu")


def test_text_holds_rows_and_totals() -> None:
    summary = summarise(build(TINY, 3, 1), 3, 16)
    lines = summary_text(summary).splitlines()
    assert lines[0].split() == ["layer", "kind", "output", "weights", "multiply-adds"]
    assert lines[2].split() == ["down.0.0", "Conv2d", "2", "x", "16", "x", "16", "54", "13,824"]
    assert len({len(line) for line in lines[:14]}) == 1
    assert lines[-3] == "weights: 227"
    assert "37,888 multiply-adds forward, 0.02 MiB" in lines[-2]
    assert lines[-1] == "a logit depends on 12 x 12 pixels"


def test_library_network_with_a_field_of_its_own() -> None:
    """A ResNet-18 sees 435 pixels; bilinear steps of 32 and 1x1 layers after it add 32."""
    network = build(LibraryNetwork(architecture="Segformer"), 4, 2)
    summary = summarise(network, 4, 64)
    assert summary.parameters == parameters_of(network)
    assert summary.receptive_field == 435 + 32
    first = summary.rows[0]
    assert (first.name, first.shape) == ("encoder.conv1", (64, 32, 32))
    assert first.multiply_adds == 32 * 32 * 64 * 4 * 49


def test_library_network_that_averages_over_the_patch() -> None:
    network = build(LibraryNetwork(architecture="PSPNet"), 4, 2)
    summary = summarise(network, 4, 64)
    assert summary.receptive_field is None
    assert summary.parameters == parameters_of(network)
    unused = [row for row in summary.rows if row.name == ELSEWHERE]
    assert [row.multiply_adds for row in unused] == [0]
    # This architecture leaves the encoder's last two stages out.
    stages = ("encoder.layer3", "encoder.layer4")
    assert unused[0].parameters == sum(
        p.numel() for name, p in network.named_parameters() if name.startswith(stages)
    )
    assert summary_text(summary).endswith("the whole patch (more than 2048 pixels)")


@pytest.mark.parametrize(
    "network", [TINY, UNet(width=4, depth=3, block="dense"), LibraryNetwork(architecture="FPN")]
)
def test_costs_are_those_of_the_summary(network: UNet | LibraryNetwork) -> None:
    """Also of a network that was built without memory for its weights."""
    made = build(network, 3, 2)
    summary = summarise(made, 3, 64)
    found = costs(made, 3, 64)
    assert found == Costs(summary.parameters, summary.multiply_adds, summary.activation_bytes)
    assert sum(row.multiply_adds for row in summary.rows) == summary.multiply_adds
    assert sum(row.parameters for row in summary.rows) == summary.parameters
    with torch.device("meta"):
        assert costs(build(network, 3, 2, prior=[0.1, 0.2]), 3, 64) == found


def test_costs_of_other_ways_by_hand() -> None:
    """2 and 4 channels on 256 and 64 pixels, beside the plain network's."""
    plain = costs(build(TINY, 3, 1), 3, 16)

    def more(**change: object) -> tuple[int, int]:
        found = costs(build(TINY.model_copy(update=change), 3, 1), 3, 16)
        return (
            found.parameters - plain.parameters,
            found.multiply_adds - plain.multiply_adds,
        )

    assert more(down="stride") == (2 * 2 * 4 + 2, 64 * 2 * 2 * 4)
    # Each of the 256 pixels is one filter's, of as many weights as the 1x1 layer on 64 pixels.
    assert more(up="transposed") == (3 * 4 * 2, (256 - 64) * 4 * 2)
    assert more(up="nearest") == more(down="average") == (0, 0)
    assert more(skip="sum") == (-2 * 2 * 9, -256 * 2 * 2 * 9)
    # Two layers to one channel, one to a factor.
    assert more(attention="gate") == (2 + (2 + 1) + (1 + 1), 256 * (2 + 2 + 1))
    # On one value per channel, with two channels between.
    assert more(attention="squeeze") == (2 * (2 * 2 + 2), 2 * 2 * 2)
    # Only shortcuts are more: 1x1 layers and their norms, from 3, 2 and 4 channels.
    assert more(block="residual") == (
        (3 * 2 + 4) + (2 * 4 + 8) + (4 * 2 + 4),
        256 * 3 * 2 + 64 * 2 * 4 + 256 * 4 * 2,
    )
    # Only transitions are more: they see the new features, too.
    assert more(block="dense") == (
        (5 * 2 + 4) + (6 * 4 + 8) + (6 * 2 + 4),
        256 * 5 * 2 + 64 * 6 * 4 + 256 * 6 * 2,
    )


def test_network_is_not_changed_by_its_costs() -> None:
    network = build(TINY, 3, 1).eval()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    network.get_parameter("head.bias").requires_grad_(False)
    costs(network, 3, 16)
    assert not network.training
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert not network.get_parameter("head.bias").requires_grad
