"""The data's section: problems, shifts and tables by hand."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.config.dataset import ClassRow
from pipeline.reporting.page.blocks import Picture, Table, Text
from pipeline.reporting.report.catalogue import catalogue_section
from pipeline.reporting.report.scene_table import (
    band_table,
    problem_table,
    scene_table,
    share_table,
)
from pipeline.reporting.report.shift_chart import Shifts, shift_chart, shifts_of
from tests.reporting.search.drawn import collisions, points, texts

CLASSES = (
    ClassRow(code=3, name="Roads <b>", colour="#777777"),
    ClassRow(code=7, name="Water", colour="#3366cc"),
)
BAND = {"min": 1.0, "p2": 10.0, "median": 100.0, "p98": 1000.0, "max": 2000.0, "mean": 1.0}


def _group(
    name: str, status: str, right: float = 0.0, down: float = 0.0, correlation: float = 0.0
) -> dict[str, Any]:
    registration = {
        "status": status,
        "right_metres": right,
        "down_metres": down,
        "correlation": correlation,
    }
    return {
        "name": name,
        "metres": 2.0 if name == "M" else 8.0,
        "registration": registration,
        "invalid": 0.0312,
        "bands": {"red": BAND, "nothing": {}},
    }


RECORDS: list[dict[str, Any]] = [
    {
        "id": "a_0_0",
        "role": "train",
        "shape": [100, 120],
        "metres": 2.0,
        "groups": [_group("M", "reference"), _group("A", "aligned", 3.0, -4.0, 0.876)],
        "offset": {"right_metres": 1.0, "down_metres": 0.5, "note": "", "scenes": ["a_0_0"]},
        "labels": {"3": {"parts": 4, "share": 0.0123}},
        "problems": ["A: 3 % of the <pixels> are invalid", "label of class 3: mended"],
    },
    {
        "id": "b_0_0",
        "role": "test",
        "shape": [90, 90],
        "metres": 2.0,
        "groups": [
            _group("M", "reference"),
            _group("A", "unaligned", 40.0, 0.0, 0.3),
            _group("P", "unaligned"),
        ],
        "offset": {"right_metres": 0.0, "down_metres": 0.0, "note": "no labels", "scenes": []},
        "labels": None,
        "problems": [],
    },
    {"id": "c_0_0", "role": "unused", "problems": ["lacks <a> file"]},
]


def test_problems_have_a_row_each() -> None:
    table = problem_table(RECORDS)
    assert table is not None
    assert table.rows == (
        ("a_0_0", "train", "A: 3 % of the <pixels> are invalid"),
        ("a_0_0", "train", "label of class 3: mended"),
        ("c_0_0", "unused", "lacks <a> file"),
    )
    assert problem_table(RECORDS[1:2]) is None


def test_many_problems_are_cut_and_folded() -> None:
    table = problem_table([{"id": "a", "role": "test", "problems": ["x"] * 700}])
    assert table is not None
    assert len(table.rows) == 500
    assert table.folded
    assert table.caption == "The 700 problems; the first 500, all are in scenes/catalogue"


def test_scenes_have_a_row_each() -> None:
    table = scene_table(RECORDS)
    assert table.header[6:] == (
        *("M: alignment", "M: invalid, %", "A: alignment", "A: invalid, %"),
        *("P: alignment", "P: invalid, %"),
    )
    assert table.rows == (
        (
            "a_0_0",
            "train",
            100,
            120,
            "2",
            2,
            "reference",
            "3.1",
            "aligned, 0.88",
            "3.1",
            None,
            None,
        ),
        (
            *("b_0_0", "test", 90, 90, "2", 0, "reference", "3.1"),
            *("unaligned, 0.30", "3.1", "unaligned, 0.00", "3.1"),
        ),
        ("c_0_0", "unused", None, None, None, 1, *[None] * 6),
    )


def test_shares_are_those_of_labelled_scenes() -> None:
    table = share_table(RECORDS, {3: "Roads <b>", 7: "Water"})
    assert table is not None
    assert table.header == ("scene", "Roads <b>", "Water")
    assert table.rows == (("a_0_0", "1.23", None),)
    assert share_table(RECORDS[1:], {3: "Roads"}) is None


def test_values_of_bands_by_hand() -> None:
    table = band_table(RECORDS)
    assert table is not None
    assert table.rows == (
        ("M.red", 2, "1", "10", "100", "1,000", "2,000"),
        ("A.red", 2, "1", "10", "100", "1,000", "2,000"),
        ("P.red", 1, "1", "10", "100", "1,000", "2,000"),
    )
    assert band_table(RECORDS[2:]) is None


def test_shifts_of_a_catalogue() -> None:
    """A group that was never found anywhere, as P, has no shift."""
    assert shifts_of(RECORDS) == [
        Shifts("A", 8.0, ((3.0, -4.0),), ((40.0, 0.0),)),
        Shifts("regions against labels", 2.0, ((1.0, 0.5),), ()),
    ]
    assert shifts_of(RECORDS[2:]) == []


def test_shifts_are_drawn_where_they_are() -> None:
    figure = shift_chart(shifts_of(RECORDS))
    assert points(figure.axes[0], "corrected") == [(3.0, -4.0)]
    assert points(figure.axes[0], "not trusted, left as it was") == [(40.0, 0.0)]
    (title,) = [text for text in texts(figure) if text.startswith("Images lay")]
    said = "Images lay up to 5 m off and were moved; 1 image could not be aligned"
    assert title.split() == said.split()
    assert figure.axes[0].get_ylim()[0] > figure.axes[0].get_ylim()[1]  # down is down


@pytest.mark.parametrize("count", [1, 3, 12])
def test_texts_lie_apart(count: int) -> None:
    rows = [Shifts("group <b> " * n, 0.3, ((0.001, 1000.0),), ((1.0, 2.0),)) for n in range(count)]
    assert not collisions(shift_chart(rows))


def test_section_of_data_with_problems() -> None:
    section = catalogue_section(RECORDS, CLASSES)
    lead, problems, picture, *tables = section.blocks
    assert lead == Text(
        "3 scenes: 1 labelled for training, 1 to be predicted, 1 left out. 3 problems in 2 scenes."
    )
    assert isinstance(problems, Table)
    assert isinstance(picture, Picture)
    assert [isinstance(table, Table) and table.folded for table in tables] == [True, True, True]


def test_section_of_a_scene_without_problems() -> None:
    record = {**RECORDS[0], "problems": [], "offset": None, "groups": RECORDS[0]["groups"][:1]}
    section = catalogue_section([record], CLASSES)
    assert section.blocks[:2] == (
        Text("1 scene: 1 labelled for training."),
        Text("No problem was found."),
    )
    assert not any(isinstance(block, Picture) for block in section.blocks)
