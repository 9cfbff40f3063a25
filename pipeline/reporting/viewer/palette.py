"""A colour and a pattern for each class that everybody can tell from all others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from pipeline.config.dataset import ClassRow
from pipeline.reporting.viewer.colour_vision import Floats, differences, seen_colours
from pipeline.reporting.viewer.data import PATTERNS, ViewerClass

SAFE: Final = (
    *("#d55e00", "#0072b2", "#f0e442", "#56b4e9", "#cc79a7", "#117733", "#bbee99", "#9988ff"),
    *("#aa0011", "#00ffdd", "#664455", "#77bb55", "#5544bb", "#ddaa22", "#991188", "#eeccff"),
)
"""Any two of them differ by :data:`APART` in each sight. Found by taking, one after the other, the
colour farthest from those before it."""
APART: Final = 12.0
"""Least distance in CIE Lab of two colours that are told apart; five times what is just seen."""
_LIGHTNESS: Final = (20.0, 95.0)
"""Darker colours are lost on imagery, paler ones on paper."""


def viewer_classes(rows: Sequence[ClassRow]) -> tuple[ViewerClass, ...]:
    """How classes are drawn, in their order.

    A class keeps its own colour where all people can tell it from those before it. If only
    colour-blind people can't, it keeps the colour and gets a pattern; else, or if it is too dark
    or pale to be seen, it gets another colour, and a pattern once these are used up.

    Args:
        rows: Classes of the configuration, at most 63.
    """
    own = [row.colour.lower() for row in rows]
    drawn = _chosen(own) or [_numbered(place) for place in range(len(rows))]
    return tuple(
        ViewerClass(row.code, row.name, colour, pattern)
        for row, (colour, pattern) in zip(rows, drawn, strict=True)
    )


@dataclass
class _Taken:
    """Colours in use, by pattern, as four sights see them."""

    seen: dict[str, list[Floats]] = field(default_factory=lambda: {name: [] for name in PATTERNS})

    def add(self, colour: Floats, pattern: str) -> None:
        self.seen[pattern].append(colour)

    def allows(self, colour: Floats, pattern: str) -> bool:
        """Whether all people tell a colour (4, 3) from those of this pattern."""
        return _apart(colour, self.seen[pattern], range(len(colour)))

    def is_new(self, colour: Floats) -> bool:
        """Whether people with normal sight tell a colour from those of all patterns."""
        every = [other for colours in self.seen.values() for other in colours]
        return _apart(colour, every, range(1))


def _apart(colour: Floats, others: Sequence[Floats], sights: range) -> bool:
    if not others:
        return True
    found = differences(colour, np.stack(others, axis=1))[list(sights)]
    return bool((found >= APART).all())


def _chosen(own: Sequence[str]) -> list[tuple[str, str]] | None:
    """Colour and pattern of each class; None if some class finds none."""
    seen = dict(zip((*own, *SAFE), np.moveaxis(seen_colours((*own, *SAFE)), 1, 0), strict=True))
    taken, drawn = _Taken(), dict[int, tuple[str, str]]()
    for place, colour in enumerate(own):
        if _visible(seen[colour]) and taken.allows(seen[colour], PATTERNS[0]):
            taken.add(seen[colour], PATTERNS[0])
            drawn[place] = (colour, PATTERNS[0])
    for place in (place for place in range(len(own)) if place not in drawn):
        colour = own[place]
        mine = _visible(seen[colour]) and taken.is_new(seen[colour])
        wanted = [(colour, pattern) for pattern in PATTERNS] if mine else []
        wanted += [(safe, pattern) for pattern in PATTERNS for safe in SAFE]
        free = (pair for pair in wanted if taken.allows(seen[pair[0]], pair[1]))
        found = next(free, None)
        if found is None:
            return None
        taken.add(seen[found[0]], found[1])
        drawn[place] = found
    return [drawn[place] for place in range(len(own))]


def _visible(colour: Floats) -> bool:
    low, high = _LIGHTNESS
    return bool(low <= colour[0, 0] <= high)


def _numbered(place: int) -> tuple[str, str]:
    """A pair of its own for each number below 80, whatever the classes' own colours."""
    return SAFE[place % len(SAFE)], PATTERNS[place // len(SAFE)]
