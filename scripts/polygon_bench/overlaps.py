"""Scoring polygons: ours beside unions and an intersection, and beside an intersection alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import shapely
from shapely import MultiPolygon

from pipeline.mapping.jaccard import Overlap
from pipeline.mapping.scores.overlap import overlap_of
from polygon_bench.timing import in_turns

CLOSE = 1e-9
"""Largest difference of two areas, as a share of the union."""


@dataclass(frozen=True)
class Pair:
    """Polygons that are scored against others.

    Attributes:
        name: Scene and class.
        prediction: Valid.
        truth: Valid, in the same units.
    """

    name: str
    prediction: MultiPolygon
    truth: MultiPolygon


@dataclass(frozen=True)
class Scored:
    """A pair scored in all ways.

    Attributes:
        case: Name of the pair.
        vertices: Of both sides.
        jaccard: Of the pair, by ours; None if nothing is there.
        ours: Seconds of each round.
        union: Seconds of each round, of unions and their intersection.
        overlay: Seconds of each round, of an intersection without unions.
        difference: Largest difference of ours from the unions' areas, as a share of the union.
    """

    case: str
    vertices: int
    jaccard: float | None
    ours: tuple[float, ...]
    union: tuple[float, ...]
    overlay: tuple[float, ...]
    difference: float


def by_union(prediction: MultiPolygon, truth: MultiPolygon) -> Overlap:
    """What is commonly written: a union of each side, then areas."""
    predicted = shapely.unary_union(prediction.geoms)
    true = shapely.unary_union(truth.geoms)
    both = predicted.intersection(true).area
    return Overlap(both, predicted.area - both, true.area - both)


def by_overlay(prediction: MultiPolygon, truth: MultiPolygon) -> Overlap:
    """The same of sides that are known to be valid."""
    both = prediction.intersection(truth).area
    return Overlap(both, prediction.area - both, truth.area - both)


def difference_of(one: Overlap, other: Overlap) -> float:
    """Largest difference of the areas, as a share of the union; 0 if all are 0."""
    pairs = ((one.tp, other.tp), (one.fp, other.fp), (one.fn, other.fn))
    union = max(one.tp + one.fp + one.fn, other.tp + other.fp + other.fn)
    return max(abs(a - b) for a, b in pairs) / union if union else 0.0


def score_all(
    pairs: Sequence[Pair], rounds: int, tell: Callable[[str], None] = lambda _: None
) -> list[Scored]:
    """Score every pair in all ways, in turns.

    Args:
        pairs: What is scored.
        rounds: How often.
        tell: Called with the name of each pair before its turn.
    """
    rows = []
    for pair in pairs:
        tell(pair.name)
        sides = (pair.prediction, pair.truth)
        ways = [partial(way, *sides) for way in (overlap_of, by_union, by_overlay)]
        (ours, union, overlay), (found, expected, _) = in_turns(ways, rounds)
        rows.append(
            Scored(
                case=pair.name,
                vertices=sum(int(shapely.get_num_coordinates(side)) for side in sides),
                jaccard=found.jaccard,
                ours=tuple(ours),
                union=tuple(union),
                overlay=tuple(overlay),
                difference=difference_of(found, expected),
            )
        )
    return rows
