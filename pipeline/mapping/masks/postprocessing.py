"""From the levels of a class to the mask of its objects.

In this order: smoothing, median, threshold, closing, opening; parts without a certain pixel go,
small holes are filled, small parts go. Stage ``polygons`` traces the mask that
:func:`object_mask` gives, and ``tune`` scores it, so what was tuned is what is handed in.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pipeline.config.mapping import Polygons
from pipeline.mapping.masks.components import with_a_seed, without_small_holes, without_small_parts
from pipeline.mapping.masks.morphology import closed, opened
from pipeline.mapping.masks.planes import HeldPlane, Plane, Reader, Strips
from pipeline.mapping.masks.softening import REACH, softened
from pipeline.mapping.prediction.coverage import UNANSWERED, Levels
from pipeline.mapping.thresholds import level_of
from pipeline.mapping.tracing.corners import Mask


@dataclass(frozen=True)
class Cleaning:
    """How objects of a class are made of its levels.

    Attributes:
        level: Threshold, 1 to 256, see :mod:`pipeline.learning.metrics`.
        smooth: Standard deviation of the Gaussian before the threshold, metres; 0 for none.
        min_area: Smallest part that is kept, square metres.
        min_hole: Smallest hole that is kept, square metres.
        seed: Level that a part's most certain pixel has at least; at or below ``level``, none.
        median: Half the side of the window whose median a pixel takes, metres; 0 for none.
        closing: Radius of the disc that closes gaps, metres; 0 for none.
        opening: Radius of the disc that a part must hold, metres; 0 for none.
    """

    level: int
    smooth: float = 0.0
    min_area: float = 0.0
    min_hole: float = 0.0
    seed: int = 0
    median: float = 0.0
    closing: float = 0.0
    opening: float = 0.0


IN_METRES: Final = ("smooth", "median", "closing", "opening")
"""Keys of a cleaning, and of section ``polygons``, that are lengths."""
IN_SQUARE_METRES: Final = ("min_area", "min_hole")
"""Those that are areas."""


def cleaning_of(settings: Polygons, code: int, level: int) -> Cleaning:
    """The cleaning of a class.

    Args:
        settings: Section ``polygons``.
        code: The class.
        level: Threshold that ``evaluate`` chose, for a class without one in ``thresholds``.
    """
    named, seed = settings.thresholds.get(code), settings.hysteresis.get(code)
    return Cleaning(
        level if named is None else level_of(named),
        smooth=of_class(settings.smooth, code),
        min_area=of_class(settings.min_area, code),
        min_hole=of_class(settings.min_hole, code),
        seed=0 if seed is None else level_of(seed),
        median=of_class(settings.median, code),
        closing=of_class(settings.closing, code),
        opening=of_class(settings.opening, code),
    )


def of_class(value: float | Mapping[int, float], code: int) -> float:
    """A number for all classes, or that of one; 0 where none is given."""
    return float(value.get(code, 0.0) if isinstance(value, Mapping) else value)


def pixels_of(area: float, metres: float) -> int:
    """Fewest pixels of this side that make up an area, square metres."""
    # 0.27 / 0.3**2 is 3.0000000000000004 in binary: what lies so near to a number is that number.
    return math.ceil(area / metres**2 - 1e-9)


def object_mask(levels: Levels, cleaning: Cleaning, metres: float, side: int | None = None) -> Mask:
    """Pixels of a class's objects on a scene that is in memory, see :func:`object_plane`.

    Args:
        levels: (H, W) uint8, 0 for no answer.
        cleaning: How they are made.
        metres: Side of a pixel.
        side: Pixels of a window's side, where smoothing and shapes are worked on in windows, to
            need less memory; None for all at once. The result is the same.

    Returns:
        (H, W) bool. Tracing it gives no part below ``min_area`` and no hole below ``min_hole``.
    """
    strips = Strips((levels.shape[0], levels.shape[1]), side, side)
    plane = object_plane(lambda rows: levels[rows], strips, cleaning, metres)
    return plane.read(strips.whole)


def object_plane(read: Reader, strips: Strips, cleaning: Cleaning, metres: float) -> Plane:
    """Pixels of a class's objects.

    Args:
        read: Gives rows (h, W) of the class's levels, uint8, 0 for no answer.
        strips: How the scene is worked on.
        cleaning: How objects are made.
        metres: Side of a pixel.
    """
    number = 2 if cleaning.seed > cleaning.level else 1

    def kernel(levels: Levels) -> tuple[Mask, ...]:
        return _shaped(soft_levels(levels, cleaning, metres), cleaning, metres)[:number]

    planes = strips.local([read], _reach(cleaning, metres), kernel, number)
    return _without_small(planes[0], planes[-1], strips, cleaning, metres)


def soft_levels(levels: Levels, cleaning: Cleaning, metres: float) -> Levels:
    """Levels (H, W) uint8 as they are before the threshold, which is chosen for these."""
    return softened(levels, cleaning.smooth / metres, round(cleaning.median / metres))


def cut(levels: Levels, cleaning: Cleaning, metres: float) -> Mask:
    """The same as :func:`object_mask` from :func:`soft_levels`."""
    strips = Strips((levels.shape[0], levels.shape[1]))
    mask, certain = (HeldPlane(one) for one in _shaped(levels, cleaning, metres))
    return _without_small(mask, certain, strips, cleaning, metres).read(strips.whole)


def _reach(cleaning: Cleaning, metres: float) -> int:
    """Pixels around one that decide on it, but for parts and holes."""
    shapes = cleaning.median + 2 * cleaning.closing + 2 * cleaning.opening
    return math.ceil((REACH * cleaning.smooth + shapes) / metres) + len(IN_METRES)


def _shaped(levels: Levels, cleaning: Cleaning, metres: float) -> tuple[Mask, Mask]:
    """What only the surroundings of a pixel decide: the mask, and its certain pixels."""
    mask: Mask = levels >= cleaning.level
    certain: Mask = levels >= max(cleaning.seed, cleaning.level)
    if mask.any():
        answered: Mask = levels != UNANSWERED
        mask = closed(mask, answered, cleaning.closing / metres)
        mask = opened(mask, answered, cleaning.opening / metres)
    return mask, certain


def _without_small(
    mask: Plane, certain: Plane, strips: Strips, cleaning: Cleaning, metres: float
) -> Plane:
    """What parts and holes as wholes decide; holes are filled before parts are measured."""
    hole, part = pixels_of(cleaning.min_hole, metres), pixels_of(cleaning.min_area, metres)
    if cleaning.seed > cleaning.level:
        mask = with_a_seed(mask, strips, certain.read)
    if hole > 1:
        mask = without_small_holes(mask, strips, hole)
    if part > 1:
        mask = without_small_parts(mask, strips, part)
    return mask
