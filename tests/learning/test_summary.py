"""The summary of a tiny U-Net, worked out by hand, and of the library's networks."""

from __future__ import annotations

import pytest
import torch

from pipeline.config.network import LibraryNetwork, UNet
from pipeline.learning.networks import build, parameters_of
from pipeline.learning.receptive_field import receptive_field
from pipeline.learning.summary import ELSEWHERE, LayerRow, summarise, summary_text

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
    ],
)
def test_receptive_field_by_hand(
    change: dict[str, object], levels: tuple[int, ...] | None, side: int
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
