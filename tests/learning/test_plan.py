"""The sampling plan: windows, counts and weights by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import ArtifactError, ConfigError
from pipeline.learning.plan import (
    grid_starts,
    make_plan,
    plan_text,
    read_plan,
    scene_windows,
    window_counts,
    window_weights,
)


def test_grid_covers_large_scenes_and_centres_small_ones() -> None:
    assert grid_starts(100, 32, 32) == [0, 32, 64, 68]
    assert grid_starts(32, 32, 16) == [0]
    assert grid_starts(20, 32, 16) == [-6]
    assert scene_windows((20, 40), 32, 16).tolist() == [[-6, 0], [-6, 8]]


@settings(max_examples=50, deadline=None)
@given(size=st.integers(1, 200), patch=st.integers(1, 64), part=st.integers(1, 64))
def test_every_pixel_lies_in_a_window(size: int, patch: int, part: int) -> None:
    stride = min(part, patch)
    seen = np.zeros(size, bool)
    for start in grid_starts(size, patch, stride):
        seen[max(start, 0) : start + patch] = True
    assert seen.all()


def test_counts_by_hand() -> None:
    masks = np.zeros((1, 3, 4), bool)
    masks[0, :, 1] = True
    valid = np.ones((3, 4), bool)
    valid[0, 1] = False
    corners = np.array([[0, 0], [1, 1], [-1, -1], [0, 3]])
    # Column 1 holds the class; its top pixel is invalid.
    assert window_counts(masks, valid, corners, 2).tolist() == [[1, 3], [2, 4], [0, 1], [0, 2]]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 999), row=st.integers(-9, 9), col=st.integers(-9, 9))
def test_counts_equal_plain_sums(seed: int, row: int, col: int) -> None:
    rng = np.random.default_rng(seed)
    masks, valid = rng.random((2, 7, 6)) < 0.4, rng.random((7, 6)) < 0.7
    padded = np.pad(masks & valid, ((0, 0), (20, 20), (20, 20)))
    plain = padded[:, row + 20 : row + 24, col + 20 : col + 24].sum((1, 2))
    counts = window_counts(masks, valid, np.array([[row, col]]), 4)
    assert counts[0, :2].tolist() == plain.tolist()


def test_weights_by_hand() -> None:
    # Class 0 fills both windows evenly, class 1 has 3 of its 4 pixels in the second, 2 is absent.
    counts = np.array([[10, 1, 0, 20], [10, 3, 0, 60]])
    assert window_weights(counts, 0.0).tolist() == [0.25, 0.75]
    assert window_weights(counts, 1.0).tolist() == [(0.5 + 0.25) / 2, (0.5 + 0.75) / 2]
    half = window_weights(counts, 0.5)
    assert half.tolist() == [(0.25 + 0.375) / 2, (0.75 + 0.625) / 2]


def test_weights_without_any_class_are_even() -> None:
    assert window_weights(np.array([[0, 5], [0, 5]]), 1.0).tolist() == [0.5, 0.5]


def test_plan_survives_its_file(tmp_path: Path) -> None:
    parts = {
        "b": (np.array([[0, 0], [0, 4]]), np.array([[3, 16], [0, 16]])),
        "a": (np.array([[-2, -2]]), np.array([[1, 8]])),
    }
    plan = make_plan(parts, 0.5)
    (tmp_path / "plan.csv").write_text(plan_text(plan, (7,)))
    again = read_plan(tmp_path / "plan.csv")
    assert again.names == ("a", "b")
    assert again.corners.tolist() == [[-2, -2], [0, 0], [0, 4]]
    assert again.counts.tolist() == plan.counts.tolist()
    assert again.weights.tolist() == plan.weights.tolist()
    assert plan_text(again, (7,)).splitlines()[0] == "scene,row,col,weight,class_7,valid"


def test_part_of_a_plan_sums_to_one_and_tells_its_shares() -> None:
    parts = {
        "a": (np.array([[0, 0]]), np.array([[4, 8]])),
        "b": (np.array([[0, 0], [0, 4]]), np.array([[2, 8], [6, 8]])),
    }
    plan = make_plan(parts, 0.0).of_scenes(["b"])
    assert plan.weights.tolist() == [0.5, 0.5]
    assert plan.shares().tolist() == [0.5]


def test_plan_without_ground_is_an_error() -> None:
    parts = {"a": (np.array([[0, 0]]), np.array([[0, 0]]))}
    with pytest.raises(ConfigError, match="no window of the scenes a has a valid pixel"):
        make_plan(parts, 0.5)


@pytest.mark.parametrize("text", ["", "scene,row,col,weight,valid\n", "a,b\n1,2\n"])
def test_other_files_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "plan.csv").write_text(text)
    with pytest.raises(ArtifactError, match="not a sampling plan"):
        read_plan(tmp_path / "plan.csv")
