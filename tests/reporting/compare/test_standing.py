"""Scores of runs on common ground, and their differences, worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pipeline.mapping.jaccard import Absent, Overlap
from pipeline.reporting.compare.scored import Ground, Scored, common_ground, own_ground
from pipeline.reporting.compare.standing import Standing, Value, difference, standing

Rows = Mapping[str, Mapping[str, tuple[float, float, float]]]


def scored(
    run: str, rows: Rows, classes: tuple[str, ...] = ("road",), absent: Absent = "zero"
) -> Scored:
    scenes = {
        scene: {name: Overlap(*parts) for name, parts in found.items()}
        for scene, found in rows.items()
    }
    return Scored(run, "solution", absent, 0.5, (0.4, 0.6), classes, scenes)


def test_common_ground_is_what_all_were_scored_on_against_one_truth() -> None:
    """Scene c has another truth (3 in place of 4), and d and e are one run's alone."""
    one = scored("one", {s: {"road": (2, 1, 2)} for s in "abcd"}, ("water", "road"))
    two = scored(
        "two",
        {"a": {"road": (4, 0, 0)}, "b": {"road": (1, 0, 3)}, "c": {"road": (3, 0, 0)}, "e": {}},
        ("road", "tree"),
    )
    assert common_ground((one, two)) == Ground(("a", "b"), ("road",), ("c",))
    assert common_ground((one,)) == own_ground(one)
    assert not common_ground((one, two)).is_empty
    assert common_ground((one, scored("three", {"z": {}}))).is_empty


def test_truth_that_differs_by_rounding_is_the_same() -> None:
    one = scored("one", {"a": {"road": (1e-9, 0, 1e-9)}})
    two = scored("two", {"a": {"road": (2e-9 + 1e-17, 0, 0)}})
    assert common_ground((one, two)).scenes == ("a",)
    other = scored("other", {"a": {"road": (2.1e-9, 0, 0)}})
    assert common_ground((one, other)).unlike == ("a",)


def test_standing_pools_the_scenes() -> None:
    """Road: (2 + 4) / (5 + 5); water is found nowhere and true nowhere, which counts 0."""
    run = scored("one", {"a": {"road": (2, 1, 2)}, "b": {"road": (4, 1, 0)}}, ("road", "water"))
    found = standing(run, own_ground(run), "zero")
    assert found.classes["road"].value == pytest.approx(0.6)
    assert found.classes["road"].interval == pytest.approx((0.4, 0.8))
    assert found.classes["water"] == Value(0.0, (0.0, 0.0))
    assert found.mean.value == pytest.approx(0.3)
    skipped = standing(run, own_ground(run), "skip")
    assert skipped.classes["water"] == Value(None, None)
    assert skipped.mean.value == pytest.approx(0.6)


def test_one_scene_has_no_interval() -> None:
    run = scored("one", {"a": {"road": (2, 1, 1)}})
    assert standing(run, own_ground(run), "zero").classes["road"] == Value(0.5)


def test_difference_on_the_scenes_of_both() -> None:
    """On a 1/2 becomes 2/2, on b 1/2 stays; scene c, which the other lacks, has no part in it."""
    one = scored("one", {s: {"road": (1, 0, 1)} for s in "abc"})
    two = scored("two", {"a": {"road": (2, 0, 0)}, "b": {"road": (1, 0, 1)}})
    found = difference(one, two, "zero")
    assert found.run == "two"
    assert found.ground.scenes == ("a", "b")
    assert found.mean.value == pytest.approx(3 / 4 - 2 / 4)
    assert found.mean.interval == pytest.approx((0.0, 0.5))
    assert found.mean.verdict == "can't tell"


@pytest.mark.parametrize(
    ("parts", "verdict"),
    [((9, 1, 1), "better"), ((7, 1, 3), "worse"), ((8, 1, 2), "the same")],
)
def test_verdict(parts: tuple[float, float, float], verdict: str) -> None:
    one = scored("one", {s: {"road": (8, 1, 2)} for s in "abc"})
    two = scored("two", {s: {"road": parts} for s in "abc"})
    found: Standing = difference(one, two, "zero")
    assert found.mean.verdict == found.classes["road"].verdict == verdict


def test_verdict_of_one_scene_is_none() -> None:
    one, two = (scored(run, {"a": {"road": (n, 0, 9 - n)}}) for run, n in (("one", 1), ("two", 8)))
    found = difference(one, two, "zero").mean
    assert found.value == pytest.approx(7 / 9)
    assert found.interval is None
    assert found.verdict == "can't tell"
