"""From the levels of all classes to the masks that are traced: cleaning by class, then rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.config.dataset import ClassRow
from pipeline.config.mapping import Polygons
from pipeline.config.rules import RuleRow
from pipeline.mapping.masks.components import without_small_parts
from pipeline.mapping.masks.planes import HeldPlane, Plane, Reader, Strips
from pipeline.mapping.masks.postprocessing import Cleaning, cleaning_of, object_plane, pixels_of
from pipeline.mapping.prediction.answers import HeldLevels, LevelRows
from pipeline.mapping.prediction.coverage import UNANSWERED, Levels
from pipeline.mapping.rules.engine import apply, apply_planes
from pipeline.mapping.rules.ground import Ground, whole_ground
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


def object_masks(levels: Levels, finish: Finish, metres: float, index: IndexSource) -> Masks:
    """Pixels (K, H, W) of all classes' objects on a scene that is in memory.

    Args:
        levels: (K, H, W) uint8, 0 for no answer.
        finish: What is done.
        metres: Side of a pixel.
        index: Values of spectral indices, for rules that need them.
    """
    strips = Strips((levels.shape[1], levels.shape[2]))
    planes = object_planes(HeldLevels(levels), strips, finish, metres, index)
    return np.stack([plane.read(strips.whole) for plane in planes])


def object_planes(
    levels: LevelRows, strips: Strips, finish: Finish, metres: float, index: IndexSource
) -> list[Plane]:
    """Pixels of all classes' objects.

    Args:
        levels: Of the K classes, 0 for no answer.
        strips: How the scene is worked on.
        finish: What is done.
        metres: Side of a pixel.
        index: Values of spectral indices, for rules that need them.
    """
    cleaned = [
        object_plane(partial(levels.read, place), strips, cleaning, metres)
        for place, cleaning in enumerate(finish.cleanings)
    ]
    ground = Ground(strips, metres, answers_of(levels, strips), index)
    found = apply_planes(cleaned, finish.rules, finish.codes, ground)
    return _without_remnants(found, cleaned, finish.cleanings, ground)


def answers_of(levels: LevelRows, strips: Strips) -> Reader:
    """Gives rows (h, W), where any class has an answer; read from all classes at first use."""
    known: list[Plane] = []

    def rows_of(rows: slice) -> Mask:
        planes = [levels.read(place, rows) != UNANSWERED for place in range(levels.shape[0])]
        found: Mask = np.logical_or.reduce(planes)
        return found

    def read(rows: slice) -> Mask:
        if not known:
            known.append(strips.plane(rows_of(part) for part in strips))
        return known[0].read(rows)

    return read


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
        found: (K, H, W) after the rules.
        cleaned: (K, H, W) before all of them.
        cleanings: (K,) of each class.
        metres: Side of a pixel.
    """
    ground = whole_ground(found[0], metres)
    after, before = ([HeldPlane(mask) for mask in masks] for masks in (found, cleaned))
    planes = _without_remnants(after, before, cleanings, ground)
    return np.stack([plane.read(ground.strips.whole) for plane in planes])


def _without_remnants(
    found: Sequence[Plane], cleaned: Sequence[Plane], cleanings: Sequence[Cleaning], ground: Ground
) -> list[Plane]:
    """The same of planes."""
    rows, kept = [*ground.strips], []
    for after, before, cleaning in zip(found, cleaned, cleanings, strict=True):
        smallest = pixels_of(cleaning.min_area, ground.metres)
        same = after is before or smallest <= 1
        if same or all(np.array_equal(after.read(part), before.read(part)) for part in rows):
            kept.append(after)
        else:
            kept.append(without_small_parts(after, ground.strips, smallest))
    return kept
