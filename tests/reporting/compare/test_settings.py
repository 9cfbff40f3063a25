"""What differs between configurations."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pipeline.reporting.compare.settings import LONGEST, setting_differences
from pipeline.reporting.compare.settings_section import Record, settings_section
from pipeline.reporting.page.blocks import Table, Text

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=12,
)


def test_only_what_differs_by_dotted_key() -> None:
    one = {"train": {"steps": 600, "rate": 0.1}, "seed": 0}
    two = {"train": {"steps": 900, "rate": 0.1}, "seed": 0, "extra": None}
    assert setting_differences([one, two]) == [
        ("train.steps", ("600", "900")),
        ("extra", (None, "null")),
    ]


def test_rows_go_by_their_names_whatever_their_order() -> None:
    one = {"models": [{"name": "a", "steps": 1}, {"name": "b", "steps": 1}]}
    two = {"models": [{"name": "b", "steps": 2}, {"name": "a", "steps": 1}]}
    assert setting_differences([one, two]) == [("models[b].steps", ("1", "2"))]


def test_a_row_that_one_lacks_is_one_difference() -> None:
    one: dict[str, Any] = {"rules": [{"name": "long", "metres": 3.0, "into": None}]}
    assert setting_differences([one, {"rules": []}, one]) == [
        ("rules[long]", ("metres: 3.0", None, "metres: 3.0"))
    ]
    assert setting_differences([one, {}]) == [
        ("rules", ('[{"name": "long", "metres": 3.0, "into": null}]', None))
    ]


def test_rows_without_names_of_their_own_are_one_value() -> None:
    one = {"rows": [{"name": "a"}, {"name": "a"}]}
    assert setting_differences([one, {"rows": [1]}]) == [
        ("rows", ('[{"name": "a"}, {"name": "a"}]', "[1]"))
    ]


def test_values_that_look_alike_differ() -> None:
    assert setting_differences([{"on": 1}, {"on": True}]) == [("on", ("1", "true"))]
    assert setting_differences([{"on": "1"}, {"on": 1}]) == [("on", ("1", "1"))]
    assert setting_differences([{"on": 1.0}, {"on": 1.0}]) == []


def test_secrets_are_not_shown() -> None:
    one = {"work": {"scheduler": "tcp://me:pass@host:8786", "api_key": "abc"}}
    two = {"work": {"scheduler": "https://host/a?sig=xyz#z", "api_key": "xyz"}}
    found = setting_differences([one, two])
    assert found == [
        ("work.scheduler", ("tcp://host:8786", "https://host/a")),
        ("work.api_key", ("(not shown)", "(not shown)")),
    ]
    rows = setting_differences([{"r": [{"name": "n", "token": "abc"}]}, {"r": []}])
    assert rows == [("r[n]", ("token: (not shown)", None))]


def test_long_values_are_shortened() -> None:
    ((_, texts),) = setting_differences([{"a": "x" * 5000}, {"a": "y"}])
    assert len(texts[0] or "") == LONGEST


@given(st.lists(VALUES, min_size=1, max_size=3), st.integers(2, 4))
def test_any_trees(trees: list[Any], copies: int) -> None:
    """Equal ones never differ; what is found has a text per tree that has the setting."""
    assert setting_differences([trees[0]] * copies) == []
    for _, texts in setting_differences(trees):
        assert len(texts) == len(trees)
        assert any(text is not None for text in texts)


def test_section_says_what_is_the_same() -> None:
    records = [Record(run, {"a": 1}, {"train": "c" * 64}, {}) for run in ("one", "two")]
    texts = [block.text for block in settings_section(records).blocks if isinstance(block, Text)]
    assert texts == [
        "The configurations are the same.",
        "All stages were made by the same code.",
    ]


def test_section_names_runs_whose_configuration_is_missing() -> None:
    records = [
        Record("one", {"a": 1}, {"train": "c" * 64}, {"of all folds": 0.5}),
        Record("two", None, {"train": "d" * 64}, {}),
        Record("three", {"a": 2}, {}, {}),
    ]
    settings, code, pixels = settings_section(records).blocks
    assert isinstance(settings, Table)
    assert settings.header == ("setting", "one", "three")
    assert settings.rows == (("a", "1", "2"),)
    assert isinstance(code, Table)
    assert code.rows == (("train", "cccccccc", "dddddddd", None),)
    assert isinstance(pixels, Table)
    assert pixels.rows == (("of all folds", 0.5, None, None),)
