"""What is traced and scored: generated scenes, and real labels."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.imagery.outlines import made_valid
from pipeline.imagery.transform import contest_affine, moved
from pipeline.mapping.polygons import assembled, trace
from polygon_bench.masks import LAYERS, as_predicted, generate
from polygon_bench.overlaps import Pair
from polygon_bench.real import RealClass
from polygon_bench.tracing import Case

EXTENT = (0.009188, -0.00904)
"""Xmax and Ymin of a scene of the contest."""
RAGGED = ("buildings", "trees", "crops")
"""Classes that are traced as a network could predict them, too."""
LARGEST = "trees, ragged"
"""The mask with the most vertices, for the figures of memory."""


def generated_cases(shape: tuple[int, int], seed: int) -> list[Case]:
    """Every class on a generated scene of (H, W) pixels, and some of them with ragged edges."""
    to_map = contest_affine(*EXTENT, shape)
    clean = [Case(layer.name, generate(layer, shape, seed), to_map) for layer in LAYERS]
    ragged = [
        Case(f"{case.name}, ragged", as_predicted(case.mask, seed), to_map)
        for case in clean
        if case.name in RAGGED
    ]
    return [*clean, *ragged]


def generated_pairs(cases: Iterable[Case], seed: int) -> list[Pair]:
    """Masks as a network could predict them against the masks, in pixels."""
    return [
        Pair(
            case.name,
            assembled(trace(as_predicted(case.mask, seed))),
            assembled(trace(case.mask)),
        )
        for case in cases
        if "ragged" not in case.name
    ]


def real_cases(classes: Iterable[RealClass]) -> list[Case]:
    """Masks of real labels."""
    return [Case(found.name, found.mask, found.to_map) for found in classes]


def real_pairs(classes: Iterable[RealClass], seed: int) -> list[Pair]:
    """Masks of real labels as a network could predict them, against the labels, in map units."""
    return [
        Pair(
            found.name,
            made_valid(moved(assembled(trace(as_predicted(found.mask, seed, 1, 1))), found.to_map)),
            found.truth,
        )
        for found in classes
    ]
