"""From traced masks to the outlines that are handed in: simplified, squared or rounded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.config.mapping import Polygons
from pipeline.mapping.geometry.exclusion import exclusive_groups, simplified_together
from pipeline.mapping.geometry.frame import Frame
from pipeline.mapping.geometry.reshaping import with_right_angles, without_corners
from pipeline.mapping.geometry.simplification import Parts, simplified
from pipeline.mapping.masks.planes import Plane, Strips
from pipeline.mapping.masks.postprocessing import of_class


@dataclass(frozen=True)
class Outlining:
    """How outlines of a class are drawn.

    Attributes:
        cost: Share of a part's pixels that may change sides for fewer vertices.
        form: What outlines become, if anything.
        reshape_cost: Share of a part's area that may change sides for that form.
    """

    cost: float
    form: Literal["square", "round"] | None = None
    reshape_cost: float = 0.0


def outlining_of(settings: Polygons, code: int) -> Outlining:
    """What section ``polygons`` says of a class."""
    cost = of_class(settings.simplify_cost, code)
    if code in settings.square:
        return Outlining(cost, "square", settings.reshape_cost)
    if code in settings.round:
        return Outlining(cost, "round", settings.reshape_cost)
    return Outlining(cost)


def outlined(
    traced: Sequence[Parts], planes: Sequence[Plane], strips: Strips, rows: Sequence[Outlining]
) -> list[Parts]:
    """Parts of each class of a scene, with the outlines that are asked for.

    Classes that share no pixel are simplified together, but for those with a form of their own.
    What parts share with the scene's frame stays, so that they meet a neighbour's there.

    Args:
        traced: Parts of each class along pixel edges.
        planes: Their masks.
        strips: How the scene is worked on.
        rows: How each class is drawn.
    """
    found, frame = list(traced), Frame.of(strips.shape)
    plain = [number for number, row in enumerate(rows) if row.form is None and row.cost > 0]
    for group in exclusive_groups([planes[number] for number in plain], strips):
        numbers = [plain[place] for place in group]
        together = simplified_together(
            [traced[number] for number in numbers],
            [rows[number].cost for number in numbers],
            frame,
        )
        for number, parts in zip(numbers, together, strict=True):
            found[number] = parts
    for number, row in enumerate(rows):
        if row.form is not None:
            reshape = with_right_angles if row.form == "square" else without_corners
            simple = simplified(traced[number], row.cost, frame)
            found[number] = reshape(traced[number], simple, row.reshape_cost, strips.shape)
    return found
