"""How answers are joined: worked out by hand, and what must hold of any."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from pipeline.config.models import Combine
from pipeline.mapping.prediction.ensemble import (
    join_levels,
    joined_classes,
    of_networks,
    of_view,
    resampled,
)

Levels = NDArray[np.uint8]
SHAPE = (3, 4)
COMBINES: tuple[Combine, ...] = ("mean", "geometric", "vote")
combines = st.sampled_from(COMBINES)
planes = arrays(np.uint8, SHAPE)
answers = arrays(np.uint8, SHAPE, elements=st.integers(1, 255))
weights = st.floats(0.1, 10)


def plane(*values: int) -> Levels:
    return np.array([values], np.uint8)


def test_networks_by_hand() -> None:
    logits = [torch.tensor([[[[0.0, 2.0]]]]), torch.tensor([[[[2.0, -1.0]]]])]
    p0, p2, p_1 = 0.5, 1 / (1 + np.exp(-2)), 1 / (1 + np.exp(1))
    wanted = {
        "mean": [(p0 + p2) / 2, (p2 + p_1) / 2],
        "geometric": [1 / (1 + np.exp(-1)), 1 / (1 + np.exp(-0.5))],  # the odds are e^1, e^0.5
        "vote": [1.0, 0.5],  # 0.5 votes for the class
    }
    for combine in COMBINES:
        joined = of_networks([of_view(logit, combine) for logit in logits], combine)
        np.testing.assert_allclose(joined.flatten().numpy(), wanted[combine], rtol=1e-6)


@given(st.lists(st.lists(st.floats(-8, 8), min_size=4, max_size=4), min_size=1, max_size=4))
def test_networks_agree_within_what_they_say(logits: list[list[float]]) -> None:
    each = torch.sigmoid(torch.tensor(logits)).numpy()
    for combine in COMBINES:

        def join(rows: list[list[float]], how: Combine = combine) -> NDArray[np.float32]:
            means = [of_view(torch.tensor(row).reshape(1, 1, 2, 2), how) for row in rows]
            return of_networks(means, how).flatten().numpy()

        joined = join(logits)
        np.testing.assert_allclose(joined, join(logits[::-1]), atol=1e-6)
        if combine == "vote":
            np.testing.assert_allclose(joined, (each >= 0.5).mean(axis=0), atol=1e-6)
        else:
            assert (joined >= each.min(axis=0) - 1e-6).all()
            assert (joined <= each.max(axis=0) + 1e-6).all()


def test_levels_by_hand() -> None:
    one, two = plane(100, 0, 51, 0, 127, 1), plane(200, 40, 204, 0, 128, 1)
    third = (0.75, 0.25)
    # The second pixel is answered by one part alone, the fourth by none.
    assert join_levels([one, two], third, "mean").tolist() == [[125, 40, 89, 0, 127, 1]]
    # Odds 1/4 and 4 of 51 and 204: 4^(-3/4 + 1/4) = 1/2, so p = 1/3.
    assert join_levels([one, two], third, "geometric")[0, 2] == 85
    # 128 is the least level of one half or more; a share of nothing is level 1, an answer.
    assert join_levels([one, two], third, "vote").tolist() == [[64, 1, 64, 0, 64, 1]]
    votes = join_levels([one, two], third, "vote", thresholds=[100, 41])
    assert votes.tolist() == [[255, 1, 64, 0, 255, 1]]


@given(st.lists(st.tuples(planes, weights), min_size=1, max_size=4), combines)
def test_level_0_is_no_answer_and_counts_for_nothing(
    parts: list[tuple[Levels, float]], combine: Combine
) -> None:
    levels, shares = [part for part, _ in parts], [share for _, share in parts]
    joined = join_levels(levels, shares, combine)
    assert joined.dtype == np.uint8
    np.testing.assert_array_equal(joined > 0, np.any([part > 0 for part in levels], axis=0))
    silent = join_levels([*levels, np.zeros(SHAPE, np.uint8)], [*shares, 5.0], combine)
    np.testing.assert_array_equal(joined, silent)
    turned = join_levels(levels[::-1], shares[::-1], combine)
    np.testing.assert_allclose(joined.astype(int), turned, atol=1)  # ties of rounding


@given(st.lists(st.tuples(answers, weights), min_size=1, max_size=4), combines)
def test_levels_agree_within_what_is_said(
    parts: list[tuple[Levels, float]], combine: Combine
) -> None:
    levels, shares = [part for part, _ in parts], [share for _, share in parts]
    joined = join_levels(levels, shares, combine).astype(int)
    if combine == "vote":
        said = np.average([part >= 128 for part in levels], axis=0, weights=shares)
        np.testing.assert_allclose(joined, np.maximum(np.rint(255 * said), 1), atol=1)
    else:
        assert (joined >= np.min(levels, axis=0)).all()
        assert (joined <= np.max(levels, axis=0)).all()


def test_resampled_by_hand() -> None:
    fine = np.array([[[10, 20, 0, 0, 0, 90], [30, 40, 0, 0, 50, 70]]], np.uint8)
    # Two pixels become one, each of their triangles reaching over 4 columns and 4 rows; where
    # nothing is missing that keeps the mean of a constant, and empty ground does not darken edges.
    coarse = resampled(fine, (1, 3))
    assert coarse[0, 0, 1] == 0
    assert 20 < coarse[0, 0, 0] < 31
    assert 60 < coarse[0, 0, 2] < 75
    up = resampled(np.array([[[100, 0]]], np.uint8), (1, 4))
    assert up.tolist() == [[[100, 100, 0, 0]]]
    up = resampled(np.array([[[100, 200]]], np.uint8), (1, 4))
    assert up.tolist() == [[[100, 125, 175, 200]]]


@given(planes, st.tuples(st.integers(1, 9), st.integers(1, 9)))
def test_resampled_holds_nothing_but_answers(levels: Levels, shape: tuple[int, int]) -> None:
    found = resampled(levels[None], shape)[0]
    said = levels[levels > 0]
    assert found.shape == shape
    assert said.size or not found.any()
    if said.size:
        assert found[found > 0].min(initial=255) >= said.min()
        assert found.max() <= said.max()
    if said.size == levels.size:
        assert found.all()
    np.testing.assert_array_equal(resampled(levels[None], SHAPE)[0], levels)


@given(st.integers(1, 255), arrays(np.bool_, SHAPE), st.tuples(st.integers(1, 9), st.just(5)))
def test_constant_stays_constant_beside_empty_ground(
    value: int, kept: NDArray[np.bool_], shape: tuple[int, int]
) -> None:
    found = resampled((kept * np.uint8(value))[None], shape)
    assert set(np.unique(found)) <= {0, value}


def test_classes_by_hand() -> None:
    first = np.array([[[10, 0]], [[30, 40]]], np.uint8)
    second = np.array([[[50, 60]]], np.uint8)
    parts: list[tuple[list[int], Callable[[], Levels]]] = [
        ([2, 0], lambda: first),
        ([2], lambda: second),
    ]
    joined = joined_classes(parts, 4, (1, 2), "mean")
    # Class 2: both say something at the first pixel, the second alone at the other one.
    assert joined.tolist() == [[[30, 40]], [[0, 0]], [[30, 60]], [[0, 0]]]


@given(st.lists(arrays(np.uint8, (2, *SHAPE)), min_size=1, max_size=4), combines)
def test_classes_are_joined_as_levels_are(models: list[Levels], combine: Combine) -> None:
    parts = [([1, 0], lambda levels=levels: levels) for levels in models]
    joined = joined_classes(parts, 2, SHAPE, combine)
    equal = [1.0] * len(models)
    for place, row in ((1, 0), (0, 1)):
        alone = models[0][row]
        wanted = join_levels([levels[row] for levels in models], equal, combine)
        np.testing.assert_array_equal(joined[place], wanted if len(models) > 1 else alone)


def test_one_model_is_asked_after_the_other() -> None:
    log: list[str] = []

    def model(name: str) -> Callable[[], Levels]:
        def predict() -> Levels:
            log.append(name)
            return np.full((1, 2, 2), 9, np.uint8)

        return predict

    joined = joined_classes([([0], model("a")), ([0], model("b"))], 1, SHAPE, "mean")
    assert log == ["a", "b"]
    assert (joined == 9).all()


@pytest.mark.parametrize("combine", ["mean", "geometric"])
@pytest.mark.parametrize("level", [1, 2, 128, 254, 255])
def test_an_answer_joined_with_itself_stays(combine: Combine, level: int) -> None:
    part = plane(level)
    assert join_levels([part, part, part], [1, 1, 1], combine).tolist() == [[level]]
