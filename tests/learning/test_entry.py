"""Coarse channels enter at their own level: what they bring, and what they can't."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from pipeline.config.network import LibraryNetwork, UNet
from pipeline.learning.entry import entry_levels, network_levels
from pipeline.learning.networks import build, parameters_of
from pipeline.learning.unet import ConfigurableUNet

SMALL = UNet(width=2, depth=3, convolutions=1, activation="elu", normalisation="none")


@pytest.mark.parametrize(
    ("native", "working", "level"),
    [
        (7.75, 3.875, 1),
        (7.5, 3.875, 1),
        (7.3, 3.875, 0),
        (7.5, 1.24, 2),
        (1.24, 1.24, 0),
        (1.24, 0.62, 1),
        (0.31, 1.24, 0),
        (7.5, 0.31, 4),
        (4.7, 1.24, 1),
    ],
)
def test_level_by_resolution(native: float, working: float, level: int) -> None:
    assert entry_levels([native], working, 7) == (level,)


def test_levels_end_at_the_deepest() -> None:
    assert entry_levels([0.31, 1.24, 7.5], 0.31, 3) == (0, 2, 2)
    assert entry_levels([7.5], 0.31, 1) == (0,)


@given(native=st.floats(0.05, 100), metres=st.floats(0.05, 100), depth=st.integers(1, 7))
def test_no_pixel_of_a_level_is_larger_than_the_channels_own(
    native: float, metres: float, depth: int
) -> None:
    (level,) = entry_levels([native], metres, depth)
    assert 0 <= level < depth
    assert level == 0 or metres * 2**level <= native * 1.0501
    assert level == depth - 1 or metres * 2 ** (level + 1) > native * 1.0499


@pytest.mark.parametrize(("native", "metres", "depth"), [(0, 1, 2), (1, 0, 2), (1, 1, 0)])
def test_sizes_that_are_none(native: float, metres: float, depth: int) -> None:
    with pytest.raises(ValueError, match="must be above 0"):
        entry_levels([native], metres, depth)


def test_only_a_unet_that_says_so_has_levels() -> None:
    assert network_levels(UNet(entry="depth"), [1.24, 7.5], 1.24) == (0, 2)
    assert network_levels(UNet(), [1.24, 7.5], 1.24) is None
    assert network_levels(LibraryNetwork(), [1.24, 7.5], 1.24) is None


def test_levels_are_never_ignored() -> None:
    with pytest.raises(ValueError, match=r"network\.entry: depth needs the level"):
        build(UNet(entry="depth"), 2, 1)
    for network in (UNet(), LibraryNetwork()):
        with pytest.raises(ValueError, match=r"only for network\.entry depth"):
            build(network, 2, 1, levels=(0, 1))
    with pytest.raises(ValueError, match="3 levels for 2 channels"):
        build(UNet(entry="depth"), 2, 1, levels=(0, 0, 1))
    for wrong in (-1, 4):
        with pytest.raises(ValueError, match="use 0 to 3"):
            build(UNet(entry="depth"), 2, 1, levels=(0, wrong))


def _within(inputs: torch.Tensor, side: int) -> torch.Tensor:
    """Pixels turned about within each square of ``side`` by ``side``."""
    count, channels, height, width = inputs.shape
    squares = inputs.view(count, channels, height // side, side, width // side, side)
    return squares.flip(3, 5).reshape(inputs.shape)


@pytest.mark.parametrize("level", [1, 2])
def test_detail_of_a_coarse_channel_does_not_reach_the_output(level: int) -> None:
    torch.manual_seed(0)
    network = ConfigurableUNet(SMALL, 3, 1, levels=(0, level, 0)).double()
    inputs = torch.randn(2, 3, 16, 16, dtype=torch.float64)
    before = network(inputs)
    for channel, side, same in ((1, 2**level, True), (1, 2 * 2**level, False), (0, 2, False)):
        changed = inputs.clone()
        changed[:, channel : channel + 1] = _within(inputs[:, channel : channel + 1], side)
        assert torch.allclose(network(changed), before, atol=1e-12) == same


def test_first_convolution_loses_the_coarse_channels() -> None:
    """By hand: 8 of 20 channels at level 2 of widths 4, 8, 16."""
    settings_ = UNet(width=4, depth=3, convolutions=1)
    whole = ConfigurableUNet(settings_, 20, 1)
    parted = ConfigurableUNet(settings_, 20, 1, levels=(0,) * 12 + (2,) * 8)
    assert whole.get_parameter("down.0.0.weight").shape == (4, 20, 3, 3)
    assert parted.get_parameter("down.0.0.weight").shape == (4, 12, 3, 3)
    assert parted.get_parameter("down.2.0.weight").shape == (16, 8 + 8, 3, 3)
    assert parameters_of(parted) - parameters_of(whole) == 9 * 8 * (16 - 4)


def test_a_coarse_dataset_works_at_its_own_resolution() -> None:
    """Nothing goes down from the first level, and the last step up joins nothing."""
    network = ConfigurableUNet(SMALL, 3, 2, levels=(1, 1, 1))
    assert len(network.down) == 2
    assert network.get_parameter("down.0.0.weight").shape == (4, 3, 3, 3)
    assert network.get_parameter("up.0.0.weight").shape == (4, 4 + 4, 3, 3)
    assert network.get_parameter("up.1.0.weight").shape == (2, 2, 3, 3)
    assert network(torch.randn(1, 3, 8, 12)).shape == (1, 2, 8, 12)


def test_level_zero_is_the_plain_network() -> None:
    torch.manual_seed(0)
    plain = ConfigurableUNet(SMALL, 3, 2)
    torch.manual_seed(0)
    same = ConfigurableUNet(SMALL, 3, 2, levels=(0, 0, 0))
    inputs = torch.randn(1, 3, 8, 8)
    assert torch.equal(plain(inputs), same(inputs))


def test_order_of_channels_does_not_matter_to_their_level() -> None:
    """Scattered channels of a level enter it in their own order."""
    torch.manual_seed(0)
    scattered = ConfigurableUNet(SMALL, 4, 1, levels=(1, 0, 1, 0))
    sorted_ = ConfigurableUNet(SMALL, 4, 1, levels=(0, 0, 1, 1))
    sorted_.load_state_dict(scattered.state_dict())
    inputs = torch.randn(1, 4, 8, 8)
    assert torch.equal(scattered(inputs), sorted_(inputs[:, [1, 3, 0, 2]]))


@settings(max_examples=25, deadline=None)
@given(data=st.data(), depth=st.integers(1, 4), channels=st.integers(1, 5))
def test_any_levels_give_a_logit_per_pixel_and_a_gradient_per_channel(
    data: st.DataObject, depth: int, channels: int
) -> None:
    places = st.lists(st.integers(0, depth - 1), min_size=channels, max_size=channels)
    levels = data.draw(places)
    torch.manual_seed(0)
    changed = SMALL.model_copy(update={"depth": depth, "entry": "depth"})
    network = build(changed, channels, 2, levels=levels)
    height, width = (2 ** (depth - 1) * data.draw(st.integers(1, 3)) for _ in range(2))
    inputs = torch.randn(2, channels, height, width, requires_grad=True)
    logits = network(inputs)
    assert logits.shape == (2, 2, height, width)
    logits.square().sum().backward()
    assert inputs.grad is not None
    assert (inputs.grad.abs().amax((0, 2, 3)) > 0).all()
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in network.parameters())
    again = build(changed, channels, 2, levels=levels)
    again.load_state_dict(network.state_dict())
    assert torch.equal(again(inputs), logits)


@pytest.mark.parametrize("levels", [None, (0, 2, 0, 1), (1, 1, 2, 1)])
def test_layers_get_and_give_channels_last(levels: tuple[int, ...] | None) -> None:
    """No layer pays for another layout of what the one before it gave."""
    last = torch.channels_last
    network: nn.Module = ConfigurableUNet(SMALL, 4, 2, levels)
    network = network.to(memory_format=last)
    wrong: list[str] = []
    for name, layer in network.named_modules():
        if isinstance(layer, nn.Conv2d):
            layer.register_forward_hook(
                lambda _, inputs, output, name=name: wrong.extend(
                    name
                    for tensor in (*inputs, output)
                    if not tensor.is_contiguous(memory_format=last)
                )
            )
    network(torch.randn(2, 4, 16, 16).contiguous(memory_format=last))
    # Only what is cut out of the input itself is no whole tensor.
    assert set(wrong) <= {"down.0.0"}


def test_coarse_channels_do_not_widen_a_bfloat16_pass() -> None:
    network = ConfigurableUNet(SMALL, 2, 1, levels=(0, 1))
    types: list[torch.dtype] = []
    network.down[1].register_forward_hook(lambda _, inputs, __: types.append(inputs[0].dtype))
    with torch.autocast("cpu", torch.bfloat16):
        network(torch.randn(1, 2, 8, 8))
    assert types == [torch.bfloat16]
