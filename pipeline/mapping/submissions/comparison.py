"""Two submissions compared: what they share and what only one has, per class and scene."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline.mapping.jaccard import Overlap
from pipeline.mapping.scores.overlap import overlap_of
from pipeline.mapping.submissions.index import indexed
from pipeline.mapping.submissions.reading import ground_of

COLUMNS: Final = ("scene", "class", "area_a", "area_b", "both", "only_a", "only_b", "iou", "rows")
"""Columns of a table of differences."""


@dataclass(frozen=True)
class Difference:
    """What two submissions have of one class of one scene, or of many together.

    Attributes:
        scene: Scene; empty for all.
        code: Class code; -1 for all.
        overlap: Areas in both (tp), in A alone (fp) and in B alone (fn), square map units.
        rows: Which of the two have the row: ``both``, ``a`` or ``b``.
    """

    scene: str
    code: int
    overlap: Overlap
    rows: str = "both"

    @property
    def apart(self) -> float:
        """Area in one of the two alone."""
        return self.overlap.fp + self.overlap.fn

    @property
    def numbers(self) -> tuple[float, float, float, float, float, float | None]:
        """Area of A, of B, in both, in A alone, in B alone, and intersection over union."""
        both, only_a, only_b = self.overlap.tp, self.overlap.fp, self.overlap.fn
        return both + only_a, both + only_b, both, only_a, only_b, self.overlap.jaccard

    @property
    def cells(self) -> tuple[str, ...]:
        """Cells of a table of differences, as ``COLUMNS`` names them."""
        shown = ("" if value is None else f"{value:.10g}" for value in self.numbers)
        return (self.scene, str(self.code), *shown, self.rows)


def compare_tables(one: Path, two: Path) -> Iterator[Difference]:
    """Differences of two submissions, in the first's order; then the rows of the second alone.

    Only one row of each is held at a time. What is invalid is read as labels are, part by part.

    Raises:
        SubmissionError: If a table can't be read, or a row of it stands there twice.
    """
    with indexed(one) as a, indexed(two) as b:
        a.check_rows()
        b.check_rows()
        for key in dict.fromkeys((*a.places, *b.places)):
            rows = "both" if key in a.places and key in b.places else "ab"[key in b.places]
            overlap = overlap_of(ground_of(a.reading(key)), ground_of(b.reading(key)))
            yield Difference(key[0], key[1], overlap, rows)


def by_class(differences: Iterable[Difference]) -> list[Difference]:
    """Differences of each class over all scenes, by code."""
    totals: dict[int, Overlap] = {}
    for one in differences:
        totals[one.code] = totals.get(one.code, Overlap()) + one.overlap
    return [Difference("", code, overlap) for code, overlap in sorted(totals.items())]


def by_scene(differences: Iterable[Difference]) -> list[Difference]:
    """Differences of each scene over all classes, those that disagree most first."""
    totals: dict[str, Overlap] = {}
    for one in differences:
        totals[one.scene] = totals.get(one.scene, Overlap()) + one.overlap
    found = [Difference(scene, -1, overlap) for scene, overlap in totals.items()]
    return sorted(found, key=lambda one: (-one.apart, one.scene))
