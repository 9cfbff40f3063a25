"""One line of a ledger: an entry as JSON, with a checksum, and checked field by field."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from typing import Any, get_args

from pipeline.search.entry import Entry, Outcome, Source

Check = Callable[[Any], bool]
Rules = Mapping[str, tuple[Check, str]]


def to_line(entry: Entry) -> bytes:
    """The line of an entry, its newline included.

    Raises:
        ValueError: If the entry is none that a ledger may hold, or holds what JSON can't.
        TypeError: The same.
    """
    text = _canonical(entry.to_json())
    line = f'{{"sha256":"{_checksum(text)}","entry":{text}}}\n'.encode("ascii")
    from_line(line)
    return line


def from_line(line: bytes) -> Entry:
    """The entry of a line that ends with its newline.

    Raises:
        ValueError: If the line is not, byte for byte, what :func:`to_line` writes for an entry; it
            says what is wrong, as the end of a sentence.
    """
    try:
        value = json.loads(line.decode("ascii"))
    except (ValueError, RecursionError):
        raise ValueError("it is not JSON") from None
    if not isinstance(value, dict) or set(value) != {"sha256", "entry"}:
        raise ValueError("it is not an object of `sha256` and `entry`")
    text = _canonical(value["entry"])
    if value["sha256"] != _checksum(text):
        raise ValueError("its checksum does not match its content")
    if line != f'{{"sha256":"{_checksum(text)}","entry":{text}}}\n'.encode("ascii"):
        raise ValueError("it is not written as a search writes it")
    _check_entry(value["entry"])
    return Entry.from_json(value["entry"])


def _canonical(value: Any) -> str:
    """The one JSON text of a value, on one line and in ASCII."""
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (ValueError, RecursionError):
        raise ValueError("it holds a number that is not finite, or lists too deep") from None


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:16]


def _check_entry(values: Any) -> None:
    """Raise ValueError unless these are the fields of an entry that fit together."""
    _check_fields(values, _ENTRY, "entry")
    _check_fields(values["cost"], _COST, "cost")
    for point in values["history"]:
        _check_fields(point, _POINT, "a point of history")
    done = values["outcome"] == "done"
    if done != (values["score"] is not None):
        raise ValueError(f"score is {values['score']!r}, but outcome is {values['outcome']!r}")
    if done != (values["reason"] is None):
        raise ValueError(f"reason is {values['reason']!r}, but outcome is {values['outcome']!r}")


def _check_fields(values: Any, rules: Rules, what: str) -> None:
    if not isinstance(values, dict):
        raise ValueError(f"{what} is {_shown(values)}, not an object")
    missing, unknown = sorted(rules.keys() - values), sorted(values.keys() - rules)
    if missing:
        raise ValueError(f"{what} has no {', '.join(missing)}")
    if unknown:
        raise ValueError(f"{what} has {_shown(', '.join(unknown))}, which no entry has")
    for name, (check, wanted) in rules.items():
        if not check(values[name]):
            raise ValueError(f"{name} is {_shown(values[name])}, not {wanted}")


def _shown(value: Any) -> str:
    """A value for a message: a damaged one may be long."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0  # True is an int too, but no count


def _is_number(value: Any) -> bool:
    return type(value) is int or (type(value) is float and math.isfinite(value))


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _or_null(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _are_numbers_or_null(values: Any) -> bool:
    return all(value is None or _is_number(value) for value in values)


_COUNT = (_is_count, "a whole number from 0")
_NUMBER = (_is_number, "a number")
_TEXT = (_is_text, "a text")
_POINT: Rules = {"step": _COUNT, "loss": _NUMBER, "score": _NUMBER}
_COST: Rules = {"seconds": _NUMBER, "peak_bytes": _COUNT, "finished": _TEXT}
_ENTRY: Rules = {
    "trial": _COUNT,
    "rung": _COUNT,
    "budget": _COUNT,
    "params": (_is_object, "an object"),
    "meaning": _TEXT,
    "source": (lambda value: value in get_args(Source), f"one of {', '.join(get_args(Source))}"),
    "seed": _COUNT,
    "ground": _TEXT,
    "code": _TEXT,
    "outcome": (lambda value: value in get_args(Outcome), f"one of {', '.join(get_args(Outcome))}"),
    "reason": (_or_null(_is_text), "a text or null"),
    "score": (_or_null(_is_number), "a number or null"),
    "folds": (
        lambda value: _is_list(value) and _are_numbers_or_null(value),
        "a list of numbers or nulls",
    ),
    "classes": (
        lambda value: _is_object(value) and _are_numbers_or_null(value.values()),
        "an object of numbers or nulls",
    ),
    "history": (_is_list, "a list"),
    "parameters": (_or_null(_is_count), "a whole number from 0 or null"),
    "multiply_adds": (_or_null(_is_count), "a whole number from 0 or null"),
    "cost": (_is_object, "an object"),
}
