"""From a YAML file and overrides to a checked configuration."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pipeline.config.faults import explain
from pipeline.config.found import put_found
from pipeline.config.inheritance import merged
from pipeline.config.model import Config
from pipeline.config.overrides import check_heard, parse_override, put_override
from pipeline.config.tuned import put_tuned
from pipeline.config.yaml_file import read_yaml
from pipeline.errors import ConfigError

EXTENDS = "extends"
"""Key of a file that changes some keys of another: not a section, gone when it is read."""


def load_config(
    path: Path,
    overrides: Sequence[str] = (),
    data: Path | None = None,
    found: Path | None = None,
    tuned: Path | None = None,
) -> Config:
    """Read and check a configuration, and the one that it extends.

    Args:
        path: YAML file.
        overrides: ``section.key=value`` texts; the value is YAML. ``models.<name>.`` before it
            changes a row, ``models.*.`` every row.
        data: Folder that replaces ``dataset.folder``; nothing is generated into it.
        found: What a search wrote; its rows of ``models`` replace those of the file, before the
            overrides.
        tuned: What tuning wrote; its keys of ``polygons`` replace those of the file, likewise.

    Raises:
        ConfigError: Naming the file, the field, the broken rule and, where it can be told, the fix.
    """
    tree, changes = _read(path), [parse_override(text) for text in overrides]
    if found is not None:
        put_found(tree, found)
    if tuned is not None:
        put_tuned(tree, tuned)
    for change in changes:
        put_override(tree, change)
    if data is not None:
        _replace_folder(tree, data)
    try:
        config = Config.model_validate(tree)
    except ValidationError as error:
        lines = textwrap.indent(explain(error), "  ")
        raise ConfigError(f"{path}: the configuration can't be used:\n{lines}") from None
    check_heard(tree, changes)
    return config


def _read(path: Path, extending: tuple[Path, ...] = ()) -> dict[str, Any]:
    known = ", ".join(sorted(str(p) for p in Path("configs").glob("*.yaml")))
    tree = read_yaml(path, missing=f"no such configuration; there are: {known}")
    if not isinstance(tree, dict):
        raise ConfigError(f"{path}: must hold sections (dataset:, tiles:, ...)")
    return _extended(path, tree, extending) if EXTENDS in tree else tree


def _extended(path: Path, tree: dict[str, Any], extending: tuple[Path, ...]) -> dict[str, Any]:
    """A configuration that names another one beside it: its own keys over the other's."""
    name = tree.pop(EXTENDS)
    if not isinstance(name, str) or Path(name).name != name:
        raise ConfigError(f"{path}: {EXTENDS}: {name!r} must be the name of a file beside it")
    base = path.parent / name
    if base in (path, *extending):
        raise ConfigError(f"{path}: {EXTENDS}: {name} extends this file; remove one of the two")
    return dict(merged(_read(base, (path, *extending)), tree))


def _replace_folder(tree: dict[str, Any], data: Path) -> None:
    """Name another folder; what is no section at all is left for the check to name."""
    if tree.get("dataset") is None:
        tree["dataset"] = {}
    if isinstance(tree["dataset"], dict):
        tree["dataset"]["folder"] = str(data)
    tree.pop("generate", None)


def section_values(config: Config, sections: Sequence[str]) -> Mapping[str, Any]:
    """The named sections as JSON values: what a stage's results depend on.

    A name may lead on to a key (``section.key``), ``*`` standing for every entry of a list.

    Where the raw files lie is left out: the same files in another folder give the same results.
    """
    tree = config.model_dump(mode="json", exclude={"dataset": {"folder"}})
    return {name: _value(tree, name.split(".")) for name in sections}


def _value(tree: Any, keys: Sequence[str]) -> Any:
    """What keys lead to; ``*`` stands for every entry of a list."""
    if not keys:
        return tree
    if keys[0] == "*":
        return [_value(entry, keys[1:]) for entry in tree]
    return _value(tree[keys[0]], keys[1:])
