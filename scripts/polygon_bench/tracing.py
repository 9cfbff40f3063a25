"""Polygons of masks: how fast, and how much of a mask comes back from their text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import shapely
from affine import Affine

from pipeline.imagery.labels import draw_masks
from pipeline.imagery.transform import moved
from pipeline.mapping.polygons import assembled
from polygon_bench.masks import Mask
from polygon_bench.methods import Method, Parts
from polygon_bench.timing import in_turns

DECIMALS = 9
"""Digits after the point: a 2700th of a pixel of 0.31 m."""


@dataclass(frozen=True)
class Case:
    """A mask to trace.

    Attributes:
        name: Scene and class.
        mask: (H, W).
        to_map: Pixel edges to the contest's units, in which the text is written.
    """

    name: str
    mask: Mask
    to_map: Affine


@dataclass(frozen=True)
class Quality:
    """What polygons keep of a mask.

    Attributes:
        iou: Of the mask and of what is drawn of the text, pixel centres deciding.
        parts: Polygons.
        vertices: Points of all rings, the closing one counted too.
        wkt: Bytes of the text, in the contest's units.
        invalid: 1 if the text, rounded and no more, is no valid multipolygon, else 0.
    """

    iou: float
    parts: int
    vertices: int
    wkt: int
    invalid: int


@dataclass(frozen=True)
class Traced:
    """One method on one mask.

    Attributes:
        case: Name of the mask.
        method: Name of the method.
        seconds: Of each round.
        quality: Of the polygons.
    """

    case: str
    method: str
    seconds: tuple[float, ...]
    quality: Quality


def quality_of(mask: Mask, parts: Parts, to_map: Affine) -> Quality:
    """Write polygons as the contest wants them, read the text, and draw it."""
    whole = assembled(parts)
    text = shapely.to_wkt(moved(whole, to_map), rounding_precision=DECIMALS)
    back = shapely.from_wkt(text)
    drawn = draw_masks({1: back}, (1,), to_map, mask.shape)[0]
    either = np.count_nonzero(drawn | mask)
    return Quality(
        iou=float(np.count_nonzero(drawn & mask) / either) if either else 1.0,
        parts=len(parts),
        vertices=int(shapely.get_num_coordinates(whole)),
        wkt=len(text),
        invalid=int(not shapely.is_valid(back)),
    )


def trace_all(
    cases: Sequence[Case],
    methods: Sequence[Method],
    rounds: int,
    tell: Callable[[str], None] = lambda _: None,
) -> list[Traced]:
    """Trace every mask with every method, the methods in turns.

    Args:
        cases: Masks.
        methods: Ways to trace.
        rounds: How often each method traces each mask.
        tell: Called with the name of each mask before its turn.
    """
    rows = []
    for case in cases:
        tell(case.name)
        seconds, results = in_turns([partial(m.trace, case.mask) for m in methods], rounds)
        for method, times, parts in zip(methods, seconds, results, strict=True):
            quality = quality_of(case.mask, parts, case.to_map)
            rows.append(Traced(case.name, method.name, tuple(times), quality))
    return rows
