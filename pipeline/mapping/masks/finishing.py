"""From the levels of all classes to the masks that are traced: cleaning by class, then rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.config.dataset import ClassRow
from pipeline.config.mapping import Polygons
from pipeline.config.rules import RuleRow
from pipeline.mapping.masks.components import without_small_parts
from pipeline.mapping.masks.postprocessing import Cleaning, cleaning_of, object_mask, pixels_of
from pipeline.mapping.prediction.coverage import UNANSWERED, Levels
from pipeline.mapping.rules.engine import apply
from pipeline.mapping.rules.spectral import IndexSource
from pipeline.mapping.tracing.corners import Mask

Masks = NDArray[np.bool_]


@dataclass(frozen=True)
class Finish:
    """What is done to the levels of a scene.

    Attributes:
        codes: The K class codes.
        cleanings: (K,) of each class.
        rules: Between classes, in order.
    """

    codes: tuple[int, ...]
    cleanings: tuple[Cleaning, ...]
    rules: tuple[RuleRow, ...]

    def to_json(self) -> list[Any]:
        """What decides the masks, as JSON values: neither names of rules nor those that are off."""
        cleanings = [asdict(cleaning) for cleaning in self.cleanings]
        rules = [row.model_dump(mode="json", exclude={"name"}) for row in self.rules if row.on]
        return [list(self.codes), cleanings, rules]


def finish_of(settings: Polygons, classes: Sequence[ClassRow], thresholds: Sequence[int]) -> Finish:
    """What a configuration says is done.

    Args:
        settings: Section ``polygons``.
        classes: The K classes.
        thresholds: (K,) levels that ``evaluate`` chose.
    """
    codes = tuple(row.code for row in classes)
    cleanings = tuple(
        cleaning_of(settings, code, level) for code, level in zip(codes, thresholds, strict=True)
    )
    return Finish(codes, cleanings, tuple(settings.rules))


def object_masks(
    levels: Levels, finish: Finish, metres: float, index: IndexSource, side: int | None = None
) -> Masks:
    """Pixels of all classes' objects.

    Args:
        levels: (K, H, W) uint8, 0 for no answer.
        finish: What is done.
        metres: Side of a pixel.
        index: Values of spectral indices, for rules that need them.
        side: Pixels of a window's side, see :func:`object_mask`.

    Returns:
        (K, H, W) bool.
    """
    cleaned = np.stack(
        [
            object_mask(plane, cleaning, metres, side)
            for plane, cleaning in zip(levels, finish.cleanings, strict=True)
        ]
    )
    return settled(cleaned, finish, metres, answers(levels), index)


def answers(levels: Levels) -> Mask:
    """(H, W), where any class has an answer, of levels (K, H, W)."""
    found: Mask = (levels != UNANSWERED).any(axis=0)
    return found


def settled(
    cleaned: Masks, finish: Finish, metres: float, answered: Mask, index: IndexSource
) -> Masks:
    """Masks of each class by itself, as the rules between classes leave them.

    What a rule leaves of a part may be less than the smallest that is kept, and then goes.

    Args:
        cleaned: (K, H, W), not changed.
        finish: What is done.
        metres: Side of a pixel.
        answered: (H, W), see :func:`answers`.
        index: Values of spectral indices.
    """
    found = apply(cleaned, finish.rules, finish.codes, metres, answered, index)
    return without_remnants(found, cleaned, finish.cleanings, metres)


def without_remnants(
    found: Masks, cleaned: Masks, cleanings: Sequence[Cleaning], metres: float
) -> Masks:
    """Masks without what rules left of parts, where that is less than the smallest that is kept.

    Args:
        found: (K, H, W) after the rules; changed.
        cleaned: (K, H, W) before all of them.
        cleanings: (K,) of each class.
        metres: Side of a pixel.
    """
    for place, cleaning in enumerate(cleanings):
        smallest = pixels_of(cleaning.min_area, metres)
        if smallest > 1 and not np.array_equal(found[place], cleaned[place]):
            found[place] = without_small_parts(found[place], smallest)
    return found
