"""What post-processing gained, and what tuning found."""

from typing import Any

from pipeline.reporting.page.blocks import Group, Picture, Table, Text
from pipeline.reporting.page.rendering import render_page
from pipeline.reporting.report.gains import gains_section
from pipeline.reporting.report.gains_chart import gains_chart
from pipeline.reporting.viewer.data import ViewerClass
from tests.reporting.search.drawn import collisions, texts

CLASSES = [ViewerClass(3, "Road", "#777777", "solid"), ViewerClass(7, "Water", "#0072b2", "solid")]


def gains(*steps: tuple[str, float, float, float | None], end: float = 0.0) -> dict[str, Any]:
    """A record of steps: name, mean, what is lost without it, index of the second class."""
    means = [mean for _, mean, _, _ in steps]
    rows = [
        {
            "step": name,
            "mean": mean,
            "gain": mean - before,
            "share": share,
            "classes": {"3": 0.5, "7": water},
        }
        for (name, mean, share, water), before in zip(steps, means[:1] + means[:-1], strict=True)
    ]
    return {"start": means[0], "end": means[-1], "scenes": 3, "steps": rows}


RECORD = gains(
    ("0.5", 0.5, 0.0, 0.25),
    ("thresholds", 0.625, 0.25, 0.5),
    ("<b>wide</b>", 0.5625, -0.0625, None),
)
CLEANING = {
    "level": 100, "smooth": 0.0, "median": 0.0, "closing": 0.0, "opening": 0.0, "seed": 0,
    "min_hole": 0.0, "min_area": 50.0,
}  # fmt: skip


def tuning() -> dict[str, Any]:
    def row(now: float, tuned: float, carried: float, **changes: float) -> dict[str, Any]:
        return {
            "name": "as in the file",
            "taken": carried > now,
            "cleaning": {"now": CLEANING, "tuned": CLEANING | changes},
            **{
                way: {"jaccard": value}
                for way, value in (("now", now), ("tuned", tuned), ("cross_fitted", carried))
            },
        }

    return {
        "classes": {
            "3": row(0.5, 0.75, 0.625, smooth=2.5, min_area=0.0, seed=51),
            "7": row(0.5, 0.5, 0.25),
        },
        "means": {"now": 0.5, "tuned": 0.625, "cross_fitted": 0.4375, "kept": 0.5625},
    }


RULES = [
    {
        "name": "wide",
        "without": 0.5,
        "before": 0.625,
        "after": 0.75,
        "carried": 0.7,
        "row": {"name": "wide", "on": True, "metres": 4.0},
        "was": {"name": "wide", "on": True, "metres": 2.0},
    },
    {
        "name": "off",
        "without": 0.5,
        "before": 0.4,
        "after": 0.5,
        "carried": 0.5,
        "row": {"name": "off", "on": False},
        "was": {"name": "off", "on": True},
    },
]


def test_steps_by_hand() -> None:
    text, chart, steps, classes = gains_section(RECORD, None, [], CLASSES).blocks
    assert isinstance(text, Text)
    assert isinstance(chart, Picture)
    assert isinstance(steps, Table)
    assert steps.rows == (
        ("cut at 0.5", 0.5, None, None),
        ("1. thresholds", 0.625, "+0.1250", "+0.2500"),
        ("2. <b>wide</b>", 0.5625, "-0.0625", "-0.0625"),
    )
    assert steps.foot == ("all of it", 0.5625, "+0.0625", None)
    assert isinstance(classes, Table)
    assert classes.rows == (("Road", 0.5, "", "", 0.5), ("Water", 0.25, "+0.2500", None, None))


def test_nothing_is_done() -> None:
    (text,) = gains_section(gains(("0.5", 0.5, 0.0, 0.5)), None, [], CLASSES).blocks
    assert isinstance(text, Text)
    assert "nothing else is done" in text.text


def test_chart_goes_from_mean_to_mean() -> None:
    figure = gains_chart(RECORD)
    way, shares = figure.axes
    bars = [(bar.get_x(), bar.get_width()) for bar in way.patches]  # type: ignore[attr-defined]
    assert bars == [(0.5, 0.125), (0.625, -0.0625)]
    assert [bar.get_width() for bar in shares.patches] == [0.25, -0.0625]  # type: ignore[attr-defined]
    shown = texts(figure)
    assert {"0.5000", "+0.1250", "-0.0625", "0.5625", "<b>wide</b>"} <= set(shown)
    assert "Post-processing changes the mean Jaccard index by +0.0625" in shown


def test_nothing_overlaps_in_charts() -> None:
    same = gains(("0.5", 0.5, 0.0, 0.5), ("nothing", 0.5, 0.0, 0.5))
    names = (f"{n} roads are longer than the widest of all fields and waters" for n in range(20))
    many = gains(("0.5", 0.3, 0.0, 0.5), *((name, 0.4, -0.1, 0.5) for name in names))
    assert [collisions(gains_chart(record)) for record in (RECORD, same, many)] == [[], [], []]


def test_tuning_by_hand() -> None:
    section = gains_section(None, tuning(), RULES, CLASSES, ["old"])
    (group,) = section.blocks
    assert isinstance(group, Group)
    warning, _, classes, mean, rules = group.blocks
    assert warning == Text("old", "warning")
    assert isinstance(classes, Table)
    changes = (
        "smoothing 2.5 m (was 0 m), hysteresis 0.20 (was none), smallest part 0 m² (was 50 m²)"
    )
    assert classes.rows == (
        ("Road", 0.5, 0.75, 0.625, "yes", changes),
        ("Water", 0.5, 0.5, 0.25, "no", "as they were"),
    )
    assert isinstance(mean, Text)
    assert "0.5625" in mean.text
    assert isinstance(rules, Table)
    assert [row[-1] for row in rules.rows] == ["metres 4 (was 2)", "off"]


def test_names_stay_text() -> None:
    page = render_page("run", "", [gains_section(RECORD, tuning(), RULES, CLASSES)])
    assert "<b>" not in page
