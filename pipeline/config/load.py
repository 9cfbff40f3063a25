"""From a YAML file and overrides to a checked configuration."""

from __future__ import annotations

import difflib
import re
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from pipeline.config.inheritance import merged
from pipeline.config.model import Config
from pipeline.config.network import KINDS
from pipeline.config.overrides import check_heard, parse_override, put_override
from pipeline.errors import ConfigError

_KEY = re.compile("[a-z][a-z0-9_]*")
EXTENDS = "extends"
"""Key of a file that changes some keys of another: not a section, gone when it is read."""


def load_config(path: Path, overrides: Sequence[str] = (), data: Path | None = None) -> Config:
    """Read and check a configuration, and the one that it extends.

    Args:
        path: YAML file.
        overrides: ``section.key=value`` texts; the value is YAML. ``models.<name>.`` before it
            changes a row, ``models.*.`` every row.
        data: Folder that replaces ``dataset.folder``; nothing is generated into it.

    Raises:
        ConfigError: Naming the file, the field, the broken rule and, where it can be told, the fix.
    """
    tree, changes = _read(path), [parse_override(text) for text in overrides]
    for change in changes:
        put_override(tree, change)
    if data is not None:
        _replace_folder(tree, data)
    try:
        config = Config.model_validate(tree)
    except ValidationError as error:
        raise ConfigError(_explain(path, error)) from None
    check_heard(tree, changes)
    return config


def _read(path: Path, extending: tuple[Path, ...] = ()) -> dict[str, Any]:
    try:
        tree = yaml.safe_load(path.read_text())
    except FileNotFoundError:
        known = ", ".join(sorted(str(p) for p in Path("configs").glob("*.yaml")))
        raise ConfigError(f"{path}: no such configuration; there are: {known}") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: can't be read as YAML: {error}") from None
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


def _explain(path: Path, error: ValidationError) -> str:
    lines = [f"{path}: the configuration can't be used:"]
    faults = [(_place(fault), fault) for fault in error.errors(include_url=False)]
    for place, fault in faults:
        # Of a field that may be one of several types, the type that got furthest was meant.
        if any(other[: len(place)] == place != other for other, _ in faults):
            continue
        # A row of models repeats the sections at the top, and so their faults.
        if place[:1] == ("models",) and any(other == place[2:] for other, _ in faults):
            continue
        field = ".".join(str(part) for part in place) or "configuration"
        message = fault["msg"].removeprefix("Value error, ")
        if fault["type"] == "extra_forbidden":
            message = f"unknown key{_nearest(place)}"
        elif fault["type"] == "missing":
            message = "is missing; add it"
        elif fault["type"] != "value_error":
            message = f"{message}, but it is {_short(fault['input'])}"
        lines.append(f"  {field}: {message}")
    return "\n".join(lines)


def _place(fault: ErrorDetails) -> tuple[str | int, ...]:
    """Keys of the file that lead to a fault, without the names of types that were tried."""
    parts = fault["loc"]
    unknown = parts[-1:] if fault["type"] == "extra_forbidden" else ()  # as the file has it
    known = parts[: len(parts) - len(unknown)]
    named = (part for part in known if isinstance(part, int) or _KEY.fullmatch(part))
    return (*(part for part in named if part not in KINDS), *unknown)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _nearest(place: Sequence[str | int]) -> str:
    """The known key that looks most like the last part of a field's path."""
    models: list[type[BaseModel]] = [Config]
    for part in place[:-1]:
        deeper = [
            model
            for parent in models
            if isinstance(part, str) and part in parent.model_fields
            for model in _models(parent.model_fields[part].annotation)
        ]
        models = deeper or models
    known = sorted({name for model in models for name in model.model_fields})
    close = difflib.get_close_matches(str(place[-1]), known, n=1)
    return f"; did you mean {close[0]}?" if close else f"; known keys: {', '.join(known)}"


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Every section that a field's type can hold."""
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        if issubclass(annotation, BaseModel):
            yield annotation
        return
    for argument in typing.get_args(annotation):
        yield from _models(argument)


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
