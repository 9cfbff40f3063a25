"""One dimension of a search space: its values, and when it applies."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Literal

Kind = Literal["choice", "uniform", "loguniform"]
Number = int | float
_LARGEST = 2**53  # above, not every whole number is a float


class OutsideError(ValueError):
    """A value is one of its dimension's, and a dimension is there and applies."""


@dataclass(frozen=True)
class Parent:
    """A condition under which a dimension applies.

    Attributes:
        name: Name of another dimension, a choice.
        values: Those of its options with which the dimension applies.
    """

    name: str
    values: tuple[Any, ...]

    def holds(self, value: Any) -> bool:
        """Whether the parent has one of the values."""
        return any(same(value, known) for known in self.values)


@dataclass(frozen=True)
class Dimension:
    """What a trial may choose.

    Attributes:
        name: The key that it sets; or a plain name, if its options say which keys they set.
        kind: How it is drawn.
        default: Value of the default trial.
        options: Values of a choice; the labels, where these set keys.
        keys: What each label sets, value by key; empty for all others.
        low: Lower bound of a range, which may be reached.
        high: Upper bound of a range, which may be reached.
        step: Distance of neighbouring values: a uniform range is low + k step; a log-uniform one is
            k step. None for any number.
        when: Conditions, all of which must hold.
    """

    name: str
    kind: Kind
    default: Any
    options: tuple[Any, ...] = ()
    keys: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    low: Number = 0
    high: Number = 0
    step: Number | None = None
    when: tuple[Parent, ...] = ()

    def sets(self, value: Any) -> dict[str, Any]:
        """Keys of a model row, and what they are with this value."""
        return dict(self.keys[value]) if self.keys else {self.name: value}

    def first(self) -> int:
        """Number of the first value of a grid."""
        return 0 if self.kind == "uniform" else _steps(self.low, self.step or 1)

    def last(self) -> int:
        """Number of the last value of a grid."""
        start = self.low if self.kind == "uniform" else 0
        return _steps(_exact(self.high) - _exact(start), self.step or 1)

    def at(self, number: int) -> Number:
        """Value of a grid by number, free of rounding errors: 3 steps of 0.1 are 0.3."""
        start = self.low if self.kind == "uniform" else 0
        value = _exact(start) + number * _exact(self.step or 1)
        whole = float(self.low).is_integer() and float(self.step or 1).is_integer()
        return int(value) if whole else float(value)

    def position(self, value: Any) -> int:
        """Number of an option of a choice, or of a value of a grid.

        Raises:
            OutsideError: Naming the dimension, the value and what is known.
        """
        if self.kind == "choice":
            found = (number for number, known in enumerate(self.options) if same(value, known))
            number = next(found, None)
            if number is None:
                known = ", ".join(map(to_text, self.options))
                raise OutsideError(f"{self.name}: {to_text(value)} is none of its options {known}")
            return number
        start = self.low if self.kind == "uniform" else 0
        number = _steps(_exact(self._inside(value)) - _exact(start), self.step or 1)
        if self.at(number) != value:
            near = to_text(self.at(min(max(number, self.first()), self.last())))
            raise OutsideError(
                f"{self.name}: {to_text(value)} is none of its steps of {to_text(self.step)}; the "
                f"nearest is {near}"
            )
        return number

    def normal(self, value: Any) -> Any:
        """The same value as this dimension writes it: ``4.0`` of whole numbers is ``4``.

        Raises:
            OutsideError: If it is none of this dimension's values.
        """
        if self.kind == "choice":
            return self.options[self.position(value)]
        return float(self._inside(value)) if self.step is None else self.at(self.position(value))

    def _inside(self, value: Any) -> Number:
        """The value, if it is a number within the bounds."""
        if not is_number(value) or not self.low <= value <= self.high:
            raise OutsideError(
                f"{self.name}: {to_text(value)} is no number from {to_text(self.low)} to "
                f"{to_text(self.high)}"
            )
        number: Number = value
        return number


def is_number(value: Any) -> bool:
    """Whether a value is a finite number; true and false are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < _LARGEST if isinstance(value, int) else math.isfinite(value)


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same as JSON: 4 is 4.0, but 1 is not true."""
    return to_text(one) == to_text(other)


def to_text(value: Any) -> str:
    """A value as JSON writes it, equal for equal ones."""
    return json.dumps(_plain(value), sort_keys=True, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _exact(number: Number | Decimal) -> Decimal:
    """A number as it is written, so that 0.1 is a tenth."""
    return number if isinstance(number, Decimal) else Decimal(str(number))


def _steps(width: Number | Decimal, step: Number) -> int:
    """How many steps a width has, to the nearest."""
    return int((_exact(width) / _exact(step)).to_integral_value(ROUND_HALF_EVEN))
