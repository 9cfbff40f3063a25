"""Every chart of every kind of search can be read."""

import pytest

from pipeline.reporting.chart_style import figure_bytes
from pipeline.reporting.search.axis import Axis
from pipeline.reporting.search.charts import charts
from pipeline.search.entry import Entry
from tests.reporting.search.drawn import collisions
from tests.reporting.search.made import AXES, BUDGETS, NAMES, entry, search

LONG = "network.of_a_section_whose_name_is_long.and_a_key_that_is_even_longer_than_the_section"
SEARCHES = {
    "none": [],
    "failed": [entry(n, outcome="failed", reason="out of memory " * 30) for n in range(3)],
    "one": search(1),
    "two": search(2, seed=1),
    "forty": search(40),
    "two hundred": search(200),
    "equal": search(30, equal=True),
    "long": [
        entry(n, n % 3, n / 50, {LONG: n, f"{LONG}_too": f"{LONG}{n % 3}"}, classes={"1": 0.1})
        for n in range(20)
    ],
}
LONG_AXES = (*AXES, Axis(LONG), Axis(f"{LONG}_too", tuple(f"{LONG}{n}" for n in range(3))))


@pytest.mark.parametrize("name", ["progress", "classes", "dimensions", "parallel", "importance"])
@pytest.mark.parametrize("entries", SEARCHES.values(), ids=SEARCHES)
def test_texts_lie_apart_and_inside(entries: list[Entry], name: str) -> None:
    figure = charts(entries, LONG_AXES, BUDGETS, NAMES)[name]()
    assert collisions(figure) == []


def test_texts_on_each_other_would_be_found() -> None:
    figure = charts(search(40), LONG_AXES, BUDGETS, NAMES)["dimensions"]()
    figure.axes[0].set_title("a title that runs into the chart beside it, and on", loc="left")
    figure.text(0.99, 0.5, "beyond the edge")
    found = collisions(figure)
    assert ("beyond the edge", "leaves the figure") in found
    assert any("runs into" in text for pair in found for text in pair)


def test_many_budgets() -> None:
    budgets = tuple(10 * 2**rung for rung in range(10))
    entries = [entry(n, n % 10, n / 30, {"train.rate": 0.1**n}, budgets=budgets) for n in range(20)]
    for build in charts(entries, AXES, budgets, NAMES).values():
        assert collisions(build()) == []


def test_all_of_them_become_files() -> None:
    built = charts(search(40), AXES, BUDGETS, NAMES)
    assert list(built) == ["progress", "classes", "dimensions", "parallel", "importance"]
    files = {figure_bytes(build(), "png") for build in built.values()}
    assert len(files) == 5
