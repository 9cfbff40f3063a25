"""The file of a search space: YAML that is checked before any trial is thought of."""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import Field, ValidationError
from pydantic_core import ErrorDetails

from pipeline.config.base import Section
from pipeline.config.yaml_file import UniqueKeys, read_yaml
from pipeline.errors import ConfigError
from pipeline.search.conflicts import check_together
from pipeline.search.dimension import Dimension
from pipeline.search.dimension_row import DimensionRow
from pipeline.search.space import Limits, Space

_Limit = Annotated[float, Field(gt=0)]
_FOLDER: Final = Path("configs/search")
_SCIENTIFIC: Final = re.compile(r"[-+]?[0-9]+[eE][-+]?[0-9]+")


class LimitsRow(Section):
    """The section ``limits``."""

    parameters: _Limit | None = None
    multiply_adds: _Limit | None = None
    memory: _Limit | None = None


class SpaceTree(Section):
    """A file's sections."""

    limits: LimitsRow = LimitsRow()
    dimensions: Annotated[dict[str, DimensionRow], Field(min_length=1)]


class _Loader(UniqueKeys):
    """YAML in which 5e-4 is a number, as it is in YAML 1.2."""


_Loader.add_implicit_resolver("tag:yaml.org,2002:float", _SCIENTIFIC, list("-+0123456789"))


def read_space(path: Path) -> Space:
    """Read and check the file of a search space.

    Raises:
        ConfigError: Naming the file, the dimension, the value, the broken rule and the fix.
    """
    try:
        tree = SpaceTree.model_validate(_read(path))
    except ValidationError as error:
        raise ConfigError(_explain(path, error)) from None
    above: dict[str, Dimension] = {}
    try:
        for name, row in tree.dimensions.items():
            above[name] = row.dimension(name, above, tree.dimensions)
        check_together(above)
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from None
    limits = Limits(**tree.limits.model_dump())
    return Space(tuple(above.values()), limits)


def _read(path: Path) -> Any:
    known = ", ".join(sorted(str(other) for other in _FOLDER.glob("*.yaml")))
    return read_yaml(path, missing=f"no such search space; there are: {known}", loader=_Loader)


def _explain(path: Path, error: ValidationError) -> str:
    lines = [f"{path}: the search space can't be used:"]
    for fault in error.errors(include_url=False):
        place = [str(part) for part in fault["loc"] if part != "[key]"]
        name = ".".join(place) or "file"
        if place[:1] == ["dimensions"] and len(place) > 1:
            name = f"dimension {' '.join(place[1:])}"
        lines.append(f"  {name}: {_message(fault, place)}")
    return "\n".join(lines)


def _message(fault: ErrorDetails, place: list[str]) -> str:
    if fault["type"] == "extra_forbidden":
        models: dict[int, type[Section]] = {1: SpaceTree, 2: LimitsRow}
        model = models.get(len(place), DimensionRow)
        known = list(model.model_fields)
        close = difflib.get_close_matches(place[-1], known, n=1)
        hint = f"did you mean {close[0]}?" if close else f"known keys: {', '.join(known)}"
        return f"unknown key; {hint}"
    if fault["type"] == "missing":
        return "is missing; add it"
    if fault["type"] == "too_short":
        return "there is none; name at least one"
    if fault["type"] == "model_type":
        return f"must hold keys and values, but it is {_short(fault['input'])}"
    return f"{fault['msg'].removeprefix('Value error, ')}, but it is {_short(fault['input'])}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
