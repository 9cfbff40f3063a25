"""New outlines for parts where they cost no more than is allowed, the simplified ones elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import shapely
from numpy.typing import NDArray

from pipeline.mapping.geometry.contacts import faulty
from pipeline.mapping.geometry.frame import Frame
from pipeline.mapping.geometry.rounding import rounded
from pipeline.mapping.geometry.simplification import Parts, simplified
from pipeline.mapping.geometry.squaring import squared

_ROUGH = ((0.1, (3.0, 2.0)), (0.05, (2.0, 1.2)), (0.02, (1.2,)))
"""Costs of the simplified outlines that are squared, and their shortest sides in pixels, one after
another."""
_TIMES = (2, 1)
"""How often corners are cut, one after another."""


def with_right_angles(parts: Parts, simple: Parts, share: float, shape: tuple[int, ...]) -> Parts:
    """Parts with right angles.

    Args:
        parts: Polygons along pixel edges.
        simple: The same, simplified: what a part keeps that can't be squared.
        share: Share of a part's area that may change sides.
        shape: (H, W) of the image; outlines stay on it, and what they share with its frame stays.

    Returns:
        As many polygons; together a valid MultiPolygon, as ``simple`` is.
    """
    frame = Frame.of(shape)

    def candidates() -> Iterator[Parts]:
        for cost, shortest in _ROUGH:
            rough = simplified(parts, cost, frame)
            yield from (squared(rough, length) for length in shortest)

    return _chosen(parts, simple, candidates(), share, frame)


def without_corners(parts: Parts, simple: Parts, share: float, shape: tuple[int, ...]) -> Parts:
    """Parts with round outlines; see :func:`with_right_angles` for the arguments."""
    frame = Frame.of(shape)
    candidates = (rounded(simple, times, frame) for times in _TIMES)
    return _chosen(parts, simple, candidates, share, frame)


def _chosen(
    parts: Parts,
    simple: Parts,
    candidates: Iterable[Parts],
    share: float,
    frame: Frame,
) -> Parts:
    """The first candidate of each part that is valid and within bounds, or its simplified outline.

    What it shares with the frame must be what it was; the area that changes sides is measured by
    overlay. Where new outlines would cross or touch
    along a line, both parts keep their simplified ones.
    """
    if not len(parts):
        return parts
    found, open_ = simple.copy(), np.ones(len(parts), np.bool_)
    for candidate in candidates:
        places = np.flatnonzero(open_ & shapely.is_valid(candidate))
        places = places[frame.kept(parts[places], candidate[places])]
        places = places[_moved(parts[places], candidate[places]) <= share]
        found[places] = candidate[places]
        open_[places] = False
    new = ~open_
    clashing = faulty(found)
    while len(clashing) and new[clashing].any():
        found[clashing] = simple[clashing]
        new[clashing] = False
        clashing = faulty(found)
    return simple if len(clashing) else found


def _moved(before: Parts, after: Parts) -> NDArray[np.float64]:
    """Share of each part's area that changes sides."""
    moved = shapely.area(shapely.symmetric_difference(before, after))
    found: NDArray[np.float64] = moved / shapely.area(before)
    return found
