"""Proposals: always in the space, the same again, and better than chance."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config.search import Method
from pipeline.search.dimension import Dimension, OutsideError, Parent
from pipeline.search.entry import Params
from pipeline.search.proposals import Proposer
from pipeline.search.space import Space
from pipeline.search.space_file import read_space
from tests.search.test_space import SPACE

METHODS: tuple[Method, ...] = ("random", "tpe", "anneal")


def _choice(name: str, options: tuple[Any, ...], *when: Parent) -> Dimension:
    return Dimension(name, "choice", options[0], options, when=when)


# `c` needs two parents, one of them with several values; `e` has a parent that has one itself.
TREE = Space(
    (
        _choice("a", ("x", "y", "z")),
        _choice("b", (False, True)),
        Dimension(
            "c",
            "uniform",
            0.0,
            low=0,
            high=1,
            when=(Parent("a", ("y", "z")), Parent("b", (True,))),
        ),
        _choice("d", ([], [1]), Parent("a", ("y",))),
        Dimension(
            "e",
            "uniform",
            0,
            low=0,
            high=8,
            step=2,
            when=(Parent("d", ([1],)), Parent("b", (False,))),
        ),
        _choice("only", (7,)),
    )
)


def _applies(params: Params) -> dict[str, bool]:
    """Worked out by hand, not by the space."""
    y = params["a"] == "y"
    return {
        "c": params["a"] in ("y", "z") and params["b"] is True,
        "d": y,
        "e": y and params["b"] is False and params["d"] == [1],
    }


def _score(params: Params) -> float | None:
    """Best is 1, at b, a = z and c = 0.3: children of both parents must be learned."""
    if params["a"] == "x":
        return None
    if "c" in params:
        return 1.0 - abs(float(params["c"]) - 0.3) - (0.3 if params["a"] == "y" else 0)
    return 0.2 if params.get("e") == 4 else 0.1


def _run(method: Method, seed: int, trials: int, space: Space = TREE) -> list[Params]:
    proposer, tried = Proposer(space, method, seed, startup=10), []
    for number in range(trials):
        tried.append(proposer.ask(number))
        proposer.tell(tried[-1], _score(tried[-1]))
    return tried


@pytest.mark.parametrize("method", METHODS)
def test_children_are_there_exactly_with_their_parents(method: Method) -> None:
    tried = _run(method, 0, 150)
    for params in tried:
        assert {name: name in params for name in ("c", "d", "e")} == _applies(params)
        assert TREE.completed(params) == params
        assert type(params["b"]) is bool
        assert type(params.get("e", 0)) is int
    assert {bool("c" in params) for params in tried} == {True, False}


def test_chance_is_even_over_options_and_grids() -> None:
    tried = _run("random", 1, 3000)
    counts = {name: sum(params["a"] == name for params in tried) for name in "xyz"}
    assert all(abs(count - 1000) < 120 for count in counts.values()), counts
    levels = [params["e"] for params in tried if "e" in params]
    # A twelfth of all, evenly over five values: their ends are drawn as often as the others.
    assert abs(len(levels) - 250) < 60
    assert all(abs(levels.count(value) - 50) < 28 for value in (0, 2, 4, 6, 8))


@pytest.mark.parametrize("method", ["tpe", "anneal"])
def test_what_was_told_is_learned_from(method: Method) -> None:
    """Also of a child with two parents, and that one option always fails."""
    late = [params for seed in range(4) for params in _run(method, seed, 80)[-25:]]
    scores = [score for score in map(_score, late) if score is not None]
    by_chance = [_score(params) or 0 for params in _run("random", 0, 400)]
    assert len(scores) > 0.8 * len(late), "failed ones are stayed away from"
    assert np.mean(scores) > 0.65
    assert np.mean(by_chance) < 0.4


@pytest.mark.parametrize("method", METHODS)
def test_a_proposal_depends_on_what_was_told_and_its_number_alone(method: Method) -> None:
    tried = _run(method, 3, 30)
    again = Proposer(TREE, method, 3, startup=10)
    for params in tried:
        again.tell(params, _score(params))
    first = [again.ask(number) for number in range(30, 36)]
    assert [again.ask(number) for number in range(30, 36)] == first, "asking changes nothing"
    assert any(params != first[0] for params in first)
    whole = Proposer(TREE, method, 3, startup=10)
    for number, params in enumerate(tried):
        assert whole.ask(number) == params
        whole.tell(params, _score(params))
    assert _run(method, 4, 5) != tried[:5]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("score", [None, float("nan"), float("inf")])
def test_failures_alone_are_no_reason_to_follow_them(method: Method, score: float | None) -> None:
    """Where nothing has a score, no option is any good: all stay as likely as before."""
    proposer = Proposer(TREE, method, 0, startup=5)
    for _ in range(20):
        proposer.tell({"a": "x", "b": True, "only": 7}, score)
    tried = [proposer.ask(number) for number in range(200)]
    assert sum(params["a"] == "x" for params in tried) < 100


def test_chance_until_enough_trials_have_a_score() -> None:
    """Refused ones are many in some spaces, and say nothing of what is good."""
    proposers = [Proposer(TREE, "tpe", 0, startup=5), Proposer(TREE, "random", 0, startup=5)]
    good = {"a": "z", "b": True, "c": 0.3, "only": 7}
    for number in range(24):
        for proposer in proposers:
            proposer.tell(good, 1.0 if number % 5 == 4 else None)
        answers = [[each.ask(100 + more) for more in range(5)] for each in proposers]
        assert answers[0] == answers[1], "four have a score"
    for proposer in proposers:
        proposer.tell(good, 1.0)
    answers = [[each.ask(100 + more) for more in range(5)] for each in proposers]
    assert answers[0] != answers[1]


def test_values_outside_are_not_learned_from() -> None:
    proposer = Proposer(TREE, "tpe", 0, startup=5)
    with pytest.raises(OutsideError, match="b: 1 is none of its options"):
        proposer.tell({"a": "x", "b": 1}, 0.5)
    assert proposer.ask(0) == Proposer(TREE, "tpe", 0, startup=5).ask(0)


@settings(max_examples=25, deadline=None)
@given(
    steps=st.tuples(st.integers(1, 300), st.integers(1, 40)),
    step=st.sampled_from([0.001, 0.1, 0.3, 1, 7]),
    start=st.integers(-50, 50),
    method=st.sampled_from(METHODS),
    seed=st.integers(0, 99),
)
def test_numbers_are_in_bounds_and_on_their_grid(
    steps: tuple[int, int], step: float, start: int, method: Method, seed: int
) -> None:
    first, more = steps
    low, high = (_tenths(step, first), _tenths(step, first + more))
    scale = Dimension("scale", "loguniform", low, low=low, high=high, step=step)
    end = _tenths(step, more, start)
    space = Space(
        (
            scale,
            Dimension("free", "loguniform", low, low=low, high=high),
            Dimension("even", "uniform", start, low=start, high=end, step=step),
            Dimension("any", "uniform", start, low=start, high=end),
        )
    )
    proposer = Proposer(space, method, seed, startup=3)
    for number in range(12):
        params = proposer.ask(number)
        assert space.completed(params) == params
        proposer.tell(params, float(params["any"]))
        for bound in (0, 1):
            proposer.tell(dict.fromkeys(("scale", "free"), (low, high)[bound]), bound)


def _tenths(step: float, number: int, start: int = 0) -> float:
    return round(start + step * number, 3)


def test_a_space_of_a_file_is_proposed_from(tmp_path: Path) -> None:
    (tmp_path / "space.yaml").write_text(SPACE)
    space = read_space(tmp_path / "space.yaml")
    proposer = Proposer(space, "tpe", 0, startup=4)
    seen: dict[str, set[str]] = {each.name: set() for each in space.dimensions}
    for number in range(40):
        params = proposer.ask(number)
        assert space.completed(params) == params
        for name, value in params.items():
            seen[name].add(str(value))
        proposer.tell(params, float(params["train.rate"]))
    assert all(len(values) > 1 for values in seen.values()), seen


def test_hyperopt_is_silent(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        for method in METHODS:
            _run(method, 0, 15)
    assert (*capfd.readouterr(), caplog.text) == ("", "", "")


def test_asking_stays_cheap_with_a_thousand_trials() -> None:
    proposer = Proposer(TREE, "tpe", 0, startup=10)
    drawn = Proposer(TREE, "random", 0, startup=10)
    for number in range(1000):
        params = drawn.ask(number)
        proposer.tell(params, _score(params))
    start = time.perf_counter()
    proposer.ask(1000)
    assert time.perf_counter() - start < 1
