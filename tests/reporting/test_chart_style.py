"""Looks and bytes."""

from typing import Any, Literal

import matplotlib as mpl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.reporting.chart_style import figure_bytes, ramp, rung_colour, rung_marker, shorten
from pipeline.reporting.search.progress_chart import progress_chart
from tests.reporting.search.made import BUDGETS, search


@pytest.mark.parametrize("form", ["png", "svg"])
def test_same_input_gives_the_same_bytes(form: Literal["png", "svg"]) -> None:
    """Also where the user's own matplotlibrc says otherwise; and that stays as it was."""
    entries = search(12)
    first = figure_bytes(progress_chart(entries, BUDGETS), form)
    changed: dict[Any, Any] = {
        "font.size": 20,
        "savefig.bbox": "tight",
        "axes.grid": False,
        "figure.dpi": 40,
    }
    with mpl.rc_context(changed):
        again = figure_bytes(progress_chart(entries, BUDGETS), form)
        assert mpl.rcParams["font.size"] == 20
        assert mpl.rcParams["savefig.bbox"] == "tight"
    assert again == first
    assert b"date" not in first.lower() or form == "png"


def test_files_are_what_they_are_called() -> None:
    figure = progress_chart(search(3), BUDGETS)
    assert figure_bytes(figure, "png").startswith(b"\x89PNG")
    vector = figure_bytes(figure, "svg")
    assert vector.startswith(b"<?xml")
    assert b"<text" not in vector, "letters are outlines, so no font is needed"


def test_colours_of_rungs_are_ordered_and_apart() -> None:
    assert [ramp(share) for share in (0, 0.5, 1)] == ["#8fd744", "#21918c", "#440154"]
    assert ramp(0.125) == "#62c75e", "halfway: (143 + 53) / 2, (215 + 183) / 2, (68 + 121) / 2"
    assert rung_colour(0, 1) == rung_colour(2, 3) == "#440154"
    assert len({rung_colour(rung, 6) for rung in range(6)}) == 6
    assert [rung_marker(rung, 3) for rung in range(3)] == ["D", "s", "o"]


@given(st.text(max_size=40), st.integers(3, 40))
def test_shortened_text_fits(text: str, length: int) -> None:
    short = shorten(text, length)
    assert len(short) <= length
    assert short == text or (len(text) > length and len(short) == length)


def test_shortened_text_keeps_its_ends() -> None:
    assert shorten("abcdefghij", 5) == "ab…ij"
    assert shorten("abcdefghij", 6) == "abc…ij"
