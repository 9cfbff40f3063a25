"""Settings of a row that are worth a try."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from pipeline.config.rules import RuleRow

FACTORS: Final = (0.5, 0.71, 1.41, 2.0)
"""What lengths, areas and shares are scaled by."""
STEPS: Final = (-0.1, -0.05, -0.02, 0.02, 0.05, 0.1)
"""What is added to an index's thresholds, whose zero means nothing."""
_THRESHOLDS: Final = ("above", "below")
_DIGITS: Final = 4


def variants(row: RuleRow) -> list[RuleRow]:
    """A row without effect, as it is, and with each of its numbers changed, one at a time.

    Numbers stay in their field's range, those of zero and criteria that are not set stay as they
    are, and what breaks a rule of the row is left out. A row that is off counts as it would be if
    it were on.

    Args:
        row: The row.

    Returns:
        Rows that differ from each other, all with the row's title as their name: the first is
        off, the second the row itself.
    """
    tree = row.model_dump() | {"name": row.title, "on": True}
    found: list[RuleRow] = []
    for changes in ({"on": False}, {}, *_changes(row)):
        try:
            changed = type(row).model_validate(tree | changes)
        except ValidationError:
            continue
        if changed not in found:
            found.append(changed)
    return found


def _changes(row: RuleRow) -> Iterator[dict[str, Any]]:
    """One number each, by key."""
    for key in type(row).model_fields:
        value = getattr(row, key)
        if not isinstance(value, float):
            continue
        if key in _THRESHOLDS:
            yield from ({key: round(value + step, _DIGITS)} for step in STEPS)
        else:
            low, high = _range(row, key)
            for factor in FACTORS:
                scaled = float(f"{value * factor:.{_DIGITS}g}")
                yield {key: min(max(scaled, low), high)}


def _range(row: BaseModel, key: str) -> tuple[float, float]:
    """Smallest and largest value that a field may have."""
    low, high = float("-inf"), float("inf")
    for part in _parts(type(row).model_fields[key]):
        low = max(low, getattr(part, "ge", low))
        high = min(high, getattr(part, "le", high))
    return low, high


def _parts(annotation: Any) -> Iterator[Any]:
    """What an annotation says of a number, also where it is in a union, in any depth."""
    yield annotation
    inner = (getattr(annotation, name, ()) for name in ("metadata", "__metadata__", "__args__"))
    for part in (*chain.from_iterable(inner), getattr(annotation, "annotation", None)):
        if part is not None:
            yield from _parts(part)
