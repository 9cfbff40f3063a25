"""The exact polygon score: areas of intersections, pooled per class over scenes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon
from shapely.geometry.base import BaseGeometry

from pipeline.config.dataset import ClassRow
from pipeline.errors import PipelineError, ScoringError
from pipeline.imagery.outlines import made_valid, polygons_of
from pipeline.mapping.jaccard import Absent, Overlap, mean_jaccard
from pipeline.mapping.scores.bootstrap import Interval, intervals
from pipeline.mapping.scores.objects import Found, objects_of
from pipeline.mapping.scores.overlap import overlap_of
from pipeline.mapping.tables import Polygonal
from pipeline.mapping.vectors.features import Entry
from pipeline.mapping.vectors.sources import Source
from pipeline.mapping.wording import and_more

Key = tuple[str, int]
Polygons = Mapping[int, BaseGeometry]
"""Polygons by class code; a class without any may be missing."""
_NOWHERE = (np.inf, np.inf, -np.inf, -np.inf)


@dataclass
class Score:
    """Overlaps per scene and class, in square map units.

    Attributes:
        classes: Overlap of each class code, over all scenes.
        scenes: Overlap of each class of each scene that was compared.
        objects: Objects found, of each class that is countable.
        bounds: Bounds of all predicted and of all true polygons: left, lower, right, upper.
    """

    classes: dict[int, Overlap]
    scenes: dict[str, dict[int, Overlap]] = field(default_factory=dict)
    objects: dict[int, Found] = field(default_factory=dict)
    bounds: NDArray[np.float64] = field(default_factory=lambda: np.array([_NOWHERE] * 2))

    @classmethod
    def of(cls, classes: Sequence[ClassRow]) -> Score:
        """Score of nothing yet."""
        return cls(
            {row.code: Overlap() for row in classes},
            objects={row.code: Found() for row in classes if row.countable},
        )

    def add(self, scene: str, code: int, prediction: Polygonal, truth: Polygonal) -> None:
        """Add what a class has on a scene, as valid polygons."""
        overlap = overlap_of(prediction, truth)
        self.classes[code] += overlap
        of_scene = self.scenes.setdefault(scene, {})
        of_scene[code] = of_scene.get(code, Overlap()) + overlap
        if code in self.objects:
            self.objects[code] += objects_of(prediction, truth)
        found = shapely.bounds([prediction, truth])
        self.bounds[:, :2] = np.fmin(self.bounds[:, :2], found[:, :2])
        self.bounds[:, 2:] = np.fmax(self.bounds[:, 2:], found[:, 2:])

    def mean(self, absent: Absent) -> float:
        """Mean Jaccard index over the classes."""
        return mean_jaccard(self.classes.values(), absent)

    def intervals(self, absent: Absent) -> tuple[dict[int, Interval], Interval]:
        """90% intervals over scenes, of each class's Jaccard index and of their mean."""
        nothing = Overlap()
        scenes = [found for _, found in sorted(self.scenes.items())]
        overlaps = [[found.get(code, nothing) for code in self.classes] for found in scenes]
        counts = [
            [[o.tp for o in row], [o.fp for o in row], [o.fn for o in row]] for row in overlaps
        ]
        shape = (len(scenes), 3, len(self.classes))
        ranges, mean = intervals(np.array(counts, np.float64).reshape(shape), absent)
        return dict(zip(self.classes, ranges, strict=True)), mean

    def check_system(self) -> None:
        """Check that prediction and truth can be in one coordinate system.

        Raises:
            ScoringError: If both have polygons, and all of the one lie apart from all of the other.
        """
        low, high = self.bounds[:, :2].max(axis=0), self.bounds[:, 2:].min(axis=0)
        if np.isfinite(self.bounds).all() and (low > high).any():
            ours, theirs = (
                f"{left:.6g} to {right:.6g} and {lower:.6g} to {upper:.6g}"
                for left, lower, right, upper in self.bounds
            )
            raise ScoringError(
                f"all predicted polygons (x and y from {ours}) lie apart from all true ones "
                f"({theirs}); give both in one coordinate system: the contest's grid units, or "
                "the same map projection"
            )


def score_sources(submission: Path, truth: Path, classes: Sequence[ClassRow]) -> Score:
    """Score one file or folder of polygons against another.

    Scored are the scenes that the truth names; a class without a row there is nowhere on that
    scene. Both are read as streams: only one side's unmatched rows are ever held.

    Args:
        submission: What was handed in: see :class:`pipeline.mapping.vectors.sources.Source`. A
            table has a row for each of the truth's, and its geometries are valid; of other files
            the polygons of a class are united if they are not valid together.
        truth: Labels or solution; its geometries are made valid.
        classes: Classes to score.

    Raises:
        ScoringError: Naming file and row: a row of the truth without prediction, a geometry that
            is no polygon or, in a table handed in, invalid.
    """
    predicted, true = Source(submission, classes), Source(truth, classes)
    scenes = true.scenes()
    if not scenes:
        raise ScoringError(f"{truth}: has no rows; there is nothing to score against")
    score = Score.of(classes)
    for key, ours, theirs in _matched(predicted, true, scenes):
        _check_systems(ours, theirs)
        prediction = MultiPolygon() if ours is None else _prediction(ours, predicted)
        target = MultiPolygon() if theirs is None else made_valid(theirs.geometry())
        score.add(*key, prediction, target)
    for scene in scenes:
        score.scenes.setdefault(scene, {})
    return score


def _matched(
    predicted: Source, true: Source, scenes: set[str]
) -> Iterator[tuple[Key, Entry | None, Entry | None]]:
    """Entries of the same scene and class; those in the same order are matched without storing."""
    truths = true.entries()
    waiting: dict[Key, Entry] = {}
    for ours in predicted.entries():
        if ours.image not in scenes:
            continue
        theirs = waiting.pop(ours.key, None)
        while theirs is None:
            entry = next(truths, None)
            if entry is None:
                break
            if entry.key == ours.key:
                theirs = entry
            else:
                waiting[entry.key] = entry
        yield ours.key, ours, theirs
    if predicted.is_table:
        waiting.update({entry.key: entry for entry in truths})
        _check_complete(waiting, predicted.path)
    yield from ((entry.key, None, entry) for entry in waiting.values())
    yield from ((entry.key, None, entry) for entry in truths)


def _check_complete(waiting: Mapping[Key, Entry], submission: Path) -> None:
    for entry in waiting.values():
        raise ScoringError(
            f"{submission}: has no row for scene {entry.image}, class {entry.code}, which "
            f"{entry.place} has{and_more(len(waiting) - 1)}; add the missing rows"
        )


def _check_systems(ours: Entry | None, theirs: Entry | None) -> None:
    systems = [entry.system for entry in (ours, theirs) if entry is not None and entry.system]
    if ours is not None and theirs is not None and len(set(systems)) > 1:
        raise ScoringError(
            f"{ours.place}: is in {ours.system}, but {theirs.place} in {theirs.system}; bring both "
            "into one coordinate system"
        )


def _prediction(entry: Entry, source: Source) -> Polygonal:
    """The predicted polygons, valid: those of a table must be so as they stand."""
    if not source.is_table:
        return made_valid(entry.geometry())
    every = f"python -m pipeline check {source.path} names every problem, --repair mends them"
    try:
        geometry = entry.geometry()
    except PipelineError as fault:
        raise ScoringError(f"{fault}; {every}") from None
    if not shapely.is_valid(geometry):
        raise ScoringError(
            f"{entry.place}: invalid geometry ({shapely.is_valid_reason(geometry)}); a submission "
            f"is valid as it stands; {every}"
        )
    return geometry


def score_scenes(
    scenes: Iterable[tuple[str, Polygons, Polygons]], classes: Sequence[ClassRow]
) -> Score:
    """Score scenes that have both polygons and labels.

    Args:
        scenes: Id, predicted polygons and labels of each scene; both are made valid in the same
            way, since moving valid polygons onto the map rounds their coordinates.
        classes: Classes to score.
    """
    nothing = MultiPolygon()
    score = Score.of(classes)
    for scene, predicted, truth in scenes:
        for row in classes:
            found = made_valid(predicted.get(row.code, nothing))
            target = made_valid(truth.get(row.code, nothing))
            score.add(scene, row.code, found, target)
    return score


def without(polygons: Polygons, ground: BaseGeometry | None) -> Polygons:
    """What of polygons lies on ground of which something is known.

    Args:
        polygons: Polygons by class code.
        ground: Ground that doesn't count; None if there is none.
    """
    if ground is None:
        return polygons
    rest = made_valid(ground)
    return {
        code: polygons_of(shapely.difference(made_valid(whole), rest))
        for code, whole in polygons.items()
    }
