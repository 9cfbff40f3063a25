"""Classes are drawn so that everybody can tell them apart."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config.dataset import ClassRow
from pipeline.reporting.viewer.colour_vision import differences, seen_colours
from pipeline.reporting.viewer.data import PATTERNS, ViewerClass
from pipeline.reporting.viewer.palette import APART, SAFE, viewer_classes

DEMO = {
    "#d55e00": "solid",
    "#cc79a7": "solid",
    "#666666": "solid",
    "#b07d3c": "solid",
    "#117733": "diagonal",  # to deuteranopes much like #b07d3c
    "#ddcc77": "solid",
    "#0072b2": "solid",
    "#56b4e9": "solid",
    "#332288": "solid",
    "#f0e442": "diagonal",  # to tritanopes much like #ddcc77
}


def rows(colours: list[str]) -> list[ClassRow]:
    return [ClassRow(code=n, name=f"class {n}", colour=c) for n, c in enumerate(colours)]


def closest(classes: tuple[ViewerClass, ...]) -> float:
    """Smallest difference of two classes of one pattern, in any sight."""
    found = [999.0]
    for pattern in PATTERNS:
        seen = seen_colours([row.colour for row in classes if row.pattern == pattern])
        for one, other in itertools.combinations(range(seen.shape[1]), 2):
            found.append(float(differences(seen[:, one], seen[:, [other]]).min()))
    return min(found)


def test_lab_of_known_colours() -> None:
    normal = seen_colours(["#ffffff", "#000000", "#ff0000", "#0000ff"])[0]
    # Published values of sRGB's corners
    expected: list[list[float]] = [
        [100.0, 0, 0],
        [0, 0, 0],
        [53.24, 80.09, 67.20],
        [32.30, 79.19, -107.86],
    ]
    assert np.allclose(normal, expected, atol=0.03)


def test_sights_as_published() -> None:
    """Grey looks grey to all; pure green is light of (1.05, 0.79, 0) to protanopes, cut at 1."""
    grey = seen_colours(["#808080"])
    assert np.allclose(grey, grey[:1], atol=0.01)
    green = seen_colours(["#00ff00"])[1, 0]
    light = [1.0, 0.786281, 0.0]
    y = 0.2126729 * light[0] + 0.7151522 * light[1]
    assert green[0] == pytest.approx(116 * y ** (1 / 3) - 16, abs=1e-4)


def test_differences_are_distances() -> None:
    one = np.zeros((4, 3))
    others = np.zeros((4, 2, 3))
    others[2, 1] = (2, 3, 6)
    assert differences(one, others).tolist() == [[0, 0], [0, 0], [0, 7], [0, 0]]


def test_safe_colours_are_apart() -> None:
    plain = tuple(ViewerClass(n, "", colour, "solid") for n, colour in enumerate(SAFE))
    assert closest(plain) >= APART
    lightness = seen_colours(SAFE)[0, :, 0]
    assert lightness.min() > 30
    assert lightness.max() < 95


def test_own_colours_stay_where_all_people_tell_them_apart() -> None:
    found = viewer_classes(rows(list(DEMO)))
    assert {row.colour: row.pattern for row in found} == DEMO
    assert [(row.code, row.name) for row in found][:2] == [(0, "class 0"), (1, "class 1")]


def test_what_nobody_sees_is_replaced() -> None:
    """Black, white, and the colour of a class before: another colour, no pattern."""
    found = viewer_classes(rows(["#000000", "#FFFFFF", "#d55e00", "#d65f01"]))
    assert [row.pattern for row in found] == ["solid"] * 4
    assert [row.colour for row in found] == ["#0072b2", "#f0e442", "#d55e00", "#56b4e9"]


@pytest.mark.parametrize("count", [1, 17, 63])
def test_many_classes_of_one_colour(count: int) -> None:
    found = viewer_classes(rows(["#d55e00"] * count))
    assert len({(row.colour, row.pattern) for row in found}) == count
    assert closest(found) >= APART


def test_no_class_no_colour() -> None:
    assert viewer_classes([]) == ()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.from_regex(r"#[0-9a-f]{6}", fullmatch=True), max_size=63))
def test_any_colours_are_told_apart(colours: list[str]) -> None:
    found = viewer_classes(rows(colours))
    assert closest(found) >= APART
    assert found == viewer_classes(rows(colours))
