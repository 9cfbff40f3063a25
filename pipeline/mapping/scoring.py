"""The exact polygon score: areas of intersections, pooled per class over scenes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import shapely
from shapely import MultiPolygon
from shapely.geometry.base import BaseGeometry

from pipeline.errors import ScoringError
from pipeline.imagery.outlines import made_valid
from pipeline.mapping.jaccard import Absent, Overlap, mean_jaccard
from pipeline.mapping.overlap import overlap_of
from pipeline.mapping.tables import Polygonal, Row, geometry_of, read_rows

Key = tuple[str, int]


@dataclass
class Score:
    """Overlaps per class, in square map units, as they add up over scenes.

    Attributes:
        classes: Overlap of each class code.
        scenes: Scenes that were compared.
    """

    classes: dict[int, Overlap]
    scenes: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, codes: Sequence[int]) -> Score:
        """Score of nothing yet."""
        return cls({code: Overlap() for code in codes})

    def add(self, scene: str, code: int, overlap: Overlap) -> None:
        """Add what a class has on a scene."""
        self.classes[code] += overlap
        self.scenes.add(scene)

    def mean(self, absent: Absent) -> float:
        """Mean Jaccard index over the classes."""
        return mean_jaccard(self.classes.values(), absent)


def score_tables(submission: Path, truth: Path, codes: Sequence[int]) -> Score:
    """Score one table of polygons against another.

    Scored are the scenes that the truth names; a class without a row there is nowhere on that
    scene. Both tables are read as streams: only one side's unmatched rows are ever held.

    Args:
        submission: Table that was handed in; its geometries must be valid.
        truth: Table of labels or solution; its geometries are made valid.
        codes: Class codes to score.

    Raises:
        ScoringError: Naming file and row: a row of the truth without prediction, a geometry that
            is no polygon or, in the submission, invalid.
    """
    scenes = {row.image for row in read_rows(truth, codes, ScoringError)}
    score = Score.of(codes)
    predictions = (row for row in read_rows(submission, codes, ScoringError) if row.image in scenes)
    truths = read_rows(truth, codes, ScoringError)
    for predicted, true in _matched(predictions, truths, submission, truth):
        prediction = _prediction(submission, predicted)
        target = _truth(truth, true) if true is not None else MultiPolygon()
        score.add(predicted.image, predicted.code, overlap_of(prediction, target))
    if not score.scenes:
        raise ScoringError(f"{truth}: has no rows; there is nothing to score against")
    return score


def _matched(
    predictions: Iterator[Row], truths: Iterator[Row], submission: Path, truth: Path
) -> Iterator[tuple[Row, Row | None]]:
    """Rows of the same scene and class; tables in the same order are matched without storing."""
    waiting: dict[Key, Row] = {}
    for predicted in predictions:
        true = waiting.pop(predicted.key, None)
        while true is None:
            row = next(truths, None)
            if row is None:
                break
            if row.key == predicted.key:
                true = row
            else:
                waiting[row.key] = row
        yield predicted, true
    waiting.update({row.key: row for row in truths})
    _check_complete(waiting, submission, truth)


def _check_complete(waiting: Mapping[Key, Row], submission: Path, truth: Path) -> None:
    for row in waiting.values():
        raise ScoringError(
            f"{submission}: has no row for scene {row.image}, class {row.code}, which "
            f"{truth}, row {row.number} has (and {len(waiting) - 1} more); add the missing rows"
        )


def _prediction(path: Path, row: Row) -> Polygonal:
    geometry = _parsed(path, row)
    if not shapely.is_valid(geometry):
        raise ScoringError(
            f"{path}, row {row.number}: invalid geometry ({shapely.is_valid_reason(geometry)}); "
            "a submission is valid as it stands"
        )
    return geometry


def _truth(path: Path, row: Row) -> MultiPolygon:
    return made_valid(_parsed(path, row))


def _parsed(path: Path, row: Row) -> Polygonal:
    try:
        return geometry_of(row.wkt)
    except ValueError as fault:
        raise ScoringError(f"{path}, row {row.number}: {fault}") from None


Polygons = Mapping[int, BaseGeometry]
"""Polygons by class code; a class without any may be missing."""


def score_scenes(scenes: Iterable[tuple[str, Polygons, Polygons]], codes: Sequence[int]) -> Score:
    """Score scenes that have both polygons and labels.

    Args:
        scenes: Id, predicted polygons and labels of each scene; both are made valid in the same
            way, since moving valid polygons onto the map rounds their coordinates.
        codes: Class codes to score.
    """
    nothing = MultiPolygon()
    score = Score.of(codes)
    for scene, predicted, truth in scenes:
        for code in codes:
            found = made_valid(predicted.get(code, nothing))
            target = made_valid(truth.get(code, nothing))
            score.add(scene, code, overlap_of(found, target))
    return score
