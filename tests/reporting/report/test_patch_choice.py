"""Which patches are shown."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.imagery.patches import Window
from pipeline.reporting.report import patch_choice as module
from pipeline.reporting.report.patch_choice import (
    Choice,
    Judged,
    Reader,
    SceneCounts,
    cell_edges,
    count_windows,
    worst_and_best,
)


@given(st.integers(1, 3000), st.integers(2, 200))
def test_cells_cover_an_axis_evenly(size: int, side: int) -> None:
    edges = cell_edges(size, side)
    assert (edges[0], edges[-1]) == (0, size)
    steps = [end - start for start, end in itertools.pairwise(edges)]
    assert max(steps) - min(steps) <= 1
    if size >= 3 * side:  # then windows are nearly as large as they should be
        assert all(abs(2 * step - side) <= side / 4 + 2 for step in steps)


def _reader(truth: np.ndarray, found: np.ndarray) -> Reader:
    def read(window: Window) -> Judged:
        rows = slice(window.row, window.row + window.height)
        cols = slice(window.col, window.col + window.width)
        valid = np.ones((window.height, window.width), bool)
        return Judged(truth[:, rows, cols], found[:, rows, cols], valid)

    return read


def test_windows_by_hand() -> None:
    """4 x 6 pixels in cells of 2 x 2: windows of 4 x 4 from columns 0 and 2."""
    truth, found = np.zeros((2, 4, 6), bool), np.zeros((2, 4, 6), bool)
    truth[0, :, :2] = True
    found[0, :2] = True
    counts = count_windows("a", (4, 6), 2, 4, _reader(truth, found))
    assert counts.windows == (Window(0, 0, 4, 4), Window(0, 2, 4, 4))
    assert counts.counts.tolist() == [[[4, 4, 4], [0, 0, 0]], [[0, 8, 0], [0, 0, 0]]]
    assert counts.total.tolist() == [[4, 8, 4], [0, 0, 0]]


@pytest.mark.parametrize("shape", [(1, 1), (9, 50), (37, 23), (64, 64)])
def test_strips_count_as_the_whole_does(
    shape: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(1)
    truth, found = rng.random((2, 3, *shape)) < 0.4
    whole = count_windows("a", shape, 3, 12, _reader(truth, found))
    monkeypatch.setattr(module, "_PIXELS", 1)
    strips = count_windows("a", shape, 3, 12, _reader(truth, found))
    assert (strips.counts == whole.counts).all()
    for window, counts in zip(whole.windows, whole.counts, strict=True):
        part = _reader(truth, found)(window)
        assert counts[:, 0].tolist() == (part.truth & part.found).sum(axis=(1, 2)).tolist()
        assert counts[:, 1].tolist() == (part.found & ~part.truth).sum(axis=(1, 2)).tolist()
        assert counts[:, 2].tolist() == (part.truth & ~part.found).sum(axis=(1, 2)).tolist()
    assert whole.total[:, 0].tolist() == (truth & found).sum(axis=(1, 2)).tolist()


def _scene(name: str, *counts: tuple[int, int, int]) -> SceneCounts:
    """Windows side by side, each with counts of one class."""
    windows = tuple(Window(0, 10 * number, 10, 10) for number in range(len(counts)))
    table = np.array(counts, np.int64)[:, None]
    return SceneCounts(name, windows, table, table.sum(axis=0))


def _places(choices: list[Choice]) -> list[tuple[str, int]]:
    return [(one.scene, one.window.col // 10) for one in choices]


def test_worst_by_hand_come_from_several_scenes() -> None:
    # Wrong pixels times 1 - J: 60, 50, 36.8 and 5; 30, 1.
    scenes = [
        _scene("a", (0, 60, 0), (0, 0, 50), (30, 30, 30), (0, 5, 0)),
        _scene("b", (0, 30, 0), (99, 10, 0), (50, 0, 0)),
    ]
    worst, _ = worst_and_best(scenes, 0, 3)
    # After the first of a, its others count half: 25 is less than b's 30; then 25 again.
    assert _places(worst) == [("a", 0), ("b", 0), ("a", 1)]
    assert worst[0] == Choice("a", Window(0, 0, 10, 10), 0, 0, 60, 0)
    assert worst[0].jaccard == 0


def test_best_have_much_of_the_class() -> None:
    # True ground 2, 40, 60: their median is 40. 2 / 42 < .9 * 40 / 80 < .95 * 60 / 100.
    scenes = [_scene("a", (2, 0, 0)), _scene("b", (36, 0, 4)), _scene("c", (57, 0, 3))]
    worst, best = worst_and_best(scenes, 0, 1)
    assert _places(best) == [("c", 0)]
    assert _places(worst) == [("b", 0)]
    _, best = worst_and_best(scenes, 0, 3)  # what is among the worst is not among the best
    assert _places(best) == [("a", 0)]


def test_best_are_better_than_the_class() -> None:
    # Of all 100 pixels 50 are right: J = 0.5. Windows: 0.05, 0.5, 0.8, 0.54; the last is a worst.
    counts = {"a": (1, 19, 0), "b": (10, 0, 10), "c": (20, 5, 0), "d": (19, 16, 0)}
    worst, best = worst_and_best([_scene(name, row) for name, row in counts.items()], 0, 2)
    assert _places(worst) == [("a", 0), ("d", 0)]
    assert _places(best) == [("c", 0)]


def test_all_patches_of_a_class_without_errors_may_be_best() -> None:
    _, best = worst_and_best([_scene("a", (5, 0, 0), (0, 0, 0)), _scene("b", (9, 0, 0))], 0, 4)
    assert _places(best) == [("b", 0), ("a", 0)]


def test_a_class_that_is_right_or_nowhere_has_no_worst() -> None:
    assert worst_and_best([_scene("a", (5, 0, 0), (0, 0, 0))], 0, 4)[0] == []
    assert worst_and_best([_scene("a", (0, 0, 0))], 0, 4) == ([], [])
    assert worst_and_best([], 0, 4) == ([], [])


def test_patches_lie_apart() -> None:
    windows = tuple(Window(0, col, 10, 10) for col in (0, 5, 10, 15, 20))
    counts = np.array([[[0, 9, 0]], [[0, 10, 0]], [[0, 8, 0]], [[0, 7, 0]], [[0, 6, 0]]])
    worst, _ = worst_and_best([SceneCounts("a", windows, counts, counts.sum(axis=0))], 0, 5)
    assert [one.window.col for one in worst] == [5, 15]
