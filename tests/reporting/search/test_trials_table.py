"""Trials as tables."""

import csv
import io
from typing import Any

import pytest

from pipeline.reporting.score_table import show_table
from pipeline.reporting.search.axis import Axis
from pipeline.reporting.search.trials_table import TABLE_HEADER, trials_csv, trials_table
from tests.reporting.search.made import BUDGETS, entry

DEFAULT: dict[str, Any] = {"network.depth": 4, "train.rate": 0.004, "mixture": "even"}
ENTRIES = [
    entry(0, 0, 0.25, DEFAULT, classes={"10": 0.5, "2": None}),
    entry(1, 0, 0.3, {**DEFAULT, "network.depth": 5, "train.rate": 0.1 + 0.2}, seconds=90),
    entry(2, 0, None, {**DEFAULT, "extra": [1, 2]}, "failed", reason='out of\n"memory", again'),
    entry(1, 1, 0.4, {**DEFAULT, "network.depth": 5, "train.rate": 0.1 + 0.2}, seconds=60),
    entry(3, 0, 0.9, {"network.depth": 4, "mixture": "even"}),
]


def test_csv_has_a_row_per_trial_and_rung() -> None:
    text = trials_csv(ENTRIES, [Axis("train.rate"), Axis("network.depth")])
    assert text.splitlines()[0] == (
        "trial,rung,budget,score,jaccard_2,jaccard_10,outcome,reason,source,seconds,memory_mib,"
        "weights,multiply_adds,params.train.rate,params.network.depth,params.extra,params.mixture"
    )
    assert text.splitlines()[1] == (
        "0,0,100,0.250000,,0.500000,done,,default,60.00,3.0,1000,2000,0.004,4,,even"
    )
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["trial"], row["rung"]) for row in rows] == [
        ("0", "0"),
        ("1", "0"),
        ("1", "1"),
        ("2", "0"),
        ("3", "0"),
    ]
    assert float(rows[1]["params.train.rate"]) == 0.1 + 0.2, "no digit is lost"
    assert rows[3]["reason"] == 'out of "memory", again'
    assert rows[3]["score"] == ""
    assert rows[3]["params.extra"] == "1 + 2"
    assert rows[4]["params.train.rate"] == ""


def test_csv_of_nothing_is_its_header() -> None:
    assert len(trials_csv([]).splitlines()) == 1


def test_rows_for_the_terminal() -> None:
    """The larger budget comes first; names are short where nothing else ends alike."""
    assert trials_table(ENTRIES, BUDGETS, 3) == [
        ("1", "depth 5, rate 0.3", 0.4, 300, "1,001", "2.5"),
        ("3", "nothing", 0.9, 100, "1,003", "1.0"),
        ("0", "nothing", 0.25, 100, "1,000", "1.0"),
    ]


def test_names_that_end_alike_are_whole() -> None:
    entries = [entry(1, 0, 0.3, {"a.rate": 1, "b.rate": 2, "c.width": 3})]
    assert trials_table(entries, BUDGETS, 1)[0][1] == "a.rate 1, b.rate 2, width 3"


def test_rows_fit_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    show_table("Best trials", TABLE_HEADER, trials_table(ENTRIES, BUDGETS, 5))
    lines = capsys.readouterr().out.splitlines()
    row = next(line for line in lines if "depth 5" in line)
    assert row.split() == ["1", "depth", "5,", "rate", "0.3", "0.4000", "300", "1,001", "2.5"]
