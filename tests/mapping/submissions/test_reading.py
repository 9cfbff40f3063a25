"""Texts of geometries: what is read, and what is said of it."""

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.mapping.submissions import crossings
from pipeline.mapping.submissions.reading import ground_of, read_text
from tests.mapping.submissions.tables import BOW_TIE, SQUARE

TRIANGLE = "((0 0, 1 0, 1 -1, 0 0))"


def kinds(text: str) -> list[str]:
    return [mark.kind for mark in read_text(text).marks]


@pytest.mark.parametrize(
    ("text", "kind", "area", "place"),
    [
        ("", "blank", 0, None),
        (" \n", "blank", 0, None),
        ("GEOMETRYCOLLECTION EMPTY", "empty-form", 0, None),
        ("POLYGON EMPTY", "empty-form", 0, None),
        ("MULTIPOLYGON Z EMPTY", "empty-form", 0, None),
        ("MULTIPOLYGON (EMPTY)", "empty-part", 0, None),
        (f"MULTIPOLYGON ({TRIANGLE}, EMPTY)", "empty-part", 0.5, None),
        ("LINESTRING (3 4, 1 1)", "geometry-type", 0, (3, 4)),
        ("POINT (0 0)", "geometry-type", 0, (0, 0)),
        (f"GEOMETRYCOLLECTION (POLYGON {TRIANGLE})", "collection", 0.5, (0, 0)),
        (f"SRID=4326;POLYGON {TRIANGLE}", "geometry-type", 0.5, (0, 0)),
        ("POLYGON Z ((0 0 5, 1 0 5, 1 -1 5, 0 0 5))", "dimension", 0.5, (0, 0)),
        ("POLYGON M ((0 0 5, 1 0 5, 1 -1 5, 0 0 5))", "dimension", 0.5, (0, 0)),
        ("POLYGON ((0 0, 1 0, 1 -1 7, 0 0))", "dimension", 0.5, (0, 0)),
        ("POLYGON ((2 0, 1 0, 1 -1))", "unclosed-ring", 0.5, (2, 0)),
        ("POLYGON ((0 0, 1 0, nan -1, 0 0))", "not-finite", 0, (1, 0)),
        ("POLYGON ((NaN 0, 1 0, 1 -1, NaN 0))", "not-finite", 0, (1, 0)),
        ("POLYGON ((0 0, 1e999 0, 1 -1, 0 0))", "not-finite", 0, (0, 0)),
        ("POLYGON ((0 0, 1e200 0, 1e200 -1e200, 0 0))", "not-finite", 0, (0, 0)),
        ("POLYGON ((0 0, 1e200 0, 1e200 -1e200))", "not-finite", 0, (0, 0)),
        (f"MULTIPOLYGON ({TRIANGLE}, ((5 5, 6 5, inf 6, 5 5)))", "not-finite", 0.5, (6, 5)),
        ("POLYGON ((0 0, 1 O, 1 -1, 0 0))", "not-a-number", 0, (0, 0)),
        ("POLYGON ((0 0, 1_0 0, 1 -1, 0 0))", "not-a-number", 0, (0, 0)),
        ("POLYGON ((0 0, 1 0, 1 -1, 0 0)", "unreadable", 0.5, None),
        ("POLYGON ((0 0, 1 0, 1 -1, 0 0)) x", "unreadable", 0.5, None),
        ("POLYGON ((0 0, 1 0, 1 -1, 0 0))\0x", "unreadable", 0.5, None),
        ("MULTIPOLYGON ((0 0, 1 0, 1 -1, 0 0), (0 0, 1 0, 1 1, 0 0))", "unreadable", 1, None),
        ("nonsense", "unreadable", 0, None),
        ("1 2 3", "unreadable", 0, None),
        ("POLYGON ((1e-1 0, 1 0, 1 -1, 1e-1 0))", "exponent", 0.45, (0.1, 0)),
        ("MULTIPOLYGON (((0 0, 1 0, 1 -1, 0 0)), ((0 0, 1 0)))", "short-ring", 0.5, (0, 0)),
    ],
)
def test_what_is_wrong_is_named_with_its_place(
    text: str, kind: str, area: float, place: tuple[float, float] | None
) -> None:
    reading = read_text(text)
    marks = {mark.kind: mark for mark in reading.marks}
    assert kind in marks
    assert (marks[kind].x, marks[kind].y) == (place or (None, None))
    assert shapely.area(ground_of(reading)) == pytest.approx(area, abs=1e-12)


@pytest.mark.parametrize("text", ["MULTIPOLYGON EMPTY", " multipolygon  empty ", SQUARE])
def test_nothing_is_said_of_what_is_right(text: str) -> None:
    assert kinds(text) == []


def test_nested_collections_never_reach_the_parser() -> None:
    deep = "GEOMETRYCOLLECTION (" * 50_000 + SQUARE + ")" * 50_000
    reading = read_text(deep)
    assert {mark.kind for mark in reading.marks} == {"collection"}
    assert shapely.area(ground_of(reading)) == 1


def test_everything_in_a_collection_is_named() -> None:
    text = f"GEOMETRYCOLLECTION (POINT (1 2), LINESTRING (3 4, 5 6), {SQUARE})"
    found = [(mark.kind, mark.x, mark.y) for mark in read_text(text).marks]
    assert found[1:] == [("geometry-type", 1, 2), ("geometry-type", 3, 4)]


def test_sizes_are_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.mapping.submissions.reading.LONG_FIELD", 20)
    monkeypatch.setattr("pipeline.mapping.submissions.reading.MANY_VERTICES", 4)
    assert kinds(SQUARE) == ["long-field", "many-vertices"]


def test_polygon_that_is_too_tangled_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crossings, "MOST_CROSSINGS", 0)
    assert ground_of(read_text(BOW_TIE)).is_empty
    assert ground_of(read_text(SQUARE)).area == 1


PIECES = st.sampled_from(
    ["POLYGON", "MULTIPOLYGON", "Z", "EMPTY", "(", "((", ")", "))", ",", " ", "0 0", "1 0",
     "1 1", "nan 0", "1e5 2", "x", "GEOMETRYCOLLECTION", "POINT"]
)  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(st.lists(PIECES, max_size=16).map("".join))
def test_no_text_raises_and_all_ground_is_valid(text: str) -> None:
    reading = read_text(text)
    assert shapely.is_valid(ground_of(reading))
    assert reading.marks or len(reading.parts) or "EMPTY" in text


@settings(deadline=None, max_examples=50)
@given(st.integers(0, len(SQUARE) - 1))
def test_text_that_breaks_off_is_never_taken_for_right(end: int) -> None:
    assert kinds(SQUARE[:end])
