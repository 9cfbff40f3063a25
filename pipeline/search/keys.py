"""Keys of a row of ``models``: which there are, which of them a trial may set, and to what."""

from __future__ import annotations

import difflib
import functools
import re
import types
import typing
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from pipeline.config.inheritance import TABLES
from pipeline.config.models import ModelRow

_COMPARABLE: Final = "scores of trials are compared on the same {}"
_NO_VALIDATIONS: Final = "a trial is judged at the end of its budget, and has no validations"
FIXED: Final = {
    "name": "it is what a row is called",
    "classes": _COMPARABLE.format("classes"),
    "answers": _COMPARABLE.format("classes"),
    "augment.folds": _COMPARABLE.format("folds"),
    "augment.same_place": _COMPARABLE.format("folds"),
    "augment.seed": "a seed is luck and no merit; see search.seed",
    "train.seed": "a seed is luck and no merit; see search.seed",
    "train.steps": "the search's budgets are steps; see search.steps",
    "train.minutes": "the search's budgets are steps; see search.minutes",
    "train.device": "it is a matter of the machine",
    "train.validations": _NO_VALIDATIONS,
    "train.patience": _NO_VALIDATIONS,
    "train.min_gain": _NO_VALIDATIONS,
    "train.plateau": _NO_VALIDATIONS,
    "predict.d4": "a trial is judged without the eight views",
    "predict.precision": "a trial predicts in the arithmetic of its training; see train.precision",
    "transfer": "a search compares networks, and weights to start from fit few of them",
}
"""Keys, and sections, that no trial may change, and why."""
_CLASS_CODE: Final = re.compile("[0-9]{1,9}")


def overlap(one: str, other: str) -> bool:
    """Whether two keys set the same thing, or one of them a part of the other's."""
    return one == other or one.startswith(f"{other}.") or other.startswith(f"{one}.")


def key_fault(key: str) -> str | None:
    """What is wrong with a key as one that a trial sets; None where nothing is."""
    for fixed, reason in FIXED.items():
        if key == fixed or key.startswith(f"{fixed}."):
            return f"a trial must not change {key}: {reason}; remove it"
    if _fields(key):
        return None
    known = [name for name in _leaves() if name not in FIXED and not name.startswith("transfer.")]
    inside = [name for name in known if name.startswith(f"{key}.")]
    if inside:
        return f"{key} is a section; name one of its keys: {', '.join(inside)}"
    close = difflib.get_close_matches(key, known, n=1) or [
        name for name in known if name.rpartition(".")[2] == key.rpartition(".")[2]
    ]
    hint = f"did you mean {close[0]}?" if close else "write section.key, such as network.depth"
    return f"{key} is no key of a model row; {hint}"


def value_fault(key: str, value: Any) -> str | None:
    """What is wrong with a value of a key by itself; None where nothing is.

    Rules between several keys are those of a whole configuration.

    Args:
        key: One without :func:`key_fault`.
        value: What a trial would set it to.
    """
    if key == "train.schedule" and value == "plateau":
        return f"plateau follows validations; {_NO_VALIDATIONS}; remove it, or use step"
    messages = []
    for adapter in _adapters(key):
        try:
            adapter.validate_python(value)
        except ValidationError as error:
            fault = error.errors(include_url=False)[0]
            messages.append(fault["msg"].removeprefix("Value error, "))
        else:
            return None
    return ", or ".join(dict.fromkeys(messages))


@functools.cache
def _adapters(key: str) -> tuple[TypeAdapter[Any], ...]:
    """The types that a key may have: several sections can have a key of the same name."""
    digits = key.rpartition(".")[2]
    if _CLASS_CODE.fullmatch(digits):
        return tuple(TypeAdapter(entry) for field in _fields(key) for entry in _entries(field))
    return tuple(TypeAdapter(_with_rules(field)) for field in _fields(key))


def _with_rules(field: FieldInfo) -> Any:
    """A field's type with the bounds that stand beside it."""
    if not field.metadata:
        return field.annotation
    return Annotated[(field.annotation, *field.metadata)]


def _fields(key: str) -> list[FieldInfo]:
    """The fields that a key names; also that of a table, where its last part is a class code."""
    section, _, last = key.rpartition(".")
    if _CLASS_CODE.fullmatch(last):
        return [field for field in _leaves().get(section, []) if list(_entries(field))]
    return _leaves().get(key, [])


@functools.cache
def _leaves() -> Mapping[str, list[FieldInfo]]:
    """Fields by key, of all sections that a row can have."""
    found: dict[str, list[FieldInfo]] = {}
    for key, field in _walk(ModelRow, ""):
        found.setdefault(key, []).append(field)
    return found


def _walk(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        sections = list(_sections(field.annotation))
        # A section takes over what it doesn't name; only what is replaced whole is a value.
        if not sections or name in TABLES or type(None) in typing.get_args(field.annotation):
            yield prefix + name, field
        for section in sections:
            yield from _walk(section, f"{prefix}{name}.")


def _sections(annotation: Any) -> Iterator[type[BaseModel]]:
    """The sections that a field may be, and not those inside a list that it may be."""
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        if issubclass(annotation, BaseModel):
            yield annotation
    elif typing.get_origin(annotation) in (typing.Union, types.UnionType, Annotated):
        for part in typing.get_args(annotation):
            yield from _sections(part)


def _entries(field: FieldInfo) -> Iterator[Any]:
    """Types of what a field holds per class code, if it may be such a table."""
    annotation = field.annotation
    parts = typing.get_args(annotation)
    choices = (annotation,) if typing.get_origin(annotation) is dict else parts
    for part in choices:
        if typing.get_origin(part) is dict and typing.get_args(part)[0] is int:
            yield typing.get_args(part)[1]
