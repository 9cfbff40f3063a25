"""What tuning may choose: rules as values of a search space, and back."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import Any, Final

from pipeline.config.tune import Tune
from pipeline.learning.metrics import LEVELS
from pipeline.mapping.postprocessing import Rule
from pipeline.search.dimension import Dimension, Parent
from pipeline.search.entry import Params
from pipeline.search.space import Space

_LEVEL: Final = "level"
_SMOOTH: Final = "smooth"
_AREAS: Final = ("min_area", "min_hole")
_OFF, _ON = "off", "on"
_LEAST_SIGMA: Final = 0.5
_RATIO: Final = 2**0.5
_FEWEST: Final = 2
"""Pixels: a smallest area of one pixel drops nothing."""


@dataclass(frozen=True)
class RuleSpace:
    """The space of one class.

    Attributes:
        space: The dimensions: ``level``; ``smooth``, a number of one of ``sigmas``; and for each
            smallest area whether there is one, and which.
        sigmas: Values of ``smooth``, metres, in order: few, so that each is computed once.
        now: The rule that the run has: what it says where there is nothing to choose.
    """

    space: Space
    sigmas: tuple[float, ...]
    now: Rule

    @classmethod
    def of(cls, now: Rule, settings: Tune, metres: float) -> RuleSpace:
        """The space around a rule.

        Args:
            now: The rule that the run has; it is in the space whatever the ranges.
            settings: The ranges.
            metres: Side of a pixel.
        """
        sigmas = _sigmas(now.smooth, settings.smooth_metres, metres)
        dimensions = [Dimension(_LEVEL, "uniform", now.level, low=1, high=LEVELS - 1, step=1)]
        if len(sigmas) > 1:
            last = len(sigmas) - 1
            place = sigmas.index(now.smooth)
            dimensions.append(Dimension(_SMOOTH, "uniform", place, low=0, high=last, step=1))
        least = _FEWEST * metres**2
        dimensions += _area(_AREAS[0], now.min_area, settings.min_area, least)
        dimensions += _area(_AREAS[1], now.min_hole, settings.min_hole, least)
        return cls(Space(tuple(dimensions)), sigmas, now)

    def rule(self, params: Params) -> Rule:
        """The rule of a trial's values, areas rounded to four digits."""
        areas: dict[str, Any] = {
            name: _rounded(params.get(_value(name), 0.0))
            if name in params
            else getattr(self.now, name)
            for name in _AREAS
        }
        smooth = self.sigmas[params[_SMOOTH]] if _SMOOTH in params else self.now.smooth
        return Rule(params[_LEVEL], smooth, **areas)

    def params(self, rule: Rule) -> Params:
        """Values of the rule that the run has, or of one with another threshold."""
        return self.space.completed({_LEVEL: rule.level})


def _sigmas(now: float, largest: float, metres: float) -> tuple[float, ...]:
    """None, then half a pixel and on in steps of the root of two; that of the run among them."""
    if largest <= 0:
        return (now,)
    found, sigma = [0.0], _LEAST_SIGMA * metres
    while sigma <= largest * (1 + 1e-9):
        found.append(_rounded(sigma))
        sigma *= _RATIO
    if now not in found:
        found.insert(bisect_left(found, now), now)
    return tuple(found)


def _area(name: str, now: float, largest: float, least: float) -> list[Dimension]:
    """Whether there is a smallest area, and which; nothing where the range is empty."""
    if largest <= 0:
        return []
    low, high = min(least, now or least), max(largest, now, 2 * least)
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
