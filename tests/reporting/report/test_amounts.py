"""Times, sizes and shares as text, by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.reporting.report.amounts import duration, percent, size


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (174.8, "2 min 55 s"),
        (3599.6, "1 h 0 min"),
        (12_020, "3 h 20 min"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (99_940, "99.9 kB"),
        (99_960, "100 kB"),
        (999_600, "1.0 MB"),
        (2.5e9, "2.5 GB"),
        (3e18, "3000 PB"),
    ],
)
def test_sizes(count: float, text: str) -> None:
    assert size(count) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0 %"), (1, "100 %"), (0.2656, "27 %"), (0.0043, "0.43 %"), (0.0998, "10 %")],
)
def test_shares(share: float, text: str) -> None:
    assert percent(share) == text


@given(st.floats(0, 1e15))
def test_a_size_keeps_its_worth(count: float) -> None:
    number, unit = size(count).split()
    factor = {"bytes": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "PB": 1e15}[unit]
    assert float(number) * factor == pytest.approx(count, rel=0.06, abs=0.5)
