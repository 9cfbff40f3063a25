"""What is wrong with a configuration, in words: field, rule and fix."""

from __future__ import annotations

import difflib
import re
import types
import typing
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from pipeline.config.labels import LABEL_KINDS
from pipeline.config.model import Config
from pipeline.config.network import KINDS

_KEY = re.compile("[a-z][a-z0-9_]*")


def explain(error: ValidationError) -> str:
    """One line per fault: the field, what is wrong and, where it can be told, the fix."""
    lines = []
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
        lines.append(f"{field}: {message}")
    return "\n".join(lines)


def _place(fault: ErrorDetails) -> tuple[str | int, ...]:
    """Keys of the file that lead to a fault, without the names of types that were tried."""
    parts = fault["loc"]
    unknown = parts[-1:] if fault["type"] == "extra_forbidden" else ()  # as the file has it
    known = parts[: len(parts) - len(unknown)]
    named = (part for part in known if isinstance(part, int) or _KEY.fullmatch(part))
    return (*(part for part in named if part not in (*KINDS, *LABEL_KINDS)), *unknown)


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
            for model in models_in(parent.model_fields[part].annotation)
        ]
        models = deeper or models
    known = sorted({name for model in models for name in model.model_fields})
    close = difflib.get_close_matches(str(place[-1]), known, n=1)
    return f"; did you mean {close[0]}?" if close else f"; known keys: {', '.join(known)}"


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Every section that a field's type can hold."""
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        if issubclass(annotation, BaseModel):
            yield annotation
        return
    for argument in typing.get_args(annotation):
        yield from models_in(argument)
