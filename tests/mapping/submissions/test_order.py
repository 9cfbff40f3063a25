"""As few rows as possible are called out of order."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.mapping.submissions.order import longest_rise, order_findings

SAMPLE = {("a", 1): 2, ("a", 2): 3, ("b", 1): 4, ("b", 2): 5}


@pytest.mark.parametrize(
    ("keys", "findings"),
    [
        ([("a", 1), ("a", 2), ("b", 1), ("b", 2)], []),
        ([("b", 2), ("a", 1), ("a", 2), ("b", 1)], [("order", 2)]),
        ([("a", 2), ("b", 1), ("b", 2)], [("missing", 2)]),
        ([("a", 1), ("c", 1), ("a", 2), ("b", 1), ("b", 2)], [("extra", 3)]),
        ([], [("missing", 2), ("missing", 3), ("missing", 4), ("missing", 5)]),
        ([("b", 2), ("x", 9), ("a", 1)],
         [("order", 2), ("extra", 3), ("missing", 3), ("missing", 4)]),
    ],
)  # fmt: skip
def test_by_hand(keys: list[tuple[str, int]], findings: list[tuple[str, int]]) -> None:
    found = {key: number for number, key in enumerate(keys, start=2)}
    named = [(one.kind.name, one.row) for one in order_findings(found, SAMPLE)]
    assert named == findings


@given(st.permutations(range(7)))
def test_no_longer_rise_exists(values: list[int]) -> None:
    chosen = sorted(longest_rise(values))
    rise = [values[index] for index in chosen]
    assert rise == sorted(rise)
    longer = combinations(values, len(chosen) + 1)
    assert not any(list(one) == sorted(one) for one in longer)
