"""Sliding windows: constant in, constant out; the same with and without blending; any shape."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from pipeline.learning.metrics import to_levels
from pipeline.mapping.prediction.inference import (
    Cut,
    Sliding,
    count_windows,
    predict_levels,
    predict_strips,
)


def cutter(scene: Tensor, side: int) -> Cut:
    """Windows of a scene (F, H, W) whose border pixels go on past its edge."""
    height, width = scene.shape[-2:]

    def cut(corners: Sequence[tuple[int, int]]) -> Tensor:
        windows = []
        for row, column in corners:
            rows = torch.arange(row, row + side).clamp(0, height - 1)
            columns = torch.arange(column, column + side).clamp(0, width - 1)
            windows.append(scene[:, rows][:, :, columns])
        return torch.stack(windows)

    return cut


def constant(*logits: float) -> Callable[[Tensor], Tensor]:
    def forward(inputs: Tensor) -> Tensor:
        value = torch.tensor(logits)[None, :, None, None]
        return value.expand(len(inputs), -1, *inputs.shape[-2:])

    return forward


def identity(inputs: Tensor) -> Tensor:
    return inputs


def probabilities(
    shape: tuple[int, int], cut: Cut, forwards: list[Callable[[Tensor], Tensor]], sliding: Sliding
) -> Tensor:
    return torch.cat(list(predict_strips(shape, cut, forwards, sliding)), dim=1)


@settings(deadline=None, max_examples=60)
@given(
    height=st.integers(1, 70),
    width=st.integers(1, 70),
    side=st.integers(1, 24),
    overlap=st.floats(0, 0.9),
    batch=st.integers(1, 5),
    d4=st.booleans(),
    blend=st.booleans(),
)
def test_constant_network_gives_a_constant(
    height: int, width: int, side: int, overlap: float, batch: int, d4: bool, blend: bool
) -> None:
    sliding = Sliding(side, overlap, batch, d4, blend)
    cut = cutter(torch.zeros(1, height, width), side)
    found = probabilities((height, width), cut, [constant(0.3, -2.0)], sliding)
    assert found.shape == (2, height, width)
    wanted = torch.sigmoid(torch.tensor([0.3, -2.0]))[:, None, None].expand_as(found)
    torch.testing.assert_close(found, wanted, atol=1e-6, rtol=0)


@pytest.mark.parametrize("shape", [(40, 53), (9, 53), (40, 7), (5, 5), (16, 16)])
@pytest.mark.parametrize("blend", [True, False])
def test_network_that_looks_at_one_pixel_is_not_changed_by_windows(
    shape: tuple[int, int], blend: bool
) -> None:
    scene = torch.randn(3, *shape, generator=torch.Generator().manual_seed(0))
    sliding = Sliding(16, 0.5, 3, d4=True, blend=blend)
    found = probabilities(shape, cutter(scene, 16), [identity], sliding)
    torch.testing.assert_close(found, torch.sigmoid(scene), atol=1e-6, rtol=0)


def test_blending_changes_nothing_where_one_window_covers_the_scene() -> None:
    scene = torch.randn(2, 20, 31, generator=torch.Generator().manual_seed(1))
    levels = [
        predict_levels((20, 31), cutter(scene, 32), [identity], Sliding(32, blend=blend))
        for blend in (True, False)
    ]
    np.testing.assert_array_equal(levels[0], levels[1])
    np.testing.assert_array_equal(levels[0], to_levels(torch.sigmoid(scene)).numpy())


def test_views_are_averaged_by_hand() -> None:
    """A network that passes on what lies left: its mean over D4 is the mean of four neighbours."""
    scene = torch.zeros(1, 5, 5)
    scene[0, 2, 2] = 1

    def left(inputs: Tensor) -> Tensor:
        seen = torch.roll(inputs, 1, -1)
        return torch.logit(seen * 0.8 + 0.1)

    found = probabilities((5, 5), cutter(scene, 5), [left], Sliding(5, d4=True))
    wanted = torch.full((5, 5), 0.1)
    for row, column in ((1, 2), (3, 2), (2, 1), (2, 3)):
        wanted[row, column] += 0.2
    torch.testing.assert_close(found[0], wanted, atol=1e-6, rtol=0)
    alone = probabilities((5, 5), cutter(scene, 5), [left], Sliding(5, d4=False))
    assert alone[0, 2, 3] == pytest.approx(0.9)


def test_networks_are_averaged() -> None:
    forwards = [constant(0.0), constant(2.0)]
    found = probabilities((6, 6), cutter(torch.zeros(1, 6, 6), 4), forwards, Sliding(4))
    wanted = (0.5 + torch.sigmoid(torch.tensor(2.0))) / 2
    torch.testing.assert_close(found, wanted.expand_as(found), atol=1e-6, rtol=0)


def test_overlapping_windows_meet_smoothly() -> None:
    """Two windows that disagree: the result runs from one to the other without a step."""
    seen = iter((-20.0, 20.0))

    def disagree(inputs: Tensor) -> Tensor:
        return torch.full((1, 1, 16, 16), next(seen))

    cut = cutter(torch.zeros(1, 16, 24), 16)
    found = probabilities((16, 24), cut, [disagree], Sliding(16, 0.5, 1, d4=False))[0, 0]
    assert found[:8].max() < 1e-6
    assert found[16:].min() > 1 - 1e-6
    assert (found.diff() >= 0).all()
    assert found.diff().max() < 0.25
    assert found[12] == pytest.approx(1 - found[11].item(), abs=1e-6)


def test_progress_counts_windows() -> None:
    done: list[int] = []
    sliding = Sliding(4, 0.5, 2)
    predict_levels((9, 9), cutter(torch.zeros(1, 9, 9), 4), [identity], sliding, done.append)
    assert sum(done) == count_windows((9, 9), sliding) == 16


def test_input_is_given_to_the_network_in_batches() -> None:
    sizes: list[int] = []

    def watch(inputs: Tensor) -> Tensor:
        sizes.append(len(inputs))
        return inputs

    cut = cutter(torch.zeros(1, 4, 20), 4)
    predict_levels((4, 20), cut, [watch], Sliding(4, 0, 2, d4=False))
    assert sizes == [2, 2, 1]
