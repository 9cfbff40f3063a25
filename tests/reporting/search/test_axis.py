"""Dimensions as axes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.reporting.search.axis import Axis, axes_of, log_ticks, text_of, tick_text, varying
from pipeline.reporting.search.scale import Scale, scale_of
from pipeline.search.dimension import Dimension
from tests.reporting.search.made import entry


def test_axes_of_dimensions() -> None:
    dimensions = (
        Dimension("a", "choice", 4, options=(4, True, ["ndvi", "ndwi"], [])),
        Dimension("b", "uniform", 1, low=0, high=2),
        Dimension("c", "loguniform", 1, low=0.1, high=2),
    )
    choice, plain, log = axes_of(dimensions)
    assert choice.options == ("4", "true", "ndvi + ndwi", "[]")
    assert [choice.place(v) for v in (4, True, ["ndvi", "ndwi"], [], 5)] == [0, 1, 2, 3, None]
    assert (plain.options, plain.log) == (None, False)
    assert (log.options, log.log) == (None, True)


def test_what_no_axis_can_show_has_no_place() -> None:
    assert Axis("a").place("text") is None
    assert Axis("a").place(True) is None
    assert Axis("a", log=True).place(0) is None
    assert Axis("a").places([entry(0, params={"a": 3}), entry(1, params={"b": 3})]) == [3, None]


def test_only_axes_with_two_places_vary() -> None:
    entries = [entry(0, params={"a": 1, "b": 2, "c": 3}), entry(1, params={"a": 1, "b": 3})]
    assert [axis.name for axis in varying(map(Axis, "abcd"), entries)] == ["b"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.003, "0.003"), (3e-4, "3e-4"), (1e-05, "1e-5"), (0, "0"), (40.0, "40"), (2e6, "2e6")],
)
def test_ticks_are_short(value: float, text: str) -> None:
    assert tick_text(value) == text


def test_text_of_values() -> None:
    values = [text_of(value) for value in ("a", 3, 3.0, 0.123456, None, False)]
    assert values == ["a", "3", "3", "0.1235", "null", "false"]


def test_log_ticks_by_hand() -> None:
    assert log_ticks(1e-3, 10) == [1e-3, 1e-2, 0.1, 1, 10]
    assert log_ticks(5e-4, 2e-2) == [1e-3, 3e-3, 1e-2]
    assert log_ticks(2, 2) == [2]


@given(st.floats(1e-9, 1e6), st.floats(1, 1e9))
def test_log_ticks_lie_inside_and_are_few(low: float, factor: float) -> None:
    ticks = log_ticks(low, low * factor)
    assert 1 <= len(ticks) <= 5
    assert ticks == sorted(set(ticks))
    assert low * 0.99 <= ticks[0] <= ticks[-1] <= low * factor * 1.01


def test_scale_shares() -> None:
    entries = [entry(0, params={"a": 0.01, "b": "y"}), entry(1, params={"a": 1.0}), entry(2)]
    log = scale_of(Axis("a", log=True), entries)
    assert [log.share_of(e) for e in entries] == [0, 1, None]
    assert log.share(0.1) == pytest.approx(0.5)
    choice = scale_of(Axis("b", ("x", "y", "z")), entries)
    assert choice.share_of(entries[0]) == 0.5
    assert Scale(Axis("b", ("x",)), 0, 0).share(0) == 0.5


def test_linear_ticks() -> None:
    assert Scale(Axis("a"), 8, 48).ticks() == [10, 20, 30, 40]
    assert Scale(Axis("a"), 0.1, 0.3).ticks() == [0.1, 0.15, 0.2, 0.25, 0.3]
    assert Scale(Axis("a"), 7, 7).ticks() == [7]
