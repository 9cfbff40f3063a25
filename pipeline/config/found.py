"""What a search found, as rows of ``models``: made from a configuration, and put into it again."""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from pipeline.config.faults import explain
from pipeline.config.inheritance import concise, filled
from pipeline.config.model import Config
from pipeline.config.overrides import ROWS, Override, put_override
from pipeline.config.yaml_file import read_yaml
from pipeline.errors import ConfigError

_KIND: Final = "network.kind"
_LONGEST: Final = 26
"""Letters of a row's name that an ensemble's row keeps: names have at most 32."""
_SAME: Final = ("classes", "answers")
"""Keys in which found rows must be those of the configuration."""


def changed_rows(
    config: Config, names: Collection[str], settings: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Rows of ``models`` with some keys of some of them set, each with what is its own.

    Args:
        config: The configuration.
        names: Rows that change.
        settings: Values by key of a row, such as ``network.width``.
    """
    tree = concise(config.model_dump(mode="json"))
    for name, row in zip((row.name for row in config.models), tree[ROWS], strict=True):
        if name in names:
            _set(tree, row, name, settings)
    rows: list[dict[str, Any]] = tree[ROWS]
    return rows


def _set(tree: dict[str, Any], row: dict[str, Any], name: str, settings: Mapping[str, Any]) -> None:
    wanted = settings.get(_KIND)
    has = {**(tree.get("network") or {}), **(row.get("network") or {})}.get("kind")
    if wanted is not None and wanted != has:
        row.pop("network", None)  # another kind of network takes nothing over
    # The kind first: what follows are its keys.
    for key in sorted(settings, key=lambda key: key != _KIND):
        keys = (ROWS, name, *key.split("."))
        put_override(tree, Override(key, keys, copy.deepcopy(settings[key])))


def with_rows(config: Config, rows: Sequence[Mapping[str, Any]]) -> Config:
    """The configuration with other rows of ``models``.

    Raises:
        ConfigError: Naming the field, the broken rule and, where it can be told, the fix.
    """
    tree = concise(config.model_dump(mode="json"))
    try:
        return Config.model_validate({**tree, ROWS: list(copy.deepcopy(rows))})
    except ValidationError as error:
        raise ConfigError(explain(error)) from None


def ensemble_rows(trials: Sequence[Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Rows of several trials beside each other, as models with classes in common.

    Args:
        trials: Rows of each trial, the best first; rows that are alike in all stand there once.
    """
    first = trials[0]
    found: list[dict[str, Any]] = []
    for place, row in enumerate(first):
        versions = [trial[place] for trial in trials]
        if all(version == row for version in versions):
            found.append(dict(row))
            continue
        # Long names are cut; their position keeps them apart.
        name = str(row["name"])
        short = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 3]}_{place}"
        found += [
            {**version, "name": f"{short}_top{number}"}
            for number, version in enumerate(versions, 1)
        ]
    return found


def put_found(tree: dict[str, Any], path: Path) -> None:
    """Put the rows of a search's file into a configuration's tree.

    Args:
        tree: Values of the configuration, changed.
        path: What a search wrote.

    Raises:
        ConfigError: If the file isn't one, or was found for other models.
    """
    found = read_yaml(path, fix="run `search` again")
    rows = found.get(ROWS) if isinstance(found, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ConfigError(f"{path}: holds no list of {ROWS}; run `search` again")
    told, wanted = (_classes({**tree, ROWS: listed}) for listed in (rows, _rows_of(tree)))
    if told != wanted:
        raise ConfigError(
            f"{path}: was found for models with the classes {_text(told)}, but the configuration "
            f"has {_text(wanted)}; run `search` again, or set search.use to nothing"
        )
    tree[ROWS] = rows


def _rows_of(tree: Mapping[str, Any]) -> Any:
    whole = filled(dict(tree))
    return whole.get(ROWS, [])


def _classes(tree: Mapping[str, Any]) -> set[tuple[tuple[int, ...], ...]]:
    """Classes and answers of the rows."""
    rows = tree[ROWS] if isinstance(tree[ROWS], list | tuple) else []
    listed = [[row.get(key) or () for key in _SAME] for row in rows if isinstance(row, dict)]
    return {
        tuple(tuple(codes) if isinstance(codes, list | tuple) else (codes,) for codes in row)
        for row in listed
    }


def _text(classes: set[tuple[tuple[int, ...], ...]]) -> str:
    return "; ".join(
        ", ".join(map(str, told)) + (f" (answers {', '.join(map(str, answers))})" * bool(answers))
        or "all"
        for told, answers in sorted(classes)
    )
