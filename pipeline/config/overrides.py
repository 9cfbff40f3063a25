"""Single values that are put over those of a file: ``--set section.key=value``."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pipeline.config.inheritance import TABLES, filled, merged
from pipeline.config.models import DEFAULT, INHERITED
from pipeline.config.yaml_file import parse_yaml
from pipeline.errors import ConfigError

ROWS: Final = "models"
EVERY: Final = "*"
OF_THE_RUN: Final = (
    "tiles.metres",
    "features.resampling",
    "augment.folds",
    "augment.same_place",
)
"""Keys of the top that the run itself reads, whatever its rows say."""
_CODE: Final = re.compile("[0-9]{1,9}")


@dataclass(frozen=True)
class Override:
    """One ``section.key=value``.

    Attributes:
        text: As it was given.
        keys: What leads to the value: sections and key, or ``models``, a row's name (or number, or
            ``*`` for every row), and then those of the row.
        value: The value, as YAML reads it.
    """

    text: str
    keys: tuple[str, ...]
    value: Any

    def fault(self, message: str) -> ConfigError:
        """An error that names this override."""
        return ConfigError(f"--set {self.text!r}: {message}")


def parse_override(text: str) -> Override:
    """Read an override.

    Raises:
        ConfigError: Naming the text and the rule.
    """
    name, equals, value = text.partition("=")
    change = Override(text, tuple(name.strip().split(".")), None)
    if not equals or not all(change.keys):
        raise change.fault("must read section.key=value")
    try:
        parsed = parse_yaml(value)
    except ValueError as error:
        raise change.fault(f"the value is not YAML: {error}") from None
    if len(change.keys) == 1 and not isinstance(parsed, dict | list):
        raise change.fault(
            "must read section.key=value; a whole section is replaced by section={key: value, ...}"
        )
    return Override(text, change.keys, parsed)


def put_override(tree: dict[str, Any], change: Override) -> None:
    """Put a value into a configuration's tree.

    Raises:
        ConfigError: If its keys lead to no place for a value.
    """
    if change.keys[0] != ROWS or len(change.keys) == 1:
        _put(tree, change.keys, change, {})
        return
    if len(change.keys) == 2:
        raise change.fault(f"must read {ROWS}.name.key=value, the key being one of a row's")
    for row in _rows(tree, change):
        _put(row, change.keys[2:], change, tree)


def _rows(tree: dict[str, Any], change: Override) -> list[dict[str, Any]]:
    """The rows that an override names."""
    rows = tree.setdefault(ROWS, [{"name": DEFAULT}])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise change.fault(f"{ROWS} is no list of rows; give it rows first")
    wanted = change.keys[1]
    found = [
        row
        for number, row in enumerate(rows)
        if wanted in (EVERY, str(number)) or wanted == row.get("name")
    ]
    if not found:
        raise change.fault(f"there is no row {wanted}; there are {_names(rows)}")
    return found


def _names(rows: Iterable[Mapping[str, Any]]) -> str:
    return ", ".join(str(row.get("name")) for row in rows)


def _put(
    branch: dict[str, Any], keys: Sequence[str], change: Override, top: Mapping[str, Any]
) -> None:
    """Put a value where keys lead; a row changes a copy of a table that it takes from the top."""
    inherited: Any = top
    for text in keys[:-1]:
        key = _key(branch, text)
        inherited = inherited.get(key) if isinstance(inherited, Mapping) else None
        start = inherited if key in TABLES and inherited is not None else {}
        below = branch.get(key, start)
        if not isinstance(below, dict):
            name = ".".join(change.keys)
            raise change.fault(f"{name} does not lead to a key of a section")
        branch[key] = copy.copy(below)  # an anchor of YAML stands in several places at once
        branch = branch[key]
    branch[_key(branch, keys[-1])] = change.value


def _key(branch: Mapping[Any, Any], text: str) -> Any:
    """A key as the file has it; a new one that is made of digits is a class code."""
    new = int(text) if _CODE.fullmatch(text) else text
    return next((key for key in branch if str(key) == text), new)


def check_heard(tree: Mapping[str, Any], changes: Sequence[Override]) -> None:
    """Check that no override of the top is hidden by all rows.

    Args:
        tree: Values of a configuration that is right, changes included.
        changes: What was put over those of the file.

    Raises:
        ConfigError: Naming the override that nothing would follow, and what to set instead.
    """
    for change in changes:
        section = isinstance(change.value, dict) and change.keys[-1] not in TABLES
        if section or change.keys[0] not in INHERITED or ".".join(change.keys) in OF_THE_RUN:
            continue
        if _is_hidden(tree, change.keys):
            key = ".".join(change.keys)
            raise change.fault(
                f"changes nothing, since every row of {ROWS} ({_names(tree[ROWS])}) says {key} "
                f"itself; set {ROWS}.name.{key} for one of them, or {ROWS}.{EVERY}.{key} for all"
            )


def _is_hidden(tree: Mapping[str, Any], keys: Sequence[str]) -> bool:
    """Whether a mark where these keys lead comes down to no row."""
    mark = object()
    marked: Any = mark
    for key in reversed(keys):
        marked = {key: marked}
    rows = filled(merged(tree, marked))[ROWS]
    return all(_at(row, keys) is not mark for row in rows)


def _at(tree: Any, keys: Sequence[str]) -> Any:
    for key in keys:
        tree = tree.get(key) if isinstance(tree, Mapping) else None
    return tree
