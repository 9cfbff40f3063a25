"""L1, clipping and bounded filters, by hand."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from pipeline.config.train import Train
from pipeline.learning.penalties import filter_norms, hold_norms, shape_gradients


def _kernel(weights: list[float], gradients: list[float]) -> nn.Conv2d:
    """Two 1x1 filters of one weight each, and biases of 5 with a gradient of 3."""
    network = nn.Conv2d(1, 2, 1)
    with torch.no_grad():
        network.weight.copy_(torch.tensor(weights).view(2, 1, 1, 1))
        assert network.bias is not None
        network.bias.fill_(5.0)
    network.weight.grad = torch.tensor(gradients).view(2, 1, 1, 1)
    network.bias.grad = torch.full((2,), 3.0)
    return network


def _gradients(network: nn.Conv2d) -> list[float]:
    return [v for p in network.parameters() if p.grad is not None for v in p.grad.flatten()]


def test_l1_by_hand_spares_biases() -> None:
    network = _kernel([2.0, -0.5], [1.0, 1.0])
    shape_gradients(network, Train(l1=0.25, clip=None))
    assert _gradients(network) == [1.25, 0.75, 3, 3]


def test_values_are_cut_then_the_norm_is() -> None:
    network = _kernel([1.0, 1.0], [4.0, -0.5])
    shape_gradients(network, Train(clip_value=1.0, clip=None))
    assert _gradients(network) == [1, -0.5, 1, 1]
    shape_gradients(network, Train(clip=0.5))
    assert torch.tensor(_gradients(network)).norm() == pytest.approx(0.5, rel=1e-5)
    assert _gradients(network)[1] / _gradients(network)[0] == pytest.approx(-0.5)


def test_nothing_is_shaped_by_default_but_a_long_gradient() -> None:
    network = _kernel([1.0, 1.0], [4.0, -0.5])
    shape_gradients(network, Train(clip=None))
    assert _gradients(network) == [4, -0.5, 3, 3]


def test_bound_by_hand() -> None:
    network = nn.Linear(2, 3)
    with torch.no_grad():
        network.weight.copy_(torch.tensor([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0]]))
        network.bias.fill_(9.0)
    hold_norms(network, 2.5)
    assert network.weight.flatten().tolist() == pytest.approx([1.5, 2, 0.3, 0.4, 0, 0])
    assert network.bias.tolist() == [9, 9, 9]


def _reach(kernel: nn.Module, channel: int) -> float:
    """Norm of all weights that lead to an output channel, by asking the layer itself."""
    weight = kernel.get_parameter("weight")
    inputs = weight.shape[0] if isinstance(kernel, nn.ConvTranspose2d) else 4
    shape = (1, inputs, 5, 5) if not isinstance(kernel, nn.Linear) else (1, inputs)
    output = kernel(torch.ones(shape))
    (slope,) = torch.autograd.grad(output[:, channel].sum(), weight)
    return float((weight.detach() * (slope != 0)).square().sum().sqrt())


@pytest.mark.parametrize(
    "kernel",
    [
        nn.Linear(4, 6),
        nn.Conv2d(4, 6, 3),
        nn.Conv2d(4, 6, 3, groups=2),
        nn.ConvTranspose2d(4, 6, 2),
        nn.ConvTranspose2d(4, 6, 2, groups=2),
    ],
    ids=str,
)
def test_a_filter_is_what_leads_to_an_output_channel(kernel: nn.Module) -> None:
    norms = filter_norms(kernel)
    assert norms.tolist() == pytest.approx([_reach(kernel, c) for c in range(6)], rel=1e-5)
    bound = float(norms.median())
    held = norms.clamp_max(bound)
    hold_norms(kernel, bound)
    assert filter_norms(kernel).tolist() == pytest.approx(held.tolist(), rel=1e-5)


@given(st.lists(st.floats(-1e3, 1e3), min_size=6, max_size=6), st.floats(1e-3, 1e3))
def test_bound_always_holds_and_directions_stay(values: list[float], bound: float) -> None:
    network = nn.Linear(2, 3, bias=False)
    with torch.no_grad():
        network.weight.copy_(torch.tensor(values).view(3, 2))
    before = network.weight.detach().clone()
    hold_norms(network, bound)
    assert (filter_norms(network) <= bound * (1 + 1e-5)).all()
    cross = before[:, 0] * network.weight[:, 1] - before[:, 1] * network.weight[:, 0]
    assert cross.abs().max() <= 1e-3 * (1 + before.square().sum())
    assert (before * network.weight >= 0).all()


def test_frozen_kernels_and_norms_are_left_alone() -> None:
    network = nn.Sequential(nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1), nn.Conv2d(1, 1, 1))
    for parameter in network.parameters():
        nn.init.constant_(parameter, 7.0)
    network[0].requires_grad_(False)
    hold_norms(network, 1.0)
    assert [float(p.detach().abs().max()) for p in network.parameters()] == [7, 7, 7, 7, 1, 7]


def test_channels_last_kernels_are_held_too() -> None:
    network = nn.Conv2d(4, 6, 3).to(memory_format=torch.channels_last)
    hold_norms(network, 0.1)
    assert filter_norms(network).max() <= 0.1 * (1 + 1e-6)
