"""Weights of pixels near outlines: masks by hand, invalid pixels, soft truths."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import max_pool2d

from pipeline.learning.boundary import boundary_weights


def _weights(truth: Tensor, known: Tensor | None = None, width: int = 1) -> list[list[float]]:
    """Weights of one class of one patch, 5 near its outline."""
    known = torch.ones_like(truth) if known is None else known
    found: list[list[float]] = boundary_weights(truth[None, None], known[None, None], width, 5.0)[
        0, 0
    ].tolist()
    return found


def test_both_sides_of_an_outline_weigh_more() -> None:
    truth = torch.zeros(6, 7)
    truth[:3, :3] = 1
    expected = torch.ones(6, 7)
    expected[2:4, :4] = 5
    expected[:4, 2:4] = 5
    assert _weights(truth) == expected.tolist()
    expected[1:5, :5] = 5
    expected[:5, 1:5] = 5
    assert _weights(truth, width=2) == expected.tolist()


@pytest.mark.parametrize("value", [0.0, 1.0])
@pytest.mark.parametrize("width", [1, 9])
def test_the_border_of_a_patch_is_no_outline(value: float, width: int) -> None:
    assert _weights(torch.full((3, 4), value), width=width) == [[1.0] * 4] * 3


def test_invalid_pixels_make_no_outline() -> None:
    truth = torch.tensor([[1.0, 1, 1, 0, 0, 1]])
    known = torch.tensor([[1.0, 1, 1, 0, 0, 0]])
    assert _weights(truth, known) == [[1.0] * 6]
    assert _weights(1 - truth, known) == [[1.0] * 6]
    assert _weights(truth, torch.tensor([[1.0, 1, 1, 1, 1, 0]])) == [[1.0, 1, 5, 5, 1, 1]]


def test_pixel_that_is_covered_in_part_lies_on_the_outline() -> None:
    assert _weights(torch.tensor([[1.0, 1, 1, 0.2, 0, 0]])) == [[1.0, 1, 5, 5, 5, 1]]


def test_every_class_and_patch_has_its_own_outline() -> None:
    truth = torch.zeros(2, 2, 1, 6)
    truth[0, 0, 0, :2] = 1
    truth[1, 1, 0, 4:] = 1
    known = torch.ones(2, 1, 1, 6)
    weights = boundary_weights(truth, known, 1, 3.0)
    assert weights[0, 0, 0].tolist() == [1, 3, 3, 1, 1, 1]
    assert weights[1, 1, 0].tolist() == [1, 1, 1, 3, 3, 1]
    assert weights[0, 1].tolist() == weights[1, 0].tolist() == [[1] * 6]
    assert boundary_weights(truth.double(), known.double(), 1, 3.0).dtype == torch.float64


@settings(max_examples=40, deadline=None)
@given(
    width=st.integers(1, 7),
    rows=st.integers(1, 9),
    cols=st.integers(1, 9),
    seed=st.integers(0, 999),
)
def test_near_is_what_max_pooling_says(width: int, rows: int, cols: int, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    truth = (torch.rand(2, 3, rows, cols, generator=generator) < 0.1).float()
    known = (torch.rand(2, 1, rows, cols, generator=generator) < 0.8).float()
    sides = [
        max_pool2d(part * known, 2 * width + 1, stride=1, padding=width)
        for part in (truth, 1 - truth)
    ]
    expected = 1 + 4 * sides[0] * sides[1]
    assert torch.equal(boundary_weights(truth, known, width, 5.0), expected)
