"""The section that stands first."""

from typing import Any

import pytest

from pipeline.reporting.page.blocks import Facts, Picture, Section, Table, Text
from pipeline.reporting.page.rendering import render_page
from pipeline.reporting.report.earlier_runs import MOST, newest_alike
from pipeline.reporting.report.score_chart import score_chart
from pipeline.reporting.report.scored_run import polygon_scores
from pipeline.reporting.report.scores import Standing, score_section
from tests.reporting.report.made_scores import score_record, scored
from tests.reporting.search.drawn import collisions, points, texts

MINE = scored("mine")
OTHER = scored("other", {1: 0.5, 7: None})
COLOURS = {1: "#d55e00", 7: "#0072b2"}


def tables(section: Section) -> list[Table]:
    return [block for block in section.blocks if isinstance(block, Table)]


def test_polygons_come_before_pixels() -> None:
    pixels = scored("mine", {1: 0.2, 7: 0.6}, of="pixels").scores
    section = score_section(Standing("mine", MINE.scores, pixels, colours=COLOURS))
    facts = next(block for block in section.blocks if isinstance(block, Facts))
    assert [value for _, value in facts.rows] == [
        "0.500 (0.400 to 0.600)",
        "0.400 (0.400 to 0.600)",
    ]
    assert facts.rows[0][0].endswith("against the solution, exact areas, 2 scenes")
    table, objects = tables(section)
    assert table.rows[0] == (
        *("Buildings", 0.25, "0.150 to 0.350", "25.0", "25.0", "50.0"),
        *(0.2, "0.100 to 0.300"),
    )
    assert table.foot is not None
    assert (table.foot[1], table.foot[6]) == (0.5, 0.4)
    assert table.colours == ("#d55e00", "#0072b2")
    assert objects.rows == (("Buildings", 6, 4, 3, 0.75, 0.5, 0.6),), "3 + 3 true, 3 + 1 predicted"


def test_pixels_alone() -> None:
    pixels = scored("mine", of="pixels").scores
    section = score_section(Standing("mine", None, pixels, warnings=["no score yet"]))
    assert section.blocks[0] == Text("no score yet", "warning")
    assert len(tables(section)[0].header) == 6
    assert tables(section)[0].colours is None


@pytest.mark.parametrize(
    ("absent", "value", "said"),
    [("zero", 0.0, "counts 0"), ("one", 1.0, "counts 1"), ("skip", None, "is left out")],
)
def test_what_a_class_counts_that_is_nowhere(absent: str, value: float | None, said: str) -> None:
    nowhere = {"jaccard": value, "tp": 0, "fp": 0, "fn": 0}
    record = score_record(absent=absent)
    assert "neither found nor true" not in _said(record)
    record["classes"]["7"] |= nowhere
    assert f"neither found nor true anywhere {said}" in _said(record)


def _said(record: dict[str, Any]) -> str:
    section = score_section(Standing("mine", polygon_scores(record), None))
    return " ".join(block.text for block in section.blocks if isinstance(block, Text))


def test_no_score_at_all() -> None:
    section = score_section(Standing("mine", None, None))
    assert section.blocks == (Text("There is no score of this run."),)


def test_other_runs_beside_this_one() -> None:
    section = score_section(Standing("mine", MINE.scores, None, [OTHER]))
    means, classes = tables(section)[-2:]
    assert means.rows[1] == ("other", 0.5, "0.400 to 0.600", "+0.0000")
    assert classes.rows[1] == ("<b>Water</b> $x$", 0.75, None)
    note = section.blocks[-1]
    assert isinstance(note, Text)
    assert 'make compare RUNS="mine other"' in note.text


def test_names_stay_text() -> None:
    section = score_section(Standing("mine", MINE.scores, None, [OTHER], COLOURS))
    page = render_page("mine", "", [section])
    assert "<b>" not in page
    assert "&lt;b&gt;Water&lt;/b&gt; $x$" in page
    chart = next(block for block in section.blocks if isinstance(block, Picture))
    assert b"&lt;b&gt;Water&lt;/b&gt; $x$" in chart.data
    assert b"<b>" not in chart.data


def test_newest_runs_of_the_same_ground() -> None:
    others = [scored(f"run{n}", scenes=["a"] if n == 1 else ["a", "b"]) for n in range(9)]
    names = [run.name for run in newest_alike(MINE, others)]
    assert names == ["run0", "run2", "run3", "run4", "run5"]
    assert len(names) == MOST


def test_chart_shows_each_run() -> None:
    figure = score_chart([MINE, OTHER])
    axes = figure.axes[0]
    assert [x for x, _ in points(axes, "run 0")] == [0.5, 0.25, 0.75]
    assert [x for x, _ in points(axes, "run 1")] == [0.5, 0.5], "its water is nowhere"
    rows = [y for _, y in points(axes, "run 0")]
    below = [y for _, y in points(axes, "run 1")]
    assert all(0 < low - high < 0.5 for low, high in zip(below, rows, strict=False))
    title = "<b>Water</b> $x$ is found best (0.75), Buildings worst (0.25)"
    assert title in [text.replace("\n", " ") for text in texts(figure)]


def test_nothing_overlaps_in_charts() -> None:
    few = score_chart([scored("mine", {1: 0.5}), scored("x" * 90, {1: 0.4})])
    many = {code: code / 100 for code in range(60)}
    long = score_chart([scored("mine", many)] + [scored(f"{n}" * 60, many) for n in range(5)])
    some = dict(list(many.items())[:20])
    wide = score_chart([scored("mine", some)] + [scored(f"{n}" * 60, some) for n in range(5)])
    assert [collisions(figure) for figure in (few, long, wide)] == [[], [], []]
    assert len(long.axes[0].get_lines()) == 2, "this run alone, and the line below the mean"


def test_the_same_scores_give_the_same_bytes() -> None:
    standing = Standing("mine", MINE.scores, None, [OTHER], COLOURS)
    first, again = score_section(standing), score_section(standing)
    assert first == again
