"""Scores as stages wrote them down, or as anybody did."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.reporting.report.scored_run import pixel_scores, polygon_scores
from tests.reporting.report.made_scores import score_record, scored

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)


def pixel_record() -> dict[str, Any]:
    overlap = {"jaccard": 0.5, "tp": 2.0, "fp": 1.0, "fn": 1.0}
    rows = {"chosen": {**overlap, "jaccard": 0.9}, "cross_fitted": overlap}
    return {
        "cross_validated_mean_jaccard": 0.5,
        "interval": [0.1, 0.7],
        "absent": "zero",
        "classes": {"3": {"name": "Road", "interval": [0.2, 0.6], **rows}},
        "folds": {"0": {"scenes": ["a", "b"]}, "1": {"scenes": ["c"]}},
    }


def test_score_of_polygons() -> None:
    scores = polygon_scores(score_record())
    assert scores is not None
    assert scores.scenes == {"a", "b"}
    assert scores.classes[1].shares == (25, 25, 50), "of 1 + 1 + 2"
    assert scores.classes[1].objects is not None
    assert scores.classes[7].objects is None


def test_class_that_is_nowhere_has_no_shares() -> None:
    assert scored("a", {1: None, 7: 0.5}).scores.classes[1].shares is None


def test_score_of_pixels_is_the_cross_fitted_one() -> None:
    scores = pixel_scores(pixel_record())
    assert scores is not None
    assert (scores.of, scores.mean_jaccard) == ("pixels", 0.5)
    assert scores.scenes == {"a", "b", "c"}
    assert scores.classes[3].jaccard == 0.5
    assert scores.classes[3].shares == (50, 25, 25)


@pytest.mark.parametrize(
    "fault",
    [
        {"mean_jaccard": float("nan")},
        {"mean_jaccard": 1.5},
        {"of": "hearsay"},
        {"classes": {"one": {}}},
        {"classes": {"1": {"name": "Buildings"}}},
        {"interval": [0.1]},
        {"scenes": None},
    ],
)
def test_damaged_score_is_none(fault: dict[str, Any]) -> None:
    assert polygon_scores({**score_record(), **fault}) is None
    assert pixel_scores(score_record() | fault) is None


@given(ANYTHING)
def test_foreign_values_are_no_score(value: Any) -> None:
    assert polygon_scores(value) is None
    assert pixel_scores(value) is None


def test_only_the_same_ground_can_be_compared() -> None:
    mine = scored("mine").scores
    assert mine.comparable(scored("b", {1: 0.1, 7: 0.2}, scenes=["b", "a"]).scores)
    for other in (
        scored("b", scenes=["a"]),
        scored("b", of="labels"),
        scored("b", absent="zero"),
        scored("b", {1: 0.2}),
    ):
        assert not mine.comparable(other.scores)
