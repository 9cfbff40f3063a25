"""From the levels of a class to the mask of its objects: smoothing, threshold, smallest areas.

Stage ``polygons`` traces the mask that :func:`object_mask` gives, and ``tune`` scores it, so what
was tuned is what is handed in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from pipeline.config.mapping import Polygons
from pipeline.learning.metrics import LEVELS
from pipeline.mapping.components import without_small_holes, without_small_parts
from pipeline.mapping.coverage import UNANSWERED, Levels
from pipeline.mapping.thresholds import level_of
from pipeline.mapping.tracing.corners import Mask

_REACH = 4.0
"""Standard deviations after which a Gaussian ends."""


@dataclass(frozen=True)
class Rule:
    """How objects of a class are made of its levels.

    Attributes:
        level: Threshold, 1 to 256, see :mod:`pipeline.learning.metrics`.
        smooth: Standard deviation of the Gaussian before the threshold, metres; 0 for none.
        min_area: Smallest part that is kept, square metres.
        min_hole: Smallest hole that is kept, square metres.
    """

    level: int
    smooth: float = 0.0
    min_area: float = 0.0
    min_hole: float = 0.0


def rule_of(settings: Polygons, code: int, level: int) -> Rule:
    """The rule of a class.

    Args:
        settings: Section ``polygons``.
        code: The class.
        level: Threshold that ``evaluate`` chose, for a class without one in ``thresholds``.
    """
    named = settings.thresholds.get(code)
    return Rule(
        level if named is None else level_of(named),
        of_class(settings.smooth, code),
        of_class(settings.min_area, code),
        of_class(settings.min_hole, code),
    )


def of_class(value: float | Mapping[int, float], code: int) -> float:
    """A number for all classes, or that of one; 0 where none is given."""
    return float(value.get(code, 0.0) if isinstance(value, Mapping) else value)


def object_mask(levels: Levels, rule: Rule, metres: float) -> Mask:
    """Pixels of a class's objects.

    Args:
        levels: (H, W) uint8, 0 for no answer.
        rule: How they are made.
        metres: Side of a pixel.

    Returns:
        (H, W) bool. Tracing it gives no part below ``min_area`` and no hole below ``min_hole``.
    """
    return cut(smoothed(levels, rule.smooth / metres), rule, metres)


def cut(levels: Levels, rule: Rule, metres: float) -> Mask:
    """The same from levels that are smooth already.

    Holes are filled before parts are measured.
    """
    pixel = metres**2
    mask: Mask = levels >= rule.level
    if not mask.any():
        return mask
    if rule.min_hole > pixel:
        mask = without_small_holes(mask, rule.min_hole / pixel)
    if rule.min_area > pixel:
        mask = without_small_parts(mask, rule.min_area / pixel)
    return mask


def smoothed(levels: Levels, sigma: float) -> Levels:
    """Levels averaged by a Gaussian, rounded to levels again.

    Only pixels with an answer are averaged, with weights that sum to 1 over them; what lies around
    the image has none. A pixel without an answer gets none.

    Args:
        levels: (H, W) uint8, 0 for no answer.
        sigma: Standard deviation, pixels; 0 changes nothing.
    """
    if sigma <= 0:
        return levels
    answered = levels != UNANSWERED
    # Single precision would make the result depend on the order of sums, at halves.
    weights = gaussian_filter(answered.astype(np.float64), sigma, mode="constant", truncate=_REACH)
    sums = gaussian_filter(levels.astype(np.float64), sigma, mode="constant", truncate=_REACH)
    means = np.divide(sums, weights, out=np.zeros_like(sums), where=answered)
    found: Levels = np.rint(means).clip(UNANSWERED + 1, LEVELS - 1).astype(np.uint8)
    found[~answered] = UNANSWERED
    return found
