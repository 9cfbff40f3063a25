"""How deep pixels lie within a mask, exactly, however large the scene is.

A pixel is as deep as its nearest pixel outside is far. That one may lie anywhere, so windows are
read with ever more around them until all that is found in them lies within what is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.mapping.masks.planes import Plane, Reader, Span, Strips, spans
from pipeline.mapping.rules.distances import blocks, fine, squared_distances
from pipeline.mapping.tracing.corners import Mask

STEPS: Final = 1 << 20
"""Steps that a unit of depth is counted in: sums of whole numbers don't depend on their order."""
_MARGIN: Final = 64
"""Pixels that are read around a window at first."""
_SIDE: Final = 1024
"""Pixels of a window's side on scenes of more than one strip."""


def depth_of(plane: Plane, strips: Strips) -> Reader:
    """Gives rows (h, W) int64 of depths: the sum over a pixel's four quarters, 0 outside.

    A quarter's depth is the distance from its centre to the nearest point outside, in halves of a
    pixel, less the half of those from there to the outline; in steps of 1 / ``STEPS``.
    """
    whole = strips.rows is None
    height, width = strips.shape

    def read(rows: slice) -> NDArray[np.int64]:
        found = np.zeros((rows.stop - rows.start, width), np.int64)
        for down in _spans(rows, max(height, width) if whole else _SIDE):
            for across in spans(width, width if whole else _SIDE, 0):
                lines = slice(down.start - rows.start, down.stop - rows.start)
                found[lines, across.kept] = _window(plane, strips.shape, down, across.kept)
        return found

    return read


def _spans(rows: slice, side: int) -> Iterator[slice]:
    for span in spans(rows.stop - rows.start, side, 0):
        yield slice(span.kept.start + rows.start, span.kept.stop + rows.start)


def _window(plane: Plane, shape: tuple[int, int], rows: slice, columns: slice) -> NDArray[np.int64]:
    """Depths (h, w) of a window."""
    margin = _MARGIN
    while True:
        down, across = (
            _around(part, length, margin)
            for part, length in zip((rows, columns), shape, strict=True)
        )
        mask = plane.read(down.seen)[:, across.seen]
        inside = mask[down.inside, across.inside]
        if not inside.any():
            return np.zeros(inside.shape, np.int64)
        squares = _squares(mask, shape, down, across)[inside]
        all_seen = mask.shape == shape
        # What lies past the window is more than two quarters per pixel of the margin away.
        if all_seen or squares.max() <= (2 * margin) ** 2:
            found = np.zeros(inside.shape, np.int64)
            depths = (np.sqrt(squares, dtype=np.float64) - 0.5).sum(axis=1)
            found[inside] = np.rint(depths * STEPS)
            return found
        margin *= 2


def _around(part: slice, length: int, margin: int) -> Span:
    low, high = max(part.start - margin, 0), min(part.stop + margin, length)
    return Span(slice(low, high), part, slice(part.start - low, part.stop - low))


def _squares(mask: Mask, shape: tuple[int, int], down: Span, across: Span) -> NDArray[np.float32]:
    """Squared distances (h, w, 4) of the window's quarters from the nearest quarter outside."""
    # Outside of the scene nothing is set; past a window that ends within it nothing is known.
    edges = [
        (int(span.seen.start == 0), int(span.seen.stop == length))
        for span, length in zip((down, across), shape, strict=True)
    ]
    top, left = (
        2 * (before + span.inside.start)
        for (before, _), span in zip(edges, (down, across), strict=True)
    )
    height, width = (span.kept.stop - span.kept.start for span in (down, across))
    kept = slice(top, top + 2 * height), slice(left, left + 2 * width)
    return blocks(squared_distances(~fine(np.pad(mask, edges)), kept))
