"""All places where polygons break the rules, by hand."""

import numpy as np
import pytest
import shapely

from pipeline.mapping.submissions import crossings, geometry_faults
from pipeline.mapping.submissions.findings import KINDS, Mark
from pipeline.mapping.submissions.geometry_faults import broken_places, outside_places


def places(text: str) -> list[tuple[str, float | None, float | None]]:
    parts = shapely.get_parts(shapely.from_wkt(text))
    return [(mark.kind, mark.x, mark.y) for mark in broken_places(parts)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))", [("self-crossing", 1, 1)]),
        # A zigzag that crosses its way back three times.
        (
            "POLYGON ((0 1, 2 -1, 4 1, 6 -1, 6 0, 0 0, 0 1))",
            [("self-crossing", 1, 0), ("self-crossing", 3, 0), ("self-crossing", 5, 0)],
        ),
        # The ring comes back to (1, 1), from inside.
        ("POLYGON ((0 0, 1 1, 2 0, 3 3, 1 1, 0 3, 0 0))", [("self-touch", 1, 1)]),
        (
            "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0), (5 5, 6 5, 6 6, 5 5), (7 7, 8 7, 8 8, 7 7))",
            [("hole-outside", 5, 5), ("hole-outside", 7, 7)],
        ),
        (
            "POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0), (1 1, 8 1, 8 8, 1 8, 1 1), (2 2, 3 2, 3 3, 2 2))",
            [("nested-holes", 2, 2)],
        ),
        ("POLYGON ((0 0, 1 0, 0 0))", [("short-ring", 0, 0)]),
        (
            "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((0 0, 1 1, 1 0, 0 0)))",
            [("duplicate-part", 0, 0)],
        ),
        (
            "MULTIPOLYGON (((0 0, 2 0, 2 2, 0 2, 0 0)), ((1 0, 3 0, 3 2, 1 2, 1 0)))",
            [("overlapping-parts", 1.5, 1)],
        ),
        (
            "MULTIPOLYGON (((0 0, 9 0, 9 9, 0 9, 0 0)), ((2 2, 4 2, 4 4, 2 4, 2 2)))",
            [("overlapping-parts", 3, 3)],
        ),
        (
            "MULTIPOLYGON (((0 0, 2 0, 2 2, 0 2, 0 0)), ((2 0, 4 0, 4 2, 2 2, 2 0)))",
            [("shared-edge", 2, 0)],
        ),
    ],
)
def test_every_place_is_found(text: str, found: list[tuple[str, float, float]]) -> None:
    assert places(text) == found


def test_faults_of_several_polygons_are_all_named() -> None:
    text = (
        "MULTIPOLYGON (((0 0, 2 2, 2 0, 0 2, 0 0)), ((10 0, 12 2, 12 0, 10 2, 10 0)),"
        " ((20 0, 22 0, 22 2, 20 0)), ((20 0, 22 0, 22 2, 20 0)))"
    )
    assert places(text) == [
        ("self-crossing", 1, 1),
        ("self-crossing", 11, 1),
        ("duplicate-part", 20, 0),
    ]


def test_what_has_no_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geometry_faults, "LISTED", 2)
    zigzag = "POLYGON ((0 1, 2 -1, 4 1, 6 -1, 8 1, 10 -1, 10 0, 0 0, 0 1))"
    parts = shapely.get_parts(shapely.from_wkt(zigzag))
    messages = [mark.message for mark in broken_places(parts)]
    assert len(messages) == 3
    assert "in more places" in messages[-1]


def test_few_pairs_at_once_give_the_same_places(monkeypatch: pytest.MonkeyPatch) -> None:
    angles = np.arange(12) * 5 * np.pi / 6.001
    star = shapely.Polygon(np.stack([np.cos(angles), np.sin(angles)], axis=1))
    rings = [shapely.get_coordinates(star)]
    whole = sorted(crossings.crossing_points(rings))
    monkeypatch.setattr(crossings, "PAIRS_AT_ONCE", 1)
    np.testing.assert_allclose(sorted(crossings.crossing_points(rings)), whole)
    assert len(whole) > 12


def outside(x: float, y: float, extent: tuple[float, float] | None) -> list[Mark]:
    return list(outside_places(np.array([shapely.box(x, y, x + 1, y + 1)]), extent))


def test_outside_by_hand() -> None:
    """The scene spans 0 to 3 and -2 to 0."""
    assert outside(0, -1, (3, -2)) == []
    assert outside(2, -2, (3, -2)) == []
    assert outside(2 + 1e-12, -2, (3, -2)) == []
    (mark,) = outside(2.5, -1, (3, -2))
    assert (mark.kind, mark.x) == ("outside", 3.5)
    assert "0.5 past the scene" in mark.message
    (mark,) = outside(0, 4, (3, -2))
    assert (mark.kind, mark.y) == ("outside", 5)


def test_without_a_scene_only_absurd_coordinates_are_named() -> None:
    assert outside(5e6, 5e6, None) == []
    assert [mark.kind for mark in outside(2e9, 0, None)] == ["huge-coordinate"]


def test_all_kinds_of_marks_are_in_the_table() -> None:
    assert set(geometry_faults._KINDS.values()) <= set(KINDS)
