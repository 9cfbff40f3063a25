"""The worst and best patches of each class, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from pipeline.reporting.page.blocks import Block, Gallery, Group, Picture, Section, Table, Target
from pipeline.reporting.page.blocks import Text as Paragraph
from pipeline.reporting.report.patch_sheet import RIGHT, UNKNOWN

HELD_OUT, LABELS, SOLUTION = "held-out", "labels", "solution"
_OPEN: Final = 2
"""So many classes are shown at once, the others when they are opened."""
_BASE64: Final = 4 / 3
_PAIR: Final = ("prediction", "truth")
"""Layers of the viewer whose difference a patch is about."""
_WHOSE: Final = {
    HELD_OUT: "labelled scenes, each by networks that were not trained on it",
    LABELS: "labelled scenes, by the networks of another run, which may have been trained on them",
    SOLUTION: "the scenes of the solution",
}


@dataclass(frozen=True)
class PatchRecord:
    """A patch that is shown.

    Attributes:
        scene: Id of its scene.
        box: Left, top, right and bottom, pixels of the scene's working grid.
        jaccard: Of its class in it.
        errors: What is missed and false, a sentence.
        reasons: Why, sentences; may be empty.
        file: Name of its picture.
    """

    scene: str
    box: tuple[int, int, int, int]
    jaccard: float
    errors: str
    reasons: str
    file: str


@dataclass(frozen=True)
class ClassPatches:
    """Patches of a class.

    Attributes:
        code: The class.
        name: Its name.
        total: True positives, false positives and false negatives on all scenes, pixels.
        worst: The worst ones, the worst first.
        best: The best ones, the best first.
    """

    code: int
    name: str
    total: tuple[int, int, int]
    worst: tuple[PatchRecord, ...]
    best: tuple[PatchRecord, ...]

    @property
    def jaccard(self) -> float | None:
        """On all scenes, in pixels; None where nothing is found or true."""
        return self.total[0] / sum(self.total) if sum(self.total) else None

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Self:
        """What ``dataclasses.asdict`` made, as JSON holds it."""
        shown = {
            kind: tuple(PatchRecord(**{**one, "box": tuple(one["box"])}) for one in row[kind])
            for kind in ("worst", "best")
        }
        return cls(**{**row, "total": tuple(row["total"]), **shown})


def patches_section(
    classes: Sequence[ClassPatches], pictures: dict[str, bytes], of: str, side: str, limit: float
) -> Section:
    """The section.

    Args:
        classes: All classes of the run.
        pictures: Pictures by file name, WebP.
        of: Which scenes are judged: ``held-out``, ``labels`` or ``solution``.
        side: Side of a patch as people read it.
        limit: Bytes that the pictures may take in the page; of each class fewer are shown to keep
            it.
    """
    shown = sorted(
        (row for row in classes if row.worst or row.best),
        key=lambda row: (row.jaccard or 0.0, row.code),
    )
    count = _fitting(shown, pictures, limit)
    blocks: list[Block] = [
        Paragraph(
            f"Patches of {side} of {_WHOSE[of]}: above the image, below the class of the heading "
            "as the polygons have it, beside the truth. The worst have the most wrong ground, the "
            "best the most that is right, at an index above the class's own; a scene that is shown "
            "already counts half as much. Classes stand in the order of their Jaccard index in "
            "pixels, the lowest first."
        ),
        Table(
            "Colours of the lower half",
            ("colour",),
            tuple((name,) for name, _ in (*RIGHT, UNKNOWN)),
            colours=tuple(colour for _, colour in (*RIGHT, UNKNOWN)),
        ),
    ]
    blocks += [
        _class_group(row, pictures, count, folded=number >= _OPEN)
        for number, row in enumerate(shown)
    ]
    absent = [row.name for row in classes if row not in shown]
    if absent:
        blocks.append(Paragraph(f"Nothing to show of {', '.join(absent)}.", "note"))
    return Section("patches", "Worst and best patches", tuple(blocks))


def _fitting(classes: Sequence[ClassPatches], pictures: dict[str, bytes], limit: float) -> int:
    """How many patches of each kind and class are shown."""
    count = max((len(kind) for row in classes for kind in (row.worst, row.best)), default=0)
    while count > 1 and _bytes(classes, pictures, count) > limit:
        count -= 1
    return count


def _bytes(classes: Sequence[ClassPatches], pictures: dict[str, bytes], count: int) -> float:
    kinds = [kind[:count] for row in classes for kind in (row.worst, row.best)]
    return _BASE64 * sum(len(pictures[one.file]) for kind in kinds for one in kind)


def _class_group(row: ClassPatches, pictures: dict[str, bytes], count: int, folded: bool) -> Group:
    score = "" if row.jaccard is None else f": Jaccard index {row.jaccard:.2f}"
    galleries = [
        Gallery(title, tuple(_picture(row, one, pictures[one.file]) for one in kind[:count]))
        for title, kind in (("Worst", row.worst), ("Best", row.best))
        if kind
    ]
    if not row.worst:
        galleries.insert(0, Gallery("Worst: nothing is wrong", ()))
    return Group(f"{row.name}{score}", tuple(galleries), folded)


def _picture(row: ClassPatches, one: PatchRecord, data: bytes) -> Picture:
    left, top, right, bottom = one.box
    words = f"{one.errors} {one.reasons}".strip()
    return Picture(
        data,
        "webp",
        f"Image of the patch, and in colours what is right and wrong of {row.name}: {words}",
        f"{one.scene}, column {left}, row {top}: Jaccard index {one.jaccard:.2f}. {words}",
        target=Target(one.scene, (left, top, right, bottom), (row.code,), _PAIR),
    )
