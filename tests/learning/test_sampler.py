"""Drawing: repeatable by step, by weight, inside the scene, all eight views."""

from __future__ import annotations

from collections import Counter

import numpy as np

from pipeline.learning.difficulty import Difficulty
from pipeline.learning.plan import Plan, make_plan, scene_windows, window_counts
from pipeline.learning.sampler import Sampler


def _plan() -> Plan:
    masks = {"wide": np.zeros((1, 20, 40), bool), "small": np.ones((1, 6, 5), bool)}
    parts = {}
    for name, mask in masks.items():
        corners = scene_windows((mask.shape[1], mask.shape[2]), 8, 4)
        parts[name] = (corners, window_counts(mask, np.ones_like(mask[0]), corners, 8))
    return make_plan(parts, 0.0)


def _sampler(plan: Plan, *, seed: int = 1, fold: int = 0, d4: bool = True) -> Sampler:
    return Sampler(plan, {"wide": (20, 40), "small": (6, 5)}, 8, 4, d4, seed, fold)


def test_a_step_draws_the_same_whatever_came_before() -> None:
    first, second = _sampler(_plan()), _sampler(_plan())
    history = [first.draw(step, 4) for step in range(5)]
    assert second.draw(4, 4) == history[4]
    assert history[3] != history[4]
    assert _sampler(_plan(), seed=2).draw(4, 4) != history[4]
    assert _sampler(_plan(), fold=1).draw(4, 4) != history[4]


def test_windows_stay_inside_and_small_scenes_inside_windows() -> None:
    sampler = _sampler(_plan())
    for step in range(100):
        for draw in sampler.draw(step, 4):
            window = draw.window
            assert (window.height, window.width) == (8, 8)
            if draw.scene == "wide":
                assert 0 <= window.row <= 12
                assert 0 <= window.col <= 32
            else:
                assert -2 <= window.row <= 0
                assert -3 <= window.col <= 0


def test_windows_are_drawn_by_weight_and_views_evenly() -> None:
    plan = _plan()
    sampler = _sampler(plan)
    draws = [draw for step in range(500) for draw in sampler.draw(step, 8)]
    share = sum(draw.scene == "small" for draw in draws) / len(draws)
    expected = plan.weights[plan.scenes == plan.names.index("small")].sum()
    assert abs(share - expected) < 0.01
    views = Counter(draw.element for draw in draws)
    assert sorted(views) == list(range(8))
    assert min(views.values()) > 0.8 * len(draws) / 8


def test_without_d4_only_the_identity() -> None:
    draws = [d for step in range(50) for d in _sampler(_plan(), d4=False).draw(step, 4)]
    assert {draw.element for draw in draws} == {0}


def test_hard_windows_are_drawn_more_often_and_no_draw_means_the_plan() -> None:
    plan = _plan()
    sampler, difficulty = _sampler(plan), Difficulty(len(plan.weights), 0.5)
    assert sampler.windows == len(plan.weights)
    assert sampler.draw(3, 4, difficulty) == sampler.draw(3, 4)  # nothing is known yet
    difficulty.update(range(sampler.windows), [1.0] * sampler.windows)
    difficulty.update([5], [100.0])
    draws = [draw.place for step in range(2000) for draw in sampler.draw(step, 4, difficulty)]
    share = draws.count(5) / len(draws)
    assert abs(share - difficulty.blend(plan.weights)[5]) < 0.02
    assert share > 1.5 * plan.weights[5]
    # Pure in the state: another sampler with the same estimates draws the same.
    copy = Difficulty(sampler.windows, 0.5)
    copy.restore(difficulty.to_state())
    assert _sampler(plan).draw(7, 4, copy) == sampler.draw(7, 4, difficulty)


def test_a_draw_names_its_window_of_the_plan() -> None:
    plan = _plan()
    for draw in _sampler(plan).draw(1, 8):
        assert draw.scene == plan.names[plan.scenes[draw.place]]
