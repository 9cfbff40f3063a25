"""What folds hold, and where a class is missing."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.learning.probes.fold_classes import check_folds

CLASSES = ("Road", "Water")


def _areas(**rows: tuple[int, int, int]) -> dict[str, np.ndarray]:
    return {name: np.array(row, np.int64) for name, row in rows.items()}


def test_shares_and_places_by_hand() -> None:
    areas = _areas(a=(10, 5, 100), b=(0, 15, 100), c=(30, 1, 300))
    places = {"a": "here", "b": "here", "c": "there"}
    found = check_folds(areas, [("a", "b"), ("c",)], places, CLASSES)
    assert found.finding.level == "ok"
    assert found.scenes == (2, 1)
    assert found.shares[0] == pytest.approx((0.05, 0.1))
    assert found.shares[1] == pytest.approx((0.1, 1 / 300))
    assert found.places == (2, 2)


def test_class_of_one_place_is_a_warning() -> None:
    areas = _areas(a=(10, 5, 100), b=(10, 5, 100), c=(10, 0, 100))
    places = {"a": "here", "b": "here", "c": "there"}
    finding = check_folds(areas, [("a", "b"), ("c",)], places, CLASSES).finding
    assert finding.level == "warning"
    assert "at one place only: Water" in finding.found
    assert "another place" in finding.advice


def test_class_missing_in_a_fold_names_the_fold() -> None:
    areas = _areas(a=(10, 5, 100), b=(10, 5, 100), c=(10, 0, 100))
    finding = check_folds(areas, [("a",), ("c",), ("b",)], {s: s for s in "abc"}, CLASSES).finding
    assert finding.level == "warning"
    assert "Water (fold 1)" in finding.found
    assert "augment.folds" in finding.advice


def test_class_that_is_nowhere_is_a_warning() -> None:
    areas = _areas(a=(10, 0, 100), b=(10, 0, 100))
    finding = check_folds(areas, [("a",), ("b",)], {s: s for s in "ab"}, CLASSES).finding
    assert "nowhere: Water" in finding.found
    assert "label more scenes" in finding.advice
