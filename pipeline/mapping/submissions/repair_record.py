"""What a repair did to one row, and what of it a person should look at."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from pipeline.mapping.submissions.findings import whose

COLUMNS: Final = ("row", "scene", "class", "done", "area_before", "area_after", "change", "note")
"""Columns of a table of repairs."""
MOST_CHANGE: Final = 1e-3
"""Change of a row's area, of its area before, from which on it is said."""


@dataclass(frozen=True)
class Repair:
    """What was done to one row.

    Attributes:
        number: Row of the input as a spreadsheet counts; 0 of a row that was added.
        scene: Scene, or what stood there.
        code: Class, or what stood there.
        done: What was done.
        before: Area as it stood, each polygon by itself, square map units.
        after: Area as it is written.
        cut: Area that lay outside of the scene, once the polygons were valid.
        lost: Whether polygons that could not be read or mended were dropped.
        why: Why ground was lost, if it was: a reason, and an example of it.
    """

    number: int
    scene: str
    code: str
    done: tuple[str, ...]
    before: float = 0.0
    after: float = 0.0
    cut: float = 0.0
    lost: bool = False
    why: tuple[str, str] | None = None

    @property
    def change(self) -> float:
        """Change of the area, of the area before; infinite where there was none."""
        if self.before == self.after:
            return 0.0
        return (self.after - self.before) / self.before if self.before else math.inf

    @property
    def note(self) -> str:
        """What a person should look at: areas that changed by more than ``MOST_CHANGE``."""
        said = []
        if self.lost:
            said.append("what could not be read or mended was dropped, and its area is not known")
        if self.cut > MOST_CHANGE * (self.after + self.cut):
            said.append(f"area {self.cut:.6g} lay outside of the scene")
        if math.isinf(self.change):
            said.append(f"area 0 -> {self.after:.6g}, as rings that cross themselves can have none")
        elif abs(self.change) > MOST_CHANGE:
            said.append(f"area {self.before:.6g} -> {self.after:.6g} ({self.change:+.2%})")
        return "; ".join(said)

    @property
    def cells(self) -> tuple[str, ...]:
        """Cells of a table of repairs, as ``COLUMNS`` names them."""
        numbers = (f"{value:.10g}" for value in (self.before, self.after, self.change))
        return (str(self.number), self.scene, self.code, "; ".join(self.done), *numbers, self.note)

    def __str__(self) -> str:
        said = "; ".join((*self.done, self.note) if self.note else self.done)
        return f"row {self.number}{whose(self.scene, self.code)}: {said}"
