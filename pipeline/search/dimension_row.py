"""A dimension as the file of a search space writes it."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Mapping
from itertools import combinations
from typing import Any, Final

from pipeline.config.base import Section
from pipeline.search.dimension import (
    Dimension,
    Kind,
    Number,
    OutsideError,
    Parent,
    is_number,
    same,
    to_text,
)
from pipeline.search.keys import key_fault, overlap, value_fault

_KINDS: Final[tuple[Kind, ...]] = ("choice", "uniform", "loguniform")
_PLAIN_NAME: Final = re.compile("[a-z][a-z0-9_]*")
_NESTED: Final = 8
"""Levels of lists in an option; no key needs as many."""


class DimensionRow(Section):
    """Keys of a dimension. Which of them go together, :meth:`dimension` checks."""

    choice: Any = None
    """A list of values; or labels, each with the keys that it sets."""
    uniform: Any = None
    """Bounds of a range."""
    loguniform: Any = None
    """Bounds of a range whose logarithm is drawn evenly."""
    step: Any = None
    """Distance of neighbouring values of a range."""
    default: Any = None
    """Value of the default trial."""
    when: Any = None
    """Parents and those of their values with which the dimension applies."""

    def dimension(
        self, name: str, above: Mapping[str, Dimension], names: Iterable[str]
    ) -> Dimension:
        """The dimension.

        Args:
            name: Its name.
            above: Dimensions that stand above it in the file.
            names: Of all dimensions of the file.

        Raises:
            ValueError: Naming the dimension, the value, the broken rule and the fix.
        """
        try:
            return self._dimension(name, above, names)
        except OutsideError as error:
            raise ValueError(f"dimension {name}: default: {error}") from None
        except ValueError as error:
            raise ValueError(f"dimension {name}: {error}") from None

    def _dimension(
        self, name: str, above: Mapping[str, Dimension], names: Iterable[str]
    ) -> Dimension:
        kinds = [kind for kind in _KINDS if kind in self.model_fields_set]
        if len(kinds) != 1:
            found = " and ".join(kinds) or "none"
            raise ValueError(f"needs one of {', '.join(_KINDS)}, but it has {found}")
        if "default" not in self.model_fields_set:
            raise ValueError("default is missing; add it: the first trial has all the defaults")
        for field in ("default", "when"):
            if not _is_json(getattr(self, field), _NESTED):
                raise ValueError(f"{field}: {getattr(self, field)!r} can't be kept as JSON")
        made = self._choice(name) if kinds[0] == "choice" else self._range(name, kinds[0])
        when = tuple(_parents(self.when, above, [other for other in names if other != name]))
        fields = {**vars(made), "default": made.normal(self.default), "when": when}
        return Dimension(**fields)

    def _choice(self, name: str) -> Dimension:
        if self.step is not None:
            raise ValueError(f"step {self.step!r} is for ranges; remove it")
        if not isinstance(self.choice, list | dict) or not self.choice:
            raise ValueError(
                f"choice: {self.choice!r} names nothing to choose; give a list of values, or "
                "labels with the keys that each sets"
            )
        if isinstance(self.choice, dict):
            _check_labels(name, self.choice)
            return Dimension(name, "choice", None, tuple(self.choice), self.choice)
        _check_key(name)
        for value in self.choice:
            _check_value(name, value)
        for one, other in combinations(self.choice, 2):
            if same(one, other):
                raise ValueError(f"choice: {to_text(one)} stands there twice; remove one")
        return Dimension(name, "choice", None, tuple(self.choice))

    def _range(self, name: str, kind: Kind) -> Dimension:
        low, high = _bounds(kind, getattr(self, kind))
        if self.step is not None and not (is_number(self.step) and self.step > 0):
            raise ValueError(f"step: {self.step!r} must be a number above 0")
        _check_key(name)
        made = Dimension(name, kind, None, low=low, high=high, step=self.step)
        if self.step is not None:
            _check_grid(made)
            inner = made.at(made.first() + 1)
        else:
            inner = math.sqrt(low * high) if kind == "loguniform" else low + 0.414 * (high - low)
        for value in (low, high):
            _check_value(name, value)
        fault = value_fault(name, inner)
        if fault:
            raise ValueError(f"a value such as {inner:g} is not allowed: {fault}; set step")
        return made


def _check_labels(name: str, options: Mapping[Any, Any]) -> None:
    if not _PLAIN_NAME.fullmatch(name) or key_fault(name) is None:
        raise ValueError(
            "its options have labels and name the keys that they set, so it needs a name of its "
            "own that is no key and has no dot, such as mixture; or give a list of values"
        )
    for label, keys in options.items():
        if not isinstance(label, str):
            raise ValueError(f"choice: the label {label!r} is no text; put it in quotes")
        if not isinstance(keys, dict):
            raise ValueError(
                f"choice {label}: {keys!r} must be the keys that it sets, such as "
                "{train.batch: 8}; {} sets none"
            )
        for key, value in keys.items():
            _check_key(key, f"choice {label}: ")
            _check_value(key, value, f"choice {label}: ")
        for one, other in combinations(keys, 2):
            if overlap(one, other):
                raise ValueError(f"choice {label}: {one} and {other} set the same key; remove one")
    for first, second in combinations(options, 2):
        if same(options[first], options[second]):
            raise ValueError(f"choice: {first} and {second} set the same; remove one")


def _check_key(key: Any, where: str = "") -> None:
    fault = key_fault(key) if isinstance(key, str) else f"{key!r} is no key of a model row"
    if fault:
        raise ValueError(where + fault)


def _check_value(key: str, value: Any, where: str = "") -> None:
    if not _is_json(value, _NESTED):
        raise ValueError(
            f"{where}{key}: {value!r} can't be kept as JSON; write text in quotes, and finite "
            "numbers"
        )
    fault = value_fault(key, value)
    if fault:
        raise ValueError(f"{where}{key}: {to_text(value)} is not allowed: {fault}")


def _is_json(value: Any, levels: int) -> bool:
    """Whether a value survives JSON, nested no deeper than this; keys may be class codes."""
    if isinstance(value, list):
        return levels > 0 and all(_is_json(part, levels - 1) for part in value)
    if isinstance(value, dict):
        known = all(isinstance(key, str | int) for key in value)
        return levels > 0 and known and all(_is_json(p, levels - 1) for p in value.values())
    return value is None or isinstance(value, str | bool) or is_number(value)


def _bounds(kind: Kind, values: Any) -> tuple[Number, Number]:
    if not (isinstance(values, list) and len(values) == 2 and all(map(is_number, values))):
        raise ValueError(f"{kind}: {values!r} must be two finite numbers, [lowest, highest]")
    low, high = values
    if low > high:
        raise ValueError(f"{kind}: {values} is reversed; write [{high}, {low}]")
    if low == high:
        raise ValueError(f"{kind}: {values} is a single value; widen it, or use a choice")
    if kind == "loguniform" and low <= 0:
        raise ValueError(f"{kind}: {low} has no logarithm; raise it above 0, or use uniform")
    return low, high


def _check_grid(made: Dimension) -> None:
    """Bounds must be values of the grid, so that no step is shorter than the others."""
    ends = made.at(made.first()), made.at(made.last())
    if ends != (made.low, made.high) or made.last() == made.first():
        low, high = map(to_text, ends)
        rule = "be multiples of it" if made.kind == "loguniform" else "lie whole steps apart"
        usable = ends[0] < ends[1] and (made.kind == "uniform" or ends[0] > 0)
        fix = f"write [{low}, {high}]" if usable else "lower it"
        raise ValueError(
            f"step: {to_text(made.step)} does not fit {to_text([made.low, made.high])}; the "
            f"bounds must {rule}: {fix}, or change it"
        )


def _parents(
    when: Any, above: Mapping[str, Dimension], others: Collection[str]
) -> Iterable[Parent]:
    if when is None:
        return
    if not isinstance(when, dict):
        raise ValueError(f"when: {when!r} must name a choice and values, such as {{mixture: even}}")
    for parent, wanted in when.items():
        if parent not in others:
            known = ", ".join(others) or "none"
            raise ValueError(
                f"when: {parent} is no other dimension of the file; there are: {known}"
            )
        if parent not in above:
            raise ValueError(f"when: {parent} does not stand above it; move it up")
        if above[parent].kind != "choice":
            raise ValueError(f"when: {parent} is no choice; make it one, or remove the condition")
        options = above[parent].options
        single = any(same(wanted, option) for option in options)
        values = [wanted] if single or not isinstance(wanted, list) else wanted
        for value in values or [wanted]:
            if not any(same(value, option) for option in options):
                known = ", ".join(map(to_text, options))
                raise ValueError(f"when: {parent} has no option {value!r}; it has {known}")
        yield Parent(parent, tuple(values))
