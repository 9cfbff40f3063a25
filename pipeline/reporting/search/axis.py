"""A search's dimension as an axis of a chart."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.search.dimension import Dimension, is_number, to_text
from pipeline.search.entry import Entry


@dataclass(frozen=True)
class Axis:
    """An axis.

    Attributes:
        name: Name of the dimension.
        options: Texts of a choice's options; None for a range of numbers.
        log: A range whose powers of ten are evenly spaced.
    """

    name: str
    options: tuple[str, ...] | None = None
    log: bool = False

    def place(self, value: Any) -> float | None:
        """Where a value lies: the number of its option, or the value; None if it is on no axis."""
        if self.options is not None:
            text = text_of(value)
            return float(self.options.index(text)) if text in self.options else None
        if not is_number(value) or (self.log and value <= 0):
            return None
        return float(value)

    def places(self, entries: Iterable[Entry]) -> list[float | None]:
        """Where each entry lies; None for those that the dimension does not apply to."""
        found = (entry.params for entry in entries)
        return [self.place(p[self.name]) if self.name in p else None for p in found]


def axes_of(dimensions: Iterable[Dimension]) -> tuple[Axis, ...]:
    """The axes of a space's dimensions, in its order."""
    return tuple(
        Axis(
            name=row.name,
            options=tuple(map(text_of, row.options)) if row.kind == "choice" else None,
            log=row.kind == "loguniform",
        )
        for row in dimensions
    )


def varying(axes: Iterable[Axis], entries: Sequence[Entry]) -> list[Axis]:
    """Axes on which some entries lie apart."""
    return [axis for axis in axes if len({at for at in axis.places(entries) if at is not None}) > 1]


def text_of(value: Any) -> str:
    """A value for people: names as they are, parts of a list joined, all else as JSON."""
    if isinstance(value, str):
        return value
    if is_number(value):
        return str(value) if isinstance(value, int) else f"{value:.4g}"
    if isinstance(value, list | tuple) and value:
        return " + ".join(map(text_of, value))
    return to_text(value)


def tick_text(value: float) -> str:
    """A number below an axis: 0.003, but 3e-4."""
    mantissa, _, power = f"{value:e}".partition("e")
    if value != 0 and not -3 <= int(power) < 6:
        return f"{float(mantissa):.2g}e{int(power)}"
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:g}"


def log_ticks(low: float, high: float) -> list[float]:
    """Round values between two positive ones: powers of ten, or 1, 2 and 5 times them."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for factors in ((1,), (1, 3), (1, 2, 5), range(1, 10)):
        values = [float(f"{n}e{power}") for power in range(first, last + 1) for n in factors]
        inside = [value for value in values if low * 0.999 <= value <= high * 1.001]
        if len(inside) > 2:
            return inside[:: -(-len(inside) // 5)]
    return [low, high] if high > low else [low]
