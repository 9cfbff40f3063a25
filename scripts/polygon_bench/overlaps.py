"""Scoring polygons: ours beside a union of each side and the area of their intersection."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import shapely
from shapely import MultiPolygon

from pipeline.mapping.jaccard import Overlap
from pipeline.mapping.overlap import overlap_of
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
    """A pair scored in both ways.

    Attributes:
        case: Name of the pair.
        vertices: Of both sides.
        jaccard: Of the pair, by ours; None if nothing is there.
        ours: Seconds of each round.
        union: Seconds of each round, of the other way.
        difference: Largest of the three areas' differences, as a share of the union.
    """

    case: str
    vertices: int
    jaccard: float | None
    ours: tuple[float, ...]
    union: tuple[float, ...]
    difference: float


def by_union(prediction: MultiPolygon, truth: MultiPolygon) -> Overlap:
    """What is commonly written: a union of each side, then areas."""
    predicted = shapely.unary_union(prediction.geoms)
    true = shapely.unary_union(truth.geoms)
    both = predicted.intersection(true).area
    return Overlap(both, predicted.area - both, true.area - both)


def difference_of(one: Overlap, other: Overlap) -> float:
    """Largest difference of the areas, as a share of the union; 0 if all are 0."""
    pairs = ((one.tp, other.tp), (one.fp, other.fp), (one.fn, other.fn))
    union = max(one.tp + one.fp + one.fn, other.tp + other.fp + other.fn)
    return max(abs(a - b) for a, b in pairs) / union if union else 0.0


def score_all(
    pairs: Sequence[Pair], rounds: int, tell: Callable[[str], None] = lambda _: None
) -> list[Scored]:
    """Score every pair in both ways, in turns.

    Args:
        pairs: What is scored.
        rounds: How often.
        tell: Called with the name of each pair before its turn.
    """
    rows = []
    for pair in pairs:
        tell(pair.name)
        sides = (pair.prediction, pair.truth)
        (ours, union), (found, expected) = in_turns(
            [partial(overlap_of, *sides), partial(by_union, *sides)], rounds
        )
        rows.append(
            Scored(
                case=pair.name,
                vertices=sum(int(shapely.get_num_coordinates(side)) for side in sides),
                jaccard=found.jaccard,
                ours=tuple(ours),
                union=tuple(union),
                difference=difference_of(found, expected),
            )
        )
    return rows
