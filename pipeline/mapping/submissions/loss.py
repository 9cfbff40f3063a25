"""Ground that a repair could not keep: how much of it, and why."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from pipeline.mapping.wording import counted

_POLYGON: Final = re.compile(r"polygon[^a-z]*\(", re.IGNORECASE)


def names_ground(text: str) -> bool:
    """Whether a text means to have polygons, be they readable or not."""
    return _POLYGON.search(text) is not None


@dataclass
class Loss:
    """Ground of a table before and after a repair.

    Attributes:
        had: Rows with ground, or with a text that means to have some.
        kept: Rows that still have ground.
        area: Area of the valid ground, square map units; of what can't be read it is not known.
        area_kept: Area that is written.
        reasons: How many rows lost ground, by why.
        examples: The first row of each reason, in words.
    """

    had: int = 0
    kept: int = 0
    area: float = 0.0
    area_kept: float = 0.0
    reasons: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    def keep(self, area: float) -> None:
        """Count what a row still has."""
        self.kept += area > 0
        self.area += area
        self.area_kept += area

    def lose(self, area: float, reason: str, example: str) -> None:
        """Count what a row has lost, of which the area may not be known (0)."""
        self.area += area
        self.reasons[reason] += 1
        self.examples.setdefault(reason, example)

    @property
    def is_all(self) -> bool:
        """Whether there was ground and none is left."""
        return self.had > 0 and self.kept == 0

    @property
    def is_most(self) -> bool:
        """Whether more than half of the ground is lost, by rows or by area."""
        return 2 * self.kept < self.had or 2 * self.area_kept < self.area

    def __str__(self) -> str:
        much = "ALL" if self.is_all else "MORE THAN HALF"
        rows = f"{self.kept} of {counted(self.had, 'row')} with ground still have some"
        text = f"{much} of the ground is lost: {rows}"
        if self.area > 0:
            text += f", {self.area_kept / self.area:.1%} of the area"
        for reason, count in self.reasons.most_common(1):
            text += f"; most often ({counted(count, 'row')}): {reason}, as {self.examples[reason]}"
        return text
