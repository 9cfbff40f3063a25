from __future__ import annotations

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import LabelError
from pipeline.imagery.outlines import check_outline, polygons_of, read_polygons

BOUNDS = (0.0, -10.0, 20.0, 0.0)
MARGIN = (0.5, 0.5)


def test_good_label_is_kept_as_it_stands() -> None:
    text = "MULTIPOLYGON (((0 0, 10 0, 10 -10, 0 -10, 0 0), (2 -2, 2 -4, 4 -4, 2 -2)))"
    outline = check_outline(text, BOUNDS, MARGIN)
    assert outline.text == text
    assert (outline.parts, outline.area, outline.notes) == (1, 98.0, ())


def test_empty_label() -> None:
    outline = check_outline("MULTIPOLYGON EMPTY", BOUNDS, MARGIN)
    assert (outline.text, outline.parts, outline.area) == ("MULTIPOLYGON EMPTY", 0, 0)


def test_polygon_becomes_a_multipolygon() -> None:
    outline = check_outline("polygon ((0 0, 1 0, 1 -1, 0 0))", BOUNDS, MARGIN)
    assert outline.text.startswith("MULTIPOLYGON (((0 0")


def test_self_crossing_outline_is_mended_and_noted() -> None:
    # A bow tie of two triangles with area 1 each.
    outline = check_outline("MULTIPOLYGON (((0 0, 2 -2, 2 0, 0 -2, 0 0)))", BOUNDS, MARGIN)
    mended = shapely.from_wkt(outline.text)
    assert mended.is_valid
    assert mended.area == pytest.approx(2)
    assert "made valid (Self-intersection" in outline.notes[0]


def test_ground_that_two_parts_share_stays_labelled() -> None:
    text = "MULTIPOLYGON (((0 0, 4 0, 4 -4, 0 -4, 0 0)), ((2 -2, 6 -2, 6 -6, 2 -6, 2 -2)))"
    outline = check_outline(text, BOUNDS, MARGIN)
    assert outline.area == pytest.approx(16 + 16 - 4)
    assert outline.parts == 1


def test_slightly_outside_is_cut_off() -> None:
    outline = check_outline(
        "MULTIPOLYGON (((-0.4 0.3, 2 0.3, 2 -1, -0.4 -1, -0.4 0.3)))", BOUNDS, MARGIN
    )
    cut = shapely.from_wkt(outline.text)
    assert cut.bounds == (0, -1, 2, 0)
    assert outline.notes == ()


@pytest.mark.parametrize(
    "text",
    [
        "MULTIPOLYGON (((-0.6 0, 2 0, 2 -1, -0.6 0)))",
        "MULTIPOLYGON (((0 0, 2 0, 2 -10.6, 0 0)))",
        "MULTIPOLYGON (((30 0, 31 0, 31 -1, 30 0)))",
        "MULTIPOLYGON (((0 0, 1 0, 1 -1, 0 0)), ((0 5, 1 5, 1 6, 0 5)))",
    ],
)
def test_outside_of_the_scene(text: str) -> None:
    with pytest.raises(LabelError, match=r"lies outside of its scene.*scenes\.overhang"):
        check_outline(text, BOUNDS, MARGIN)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "POINT (1 1)",
        "LINESTRING (0 0, 1 1)",
        "GEOMETRYCOLLECTION (" * 50_000,
        "MULTIPOLYGON (((0 0, 1 0",
        "MULTIPOLYGON (((0 0, 1 0, 1 -1)))",
        "POLYGON ((a b, c d))",
        "MULTIPOLYGON (((0 0, 1 0, 1 -1, 0 0))) DROP TABLE",
    ],
)
def test_text_that_is_no_polygon(text: str) -> None:
    with pytest.raises(LabelError, match=r"is no (POLYGON|well-known text)"):
        read_polygons(text)


@pytest.mark.parametrize("number", ["nan", "inf", "-inf", "1e999"])
def test_coordinates_that_are_not_finite(number: str) -> None:
    with pytest.raises(LabelError, match=r"not finite|no well-known text"):
        read_polygons(f"MULTIPOLYGON (((0 0, {number} 0, 1 -1, 0 0)))")


def test_third_dimension_is_dropped() -> None:
    assert not read_polygons("POLYGON Z ((0 0 5, 1 0 5, 1 -1 5, 0 0 5))").has_z


def test_lines_and_points_of_a_collection_are_left_out() -> None:
    collection = shapely.from_wkt(
        "GEOMETRYCOLLECTION (POINT (1 1), LINESTRING (0 0, 1 1), "
        "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0))), POLYGON ((5 5, 6 5, 6 6, 5 5)))"
    )
    assert len(polygons_of(collection).geoms) == 2


@given(text=st.text(max_size=60))
def test_any_text_is_a_label_or_a_label_error(text: str) -> None:
    for candidate in (text, f"POLYGON {text}", f"MULTIPOLYGON ((({text})))"):
        try:
            outline = check_outline(candidate, BOUNDS, MARGIN)
        except LabelError:
            continue
        assert shapely.from_wkt(outline.text).is_valid
