"""Rows against the sample's: which are missing, too many, or out of order."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence

from pipeline.mapping.submissions.findings import Finding, Mark
from pipeline.mapping.submissions.rows import Key


def order_findings(found: Mapping[Key, int], sample: Mapping[Key, int]) -> Iterator[Finding]:
    """What is wrong with the rows of a submission as a whole.

    As few rows as possible are called out of order: those outside of a longest run of rows that
    stand in the sample's order.

    Args:
        found: Row number of each scene and class of the submission, in its order.
        sample: The same of the sample.
    """
    places = {key: place for place, key in enumerate(sample)}
    keys = list(sample)
    codes = {code for _, code in sample}
    known = [key for key in found if key in places]
    rising = longest_rise([places[key] for key in known])
    in_order = {known[index] for index in rising}
    for place, (key, number) in enumerate(found.items()):
        if key not in places:
            yield _finding("extra", not_there(key, codes), key, number)
        elif key not in in_order:
            wanted = keys[min(place, len(keys) - 1)]
            message = (
                f"is scene {key[0]}, class {key[1]}, but the sample has scene {wanted[0]}, class "
                f"{wanted[1]} there"
            )
            yield _finding("order", message, key, number)
    for key, number in sample.items():
        if key not in found:
            message = f"missing; the sample has scene {key[0]}, class {key[1]} there"
            yield _finding("missing", message, key, number)


def not_there(key: Key, codes: Collection[int]) -> str:
    """Why a row is too many.

    Args:
        key: Its scene and class.
        codes: All class codes of the sample.
    """
    if key[1] not in codes:
        return f"class {key[1]} is not in the sample"
    return "the sample has no such row"


def longest_rise(values: Sequence[int]) -> set[int]:
    """Indices of a longest rising subsequence of different numbers (patience sorting)."""
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for index, value in enumerate(values):
        place = bisect_left(tails, value)
        before.append(ends[place - 1] if place else -1)
        if place == len(tails):
            tails.append(value)
            ends.append(index)
        else:
            tails[place], ends[place] = value, index
    chosen = set()
    at = ends[-1] if ends else -1
    while at >= 0:
        chosen.add(at)
        at = before[at]
    return chosen


def _finding(kind: str, message: str, key: Key, number: int) -> Finding:
    return Finding.of(Mark(kind, message), number, key[0], str(key[1]))
