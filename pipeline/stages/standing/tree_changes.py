"""What differs between two trees of JSON values, in words such as ``train.steps 600 -> 800``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

_LONGEST: Final = 40
"""Letters of a value that are shown."""
_ROWS: Final = "models"
_NOTHING: Final = object()


@dataclass(frozen=True)
class Change:
    """One value that is another now.

    Attributes:
        path: What leads to it.
        text: How it changed.
    """

    path: tuple[str, ...]
    text: str

    def __str__(self) -> str:
        return f"{'.'.join(self.path)} {self.text}"


def setting_changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Differences of two parts of a configuration.

    What a key of every model became alike is told once, as of the key that they inherit.

    Args:
        before: Values by section, or ``section.key``, or ``models.*.key``; see
            :class:`pipeline.chain.Stage`.
        now: Likewise.
    """
    found: list[str] = []
    names = [_names(tree) for tree in (before, now)]
    if names[0] != names[1] and all(names):
        found.append(f"{_ROWS} {', '.join(names[0])} -> {', '.join(names[1])}")
    for section in (*before, *(name for name in now if name not in before)):
        keys = tuple(section.split("."))
        old, new = before.get(section, _NOTHING), now.get(section, _NOTHING)
        if keys[:2] != (_ROWS, "*"):
            found += map(str, _changes(keys, old, new))
        elif names[0] == names[1] and keys[2:] != ("name",):
            found += _of_rows(keys[2:], names[0], old, new)
    return list(dict.fromkeys(found))


def _names(tree: Mapping[str, Any]) -> list[str]:
    """Names of the models, where the part tells them."""
    found = tree.get(f"{_ROWS}.*.name")
    return [str(name) for name in found] if isinstance(found, list) else []


def _of_rows(keys: tuple[str, ...], names: Sequence[str], old: Any, new: Any) -> list[str]:
    """Differences of a key of all models."""
    if not (isinstance(old, list) and isinstance(new, list) and len(old) == len(new) == len(names)):
        return list(map(str, _changes((_ROWS, "*", *keys), old, new)))
    rows = [list(_changes(keys, was, becomes)) for was, becomes in zip(old, new, strict=True)]
    if all(row == rows[0] for row in rows):
        return list(map(str, rows[0]))
    return [
        f"{_ROWS}.{name}.{change}" for name, row in zip(names, rows, strict=True) for change in row
    ]


def _changes(path: tuple[str, ...], old: Any, new: Any) -> Iterator[Change]:
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in (*old, *(key for key in new if key not in old)):
            yield from _changes((*path, key), old.get(key, _NOTHING), new.get(key, _NOTHING))
    elif isinstance(old, list) and isinstance(new, list) and _are_rows(old, new):
        for place, (was, becomes) in enumerate(zip(old, new, strict=True)):
            yield from _changes((*path, _label(was, place)), was, becomes)
    elif old is _NOTHING:
        yield Change(path, f"{_shown(new)} is new")
    elif new is _NOTHING:
        yield Change(path, "is no more")
    else:
        yield Change(path, f"{_shown(old)} -> {_shown(new)}")


def _are_rows(old: Sequence[Any], new: Sequence[Any]) -> bool:
    """Whether two lists are of as many tables, which compare one by one."""
    return len(old) == len(new) and all(isinstance(row, dict) for row in (*old, *new))


def _label(row: Mapping[str, Any], place: int) -> str:
    """What people call a row of a table."""
    return next((str(row[key]) for key in ("name", "code", "id") if key in row), str(place))


def _shown(value: Any) -> str:
    if isinstance(value, list) and len(json.dumps(value)) > _LONGEST:
        return f"{len(value)} entries"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
