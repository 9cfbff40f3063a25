"""Means in place of maxima, by hand and beside torch's own functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from pipeline.learning.mean_pools import mean_pool, mean_pool_with_places, mean_unpool
from pipeline.learning.receptive_field import receptive_field


def row(*values: float) -> Tensor:
    """(1, 1, 1, w)."""
    return torch.tensor([[[values]]], dtype=torch.float64)


def test_mean_with_holes_by_hand() -> None:
    """Pixels 0 and 3, 1 and 4, 2 and 5."""
    found = mean_pool(row(1, 2, 4, 8, 16, 32), (1, 2), stride=1, dilation=3)
    assert found.tolist() == [[[[4.5, 9.0, 18.0]]]]


def test_what_lies_outside_counts_as_nothing() -> None:
    """Of pixels -1 and 0, 1 and 2, 3 and 4: there are five."""
    found = mean_pool(row(1, 2, 4, 8, 16), (1, 2), padding=(0, 1))
    assert found.tolist() == [[[[0.5, 3.0, 12.0]]]]


def test_ceil_mode_takes_the_rest() -> None:
    assert mean_pool(row(2, 4, 6), (1, 2)).tolist() == [[[[3.0]]]]
    assert mean_pool(row(2, 4, 6), (1, 2), ceil_mode=True).tolist() == [[[[3.0, 3.0]]]]


def test_places_are_those_of_the_maxima() -> None:
    mean, places = mean_pool_with_places(row(1, 3, 7, 5), (1, 2))
    assert mean.tolist() == [[[[2.0, 6.0]]]]
    assert places.tolist() == [[[[1, 2]]]]


def test_unpooled_values_are_wherever_their_maximum_could_have_been() -> None:
    places = torch.zeros(1, 1, 1, 2, dtype=torch.int64)
    assert mean_unpool(row(3, 7), places, (1, 2)).tolist() == [[[[3, 3, 7, 7]]]]
    longer = mean_unpool(row(3, 7), places, (1, 2), output_size=(1, 1, 1, 5))
    assert longer.tolist() == [[[[3, 3, 7, 7, 0]]]]
    # Places -1 and 0, 1 and 2 of a row that begins at 0.
    inside = mean_unpool(row(3, 7), places, (1, 2), padding=(0, 1), output_size=(1, 3))
    assert inside.tolist() == [[[[3, 7, 7]]]]


@settings(max_examples=100, deadline=None)
@given(
    sides=st.tuples(st.integers(4, 9), st.integers(4, 9)),
    kernel=st.integers(1, 4),
    stride=st.one_of(st.none(), st.integers(1, 4)),
    padding=st.integers(0, 2),
    dilation=st.integers(1, 3),
    ceil_mode=st.booleans(),
)
def test_means_depend_on_what_maxima_are_taken_of(
    sides: tuple[int, int],
    kernel: int,
    stride: int | None,
    padding: int,
    dilation: int,
    ceil_mode: bool,
) -> None:
    """A pixel raised above all others is the maximum exactly where it is part of the mean."""
    assume(padding <= kernel // 2)
    assume(dilation * (kernel - 1) < min(sides) + 2 * padding)
    options: Any = (kernel, stride, padding, dilation, ceil_mode)
    pixels = sides[0] * sides[1]
    # A patch for each pixel, in which it alone is 1.
    inputs = torch.eye(pixels, dtype=torch.float64).view(pixels, 1, *sides)
    maxima = functional.max_pool2d(inputs, *options)
    assert torch.equal(mean_pool(inputs, *options) > 0, maxima > 0)


class _Pooled(nn.Module):
    """A pool, then a convolution of 3x3 pixels."""

    def __init__(self, pool: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.pool = pool
        self.head = nn.Conv2d(1, 1, 3, padding=1)

    def forward(self, inputs: Tensor) -> Tensor:
        """(N, 1, h, w) of (N, 1, h, w)."""
        logits: Tensor = self.head(self.pool(inputs))
        return logits


def _framed(inputs: Tensor, pixels: int) -> Tensor:
    return functional.pad(inputs, (pixels,) * 4)


def _halves(inputs: Tensor) -> tuple[int, int]:
    return (inputs.shape[-2] // 2, inputs.shape[-1] // 2)


@pytest.mark.parametrize(
    ("pool", "side"),
    [
        # Pixels q - 2, q and q + 2; the convolution adds one each way.
        (lambda x: functional.max_pool2d(_framed(x, 2), 3, 1, dilation=2), 7),
        (lambda x: nn.MaxPool2d(3, 1, 1, 2)(_framed(x, 1)), 7),
        (lambda x: nn.MaxPool2d(3, 1, 1, 2, return_indices=True)(_framed(x, 1))[0], 7),
        (lambda x: torch.max_pool2d(_framed(x, 1), 3, 1, 1, 2), 7),
        # Pixels 2 q - 1 to 2 q + 1 are of the squares 2 q - 2 to 2 q + 1.
        (
            lambda x: nn.MaxUnpool2d(2)(*nn.MaxPool2d(2, return_indices=True)(x)),
            4,
        ),
        (
            lambda x: functional.interpolate(
                functional.adaptive_max_pool2d(x, _halves(x), return_indices=True)[0],
                scale_factor=2,
            ),
            4,
        ),
    ],
)
def test_receptive_field_of_every_pool_by_hand(pool: Callable[[Tensor], Tensor], side: int) -> None:
    assert receptive_field(_Pooled(pool), 1) == side
