"""What tuning may choose: cleanings as values of a search space, and back."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from pipeline.config.tune import Tune
from pipeline.learning.metrics import LEVELS
from pipeline.mapping.masks.postprocessing import IN_METRES, IN_SQUARE_METRES, Cleaning
from pipeline.mapping.thresholds import level_of
from pipeline.search.dimension import Dimension, Parent
from pipeline.search.entry import Params
from pipeline.search.space import Space

_SEED: Final = "seed"
_OFF, _ON = "off", "on"
_LEAST: Final = {"smooth": 0.5, "median": 1.0, "closing": 1.0, "opening": 1.0}
"""Pixels: less changes nothing."""
_RATIO: Final = 2**0.5
_SWEPT: Final = ("smooth", "median", "min_area", "min_hole", "opening", "closing", _SEED)
"""Keys in the order in which a sweep goes through them: what changes most first."""
_SURE: Final = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
"""Probabilities of a certain pixel that a sweep tries."""
_FEWEST: Final = 2
"""Pixels: a smallest area of one pixel drops nothing."""


@dataclass(frozen=True)
class CleaningSpace:
    """The space of one class.

    Attributes:
        space: The dimensions: for each length a number of one of its ``lengths``; and for the
            certain pixel and each smallest area whether there is one, and which.
        lengths: Values of each length, metres, in order: few, so that each is computed once.
        now: The cleaning that the run has: what it says where there is nothing to choose.
    """

    space: Space
    lengths: Mapping[str, tuple[float, ...]]
    now: Cleaning

    @classmethod
    def of(cls, now: Cleaning, settings: Tune, metres: float) -> CleaningSpace:
        """The space around a cleaning.

        Args:
            now: The cleaning that the run has; it is in the space whatever the ranges.
            settings: The ranges.
            metres: Side of a pixel.
        """
        largest = {
            "smooth": settings.smooth_metres,
            "median": settings.median_metres,
            "closing": settings.closing_metres,
            "opening": settings.opening_metres,
            "min_area": settings.min_area,
            "min_hole": settings.min_hole,
        }
        lengths = {
            name: _lengths(getattr(now, name), largest[name], _LEAST[name] * metres)
            for name in IN_METRES
        }
        dimensions: list[Dimension] = []
        for name, values in lengths.items():
            place, last = values.index(getattr(now, name)), len(values) - 1
            if last > 0:
                dimensions.append(Dimension(name, "uniform", place, low=0, high=last, step=1))
        if settings.hysteresis:
            dimensions += _seed(now)
        for name in IN_SQUARE_METRES:
            low = _FEWEST * metres**2
            dimensions += _area(name, getattr(now, name), largest[name], low)
        return cls(Space(tuple(dimensions)), lengths, now)

    def cleaning(self, params: Params) -> Cleaning:
        """The cleaning of a trial's values, areas rounded to four digits."""
        values = asdict(self.now)
        values |= {name: self.lengths[name][params[name]] for name in IN_METRES if name in params}
        values |= {
            name: _rounded(params.get(_value(name), 0.0))
            for name in IN_SQUARE_METRES
            if name in params
        }
        if _SEED in params:
            values[_SEED] = params[_value(_SEED)] if params[_SEED] == _ON else 0
        return Cleaning(**values)

    def axes(self, metres: float) -> dict[str, tuple[float | int, ...]]:
        """Values that each key may take by itself, the run's own left out.

        Lengths are those of the space; areas double from one to the next; certain pixels are of
        some probabilities.
        """
        named = {dimension.name: dimension for dimension in self.space.dimensions}
        found: dict[str, tuple[float | int, ...]] = {}
        for name in _SWEPT:
            if name in IN_METRES:
                values: Sequence[float | int] = self.lengths[name]
            elif name == _SEED:
                values = (0, *map(level_of, _SURE)) if name in named else ()
            else:
                high = named[_value(name)].high if name in named else 0
                values = (0.0, *_doubled(_FEWEST * metres**2, high)) if name in named else ()
            own = getattr(self.now, name)
            if len(values) > 1:
                found[name] = tuple(value for value in values if value != own)
        return found

    def params(self) -> Params:
        """Values of the cleaning that the run has."""
        return self.space.completed({})


def _lengths(now: float, largest: float, least: float) -> tuple[float, ...]:
    """None, then the least and on in steps of the root of two; that of the run among them."""
    if largest <= 0:
        return (now,)
    found, length = [0.0], least
    while length <= largest * (1 + 1e-9):
        found.append(_rounded(length))
        length *= _RATIO
    if now not in found:
        found.insert(bisect_left(found, now), now)
    return tuple(found)


def _doubled(low: float, high: float) -> Iterator[float]:
    """From a number on, doubled until it is past another."""
    while low <= high * (1 + 1e-9):
        yield _rounded(low)
        low *= 2


def _seed(now: Cleaning) -> list[Dimension]:
    """Whether a part must hold a more certain pixel, and its level."""
    switch = Dimension(_SEED, "choice", _ON if now.seed > 0 else _OFF, options=(_OFF, _ON))
    place, last, when = now.seed or LEVELS // 2, LEVELS - 1, (Parent(_SEED, (_ON,)),)
    name = _value(_SEED)
    return [
        switch,
        Dimension(name, "uniform", min(place, last), low=1, high=last, step=1, when=when),
    ]


def _area(name: str, now: float, largest: float, least: float) -> list[Dimension]:
    """Whether there is a smallest area, and which; nothing where none in the range drops a part."""
    if largest <= least:
        return []
    low, high = min(least, now or least), max(largest, now)
    switch = Dimension(name, "choice", _ON if now > 0 else _OFF, options=(_OFF, _ON))
    when = (Parent(name, (_ON,)),)
    return [
        switch,
        Dimension(_value(name), "loguniform", now or low, low=low, high=high, when=when),
    ]


def _value(name: str) -> str:
    return f"{name}.value"


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")
