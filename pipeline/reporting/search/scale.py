"""The extent of an axis: where values lie between its ends."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.reporting.search.axis import Axis, log_ticks
from pipeline.search.entry import Entry


@dataclass(frozen=True)
class Scale:
    """An axis from its first to its last value.

    Attributes:
        axis: The axis.
        low: The first value that is shown, or number of the first option.
        high: The last one; equal to ``low`` where there is but one.
    """

    axis: Axis
    low: float
    high: float

    def share(self, place: float) -> float:
        """Where a value lies: 0 at the start, 1 at the end."""
        low, high, at = (self._bent(value) for value in (self.low, self.high, place))
        return (at - low) / (high - low) if high > low else 0.5

    def share_of(self, entry: Entry) -> float | None:
        """Where a trial lies; None if the dimension does not apply to it."""
        (place,) = self.axis.places([entry])
        return None if place is None else self.share(place)

    def ticks(self) -> list[float]:
        """A few round values within the extent."""
        if self.axis.log:
            return log_ticks(self.low, self.high)
        width = self.high - self.low
        if width <= 0:
            return [self.low]
        unit = 10.0 ** math.floor(math.log10(width / 5))
        step = next(unit * n for n in (1, 2, 5, 10) if unit * n >= width / 5 * (1 - 1e-9))
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [float(f"{step * number:.12g}") for number in range(first, last + 1)]

    def _bent(self, value: float) -> float:
        return math.log(value) if self.axis.log else value


def scale_of(axis: Axis, entries: Sequence[Entry]) -> Scale:
    """All options of a choice, or the range of the numbers that trials had.

    Raises:
        ValueError: If the axis applies to none of the trials.
    """
    if axis.options is not None:
        return Scale(axis, 0.0, float(len(axis.options) - 1))
    places = [place for place in axis.places(entries) if place is not None]
    return Scale(axis, min(places), max(places))
