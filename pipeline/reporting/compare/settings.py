"""Settings of runs side by side: what differs between their configurations."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pipeline.reporting.chart_style import shorten

LONGEST: Final = 200
"""Letters of a value that are shown."""
_ADDRESS: Final = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)(?:[^/@\s\"]*@)?(?P<rest>[^\s?#\"]*)[^\s\"]*"
)
_SECRET: Final = re.compile(r"secret|token|passw|credential|api_?key", re.IGNORECASE)
_HIDDEN: Final = "(not shown)"
_ABSENT: Final = object()
Texts = tuple[str | None, ...]


def setting_differences(trees: Sequence[Any]) -> list[tuple[str, Texts]]:
    """Settings whose values are not the same in all configurations.

    Rows of a list that have a name each go by it, as in ``models[water].train.steps``; other lists
    are one value. What a configuration lacks is one difference, not one for each of its parts.

    Args:
        trees: Resolved configurations.

    Returns:
        Dotted key and a text per configuration, None where it has no such key; in the order of the
        first configuration that has the key.
    """
    return list(_differing("", trees))


def _differing(key: str, values: Sequence[Any]) -> Iterator[tuple[str, Texts]]:
    if len({_canonical(value) for value in values}) == 1:
        return
    parts = [_parts(key, value) for value in values]
    if any(found is None for found in parts) or not any(parts):
        yield key, tuple(_text(key, value) for value in values)
        return
    for name in dict.fromkeys(name for found in parts for name in found or {}):
        yield from _differing(name, [(found or {}).get(name, _ABSENT) for found in parts])


def _parts(key: str, value: Any) -> dict[str, Any] | None:
    """Values below a key by their own keys; None if it is one value, or is not there."""
    if isinstance(value, Mapping):
        return {f"{key}.{name}" if key else str(name): inner for name, inner in value.items()}
    if isinstance(value, list) and (names := _names(value)) is not None:
        return {
            f"{key}[{name}]": {part: inner for part, inner in row.items() if part != "name"}
            for name, row in zip(names, value, strict=True)
        }
    return None


def _names(rows: Sequence[Any]) -> list[str] | None:
    """Names of the rows of a list, none of an empty one; None if they lack names of their own."""
    names = [row.get("name") if isinstance(row, Mapping) else None for row in rows]
    known = [name for name in names if isinstance(name, str) and name]
    return known if len(set(known)) == len(rows) else None


def _canonical(value: Any) -> str:
    """Equal for equal values, and for no others: 1 and true are not the same."""
    return "" if value is _ABSENT else json.dumps(value, sort_keys=True, default=str)


def _text(key: str, value: Any) -> str | None:
    """A value as people read it, without what others must not know."""
    if value is _ABSENT:
        return None
    if _SECRET.search(key):
        return _HIDDEN
    return shorten(_ADDRESS.sub(r"\g<scheme>\g<rest>", _plain(value)), LONGEST)


def _plain(value: Any) -> str:
    if isinstance(value, Mapping) and value:
        known = {name: inner for name, inner in value.items() if inner is not None}
        return ", ".join(
            f"{name}: {_HIDDEN if _SECRET.search(str(name)) else _plain(inner)}"
            for name, inner in known.items()
        )
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
