"""Settings that are tried are rows that a configuration could hold."""

from __future__ import annotations

from pydantic import TypeAdapter

from pipeline.config.rules import Bridge, Clear, IndexRow, Near, RuleRow, Shape
from pipeline.mapping.rules.variants import variants

ROWS: list[RuleRow] = [
    Clear(rule="clear", by=(7,), of=(1, 3), grow=4),
    Shape(rule="shape", of=7, into=8, min_length=200, min_elongation=1.5, max_elongation=2),
    Near(rule="near", of=(9,), to=(3,), metres=15, ground=0.8, covered_by=(1, 5)),
    Bridge(rule="bridge", of=(3,), metres=80),
    IndexRow(rule="index", of=7, index="CCCI", above=0.11, how="within"),
]


def test_the_first_is_off_and_the_second_the_row() -> None:
    for row in ROWS:
        found = variants(row)
        assert [one.on for one in found] == [False, *[True] * (len(found) - 1)]
        assert {one.name for one in found} == {row.title}
        assert found[1] == row.model_copy(update={"name": row.title})
        assert len({one.model_dump_json() for one in found}) == len(found)


def test_all_are_rows_of_a_configuration() -> None:
    adapter: TypeAdapter[RuleRow] = TypeAdapter(RuleRow)
    for row in ROWS:
        for one in variants(row):
            assert adapter.validate_json(one.model_dump_json()) == one


def test_one_number_changes_at_a_time() -> None:
    row = ROWS[2]
    pairs = [(one.metres, one.ground) for one in variants(row)[1:] if isinstance(one, Near)]
    scaled = [(value, 0.8) for value in (7.5, 10.65, 21.15, 30)]
    assert pairs == [(15, 0.8), *scaled, (15, 0.4), (15, 0.568), (15, 1)]


def test_numbers_stay_in_their_range() -> None:
    bridges = [one.metres for one in variants(ROWS[3])[1:] if isinstance(one, Bridge)]
    assert bridges == [80, 40, 56.8, 100]


def test_what_breaks_a_rule_of_the_row_is_left_out() -> None:
    """The smallest elongation is never above the largest, and never below 1."""
    found = [one for one in variants(ROWS[1])[1:] if isinstance(one, Shape)]
    pairs = [(one.min_elongation, one.max_elongation) for one in found]
    assert set(pairs) == {(1.5, 2), (1, 2), (1.065, 2), (1.5, 2.82), (1.5, 4)}
    assert [one.min_length for one in found[1:5]] == [100, 142, 282, 400]


def test_thresholds_move_by_steps() -> None:
    found = [one.above for one in variants(ROWS[4])[1:] if isinstance(one, IndexRow)]
    assert found == [0.11, 0.01, 0.06, 0.09, 0.13, 0.16, 0.21]


def test_a_number_of_zero_and_a_row_that_is_off() -> None:
    row = Clear(rule="clear", name="water", by=(7,), of=(1,), on=False)
    assert [(one.on, one.grow, one.name) for one in variants(row) if isinstance(one, Clear)] == [
        (False, 0, "water"),
        (True, 0, "water"),
    ]
