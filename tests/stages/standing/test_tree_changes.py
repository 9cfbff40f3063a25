"""Differences of configurations are told as a person would set them."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.stages.standing.tree_changes import setting_changes

NAMES = "models.*.name"
TRAIN = "models.*.train"


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        ({"report": {"side": 1}}, {"report": {"side": 1}}, []),
        ({"report": {"side": 1}}, {"report": {"side": 2}}, ["report.side 1 -> 2"]),
        ({"a": {"b": {"c": None}}}, {"a": {"b": {"c": "x"}}}, ["a.b.c null -> x"]),
        ({"a": {}}, {"a": {"b": 1}}, ["a.b 1 is new"]),
        ({"a": {"b": 1}}, {"a": {}}, ["a.b is no more"]),
        (
            {"evaluate": 1},
            {"score.absent": "zero"},
            ["evaluate is no more", "score.absent zero is new"],
        ),
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3]}}, ["a.b [1, 2] -> [1, 3]"]),
        ({"a": {"b": [1]}}, {"a": {"b": list(range(99))}}, ["a.b [1] -> 99 entries"]),
        ({"a": {"b": "x" * 99}}, {"a": {"b": 1}}, [f"a.b {'x' * 37}... -> 1"]),
        (
            {"dataset.classes": [{"code": 1, "name": "Trees"}, {"code": 2}]},
            {"dataset.classes": [{"code": 1, "name": "Wood"}, {"code": 3}]},
            ["dataset.classes.Trees.name Trees -> Wood", "dataset.classes.2.code 2 -> 3"],
        ),
    ],
)
def test_what_changed_is_named(before: Any, now: Any, told: list[str]) -> None:
    assert setting_changes(before, now) == told


def _models(**steps: int) -> dict[str, Any]:
    return {NAMES: list(steps), TRAIN: [{"steps": value, "rate": 0.1} for value in steps.values()]}


def test_what_all_models_became_alike_is_told_once() -> None:
    both = setting_changes(_models(a=600, b=600), _models(a=800, b=800))
    assert both == ["train.steps 600 -> 800"]
    one = setting_changes(_models(a=600, b=600), _models(a=600, b=800))
    assert one == ["models.b.train.steps 600 -> 800"]


def test_other_models_are_told_and_not_compared_by_place() -> None:
    assert setting_changes(_models(a=600), _models(a=800, b=600)) == ["models a -> a, b"]


def test_models_without_names_are_compared_as_they_are() -> None:
    found = setting_changes({TRAIN: [{"steps": 1}]}, {TRAIN: [{"steps": 2}]})
    assert found == ["models.*.train.0.steps 1 -> 2"]
