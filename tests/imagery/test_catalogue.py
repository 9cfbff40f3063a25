from __future__ import annotations

import csv
import io
from typing import Any

from pipeline.imagery.catalogue import catalogue_csv, catalogue_lines, problems_of

REGISTRATION = {
    "status": "unaligned",
    "right_metres": 1.5,
    "down_metres": -20,
    "correlation": 0.4,
    "note": "too far",
}
RECORD: dict[str, Any] = {
    "id": "6010_0_0",
    "role": "train",
    "shape": [80, 100],
    "metres": 0.5,
    "offset": {"note": "no label tells"},
    "groups": [
        {
            "name": "A",
            "registration": REGISTRATION,
            "invalid": 0.25,
            "bands": {"swir1": {"min": 3, "max": 3}, "swir2": {"min": 3, "max": 4}},
        }
    ],
    "labels": {"1": {"parts": 3, "share": 0.125}, "5": {"parts": 0, "share": 0}},
    "problems": ["one", "two"],
}
UNUSED: dict[str, Any] = {"id": "x", "role": "unused", "problems": ["in no table"]}


def test_every_problem_is_told() -> None:
    assert problems_of(RECORD, {1: ("made valid",), 5: ()}) == [
        "A stays unaligned: too far",
        "A: 25.0% of the pixels are invalid",
        "A: swir1 show nothing but one value",
        "not aligned to labels: no label tells",
        "label of class 1: made valid",
    ]


def test_table_has_a_row_per_scene() -> None:
    rows = list(csv.DictReader(io.StringIO(catalogue_csv([RECORD, UNUSED], ["A"], [1, 5]))))
    assert rows[0]["rows"] == "80"
    assert rows[0]["A alignment"] == "unaligned"
    assert rows[0]["A down m"] == "-20"
    assert rows[0]["share of 1"] == "0.125"
    assert rows[0]["problems"] == "one; two"
    assert (rows[1]["id"], rows[1]["rows"], rows[1]["problems"]) == ("x", "", "in no table")


def test_lines_for_the_terminal() -> None:
    assert catalogue_lines([RECORD, UNUSED]) == [
        "  6010_0_0  train      80x100   1 classes  one; two",
        "  x         unused                         in no table",
    ]
