"""The search's section: how far it is, what is best, what the run took over."""

from __future__ import annotations

import pytest

from pipeline.reporting.page.blocks import Block, Code, Group, Picture, Section, Table, Text
from pipeline.reporting.report import search as module
from pipeline.reporting.report.search import SearchRecord, search_section
from pipeline.search.entry import Entry
from tests.reporting.search.made import AXES, BUDGETS, NAMES, entry, search


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures without a chart: drawing takes most of a test's time."""
    picture = Picture(b"<svg/>", "svg", "")
    monkeypatch.setattr(module, "chart_picture", lambda _figure, _alt: picture)
    drawers = {name: lambda: None for name in module._ALTS}
    monkeypatch.setattr(module, "charts", lambda *_: drawers)


def _texts(blocks: tuple[Block, ...]) -> str:
    return " ".join(block.text for block in blocks if isinstance(block, Text))


def _one(record: SearchRecord, use: str = "nothing", found: str | None = None) -> Section:
    return search_section([record], NAMES, use, found)


@pytest.mark.usefixtures("undrawn")
def test_all_charts_of_a_search_are_there() -> None:
    record = SearchRecord("together", search(9), 0, AXES, BUDGETS, True, {"<x>": b"<svg/>"})
    section = _one(record, "best", "models: []\n")
    shown = [block for block in section.blocks if isinstance(block, Picture)]
    assert len(shown) == 3
    values, networks = [block for block in section.blocks if isinstance(block, Group)]
    assert (values.title, len(values.blocks), values.folded) == (
        "Every trial by its values",
        2,
        True,
    )
    assert networks.blocks == (
        Picture(b"<svg/>", "svg", "The network of model <x> in the best trial.", "model <x>"),
    )
    (code,) = [block for block in section.blocks if isinstance(block, Code)]
    assert code.text == "models: []\n"


@pytest.mark.usefixtures("undrawn")
def test_lead_says_what_is_best() -> None:
    entries = [entry(0, 2, 0.5), entry(1, 2, 0.625), entry(2, outcome="failed", seconds=30)]
    text = _texts(_one(SearchRecord("together", entries, 1, (), BUDGETS)).blocks)
    assert "The search has not ended. 3 trials: 2 scored, 1 failed, in 2 min 30 s" in text
    assert "Trial 1 is the best: a mean Jaccard index of 0.625" in text
    assert "after 900 steps, +0.125 against the default after as many" in text
    assert "Not shown: 1 line of the ledger" in text
    assert "search.use is nothing" in text


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([entry(0, 1, 0.5), entry(1, 2, 0.6)], "The default has 0.500 after 300 steps, which does"),
        ([entry(1, 2, 0.6), entry(2, 1, 0.7)], "after 900 steps; the default has no score"),
        ([entry(0, 2, 0.6), entry(2, 1, 0.7)], "it is the default, so nothing better was found"),
        ([entry(0, outcome="rejected")], "No trial has a score yet"),
        ([], "No trial has ended yet"),
    ],
)
def test_other_leads(entries: list[Entry], said: str) -> None:
    assert said in _texts(_one(SearchRecord("together", entries, 0, (), BUDGETS)).blocks)


@pytest.mark.usefixtures("undrawn")
def test_best_trials_stand_in_a_table() -> None:
    entries = [entry(0, 2, 0.5, {"a.b": 1}), entry(1, 2, 0.6, {"a.b": 2}), entry(2, 1, 0.9)]
    (table,) = [
        b for b in _one(SearchRecord("x", entries, 0, (), BUDGETS)).blocks if isinstance(b, Table)
    ]
    assert table.rows[0] == ("1", "b 2", 0.6, 900, "1,001", "1.0")
    assert [row[0] for row in table.rows] == ["1", "0", "2"]


@pytest.mark.usefixtures("undrawn")
def test_searches_of_single_models_have_headings() -> None:
    records = [
        SearchRecord("roads", [entry(0), entry(1)], 0, (), BUDGETS),
        SearchRecord("water", problem="water.jsonl, line 3: <damaged>"),
    ]
    groups = [b for b in search_section(records, NAMES, "top", None).blocks if isinstance(b, Group)]
    assert [(group.title, group.folded) for group in groups] == [
        ("Search roads", False),
        ("Search water", True),
    ]
    assert "can't be read: water.jsonl, line 3: <damaged>" in _texts(groups[1].blocks)
