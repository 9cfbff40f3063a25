"""``bridge``: gaps in a class are closed where that joins what was apart.

A gap is looked for by closing with segments of many directions: what lies between two pixels of the
class, no further apart than the widest gap. (A disc as wide as the gap would slip between the ends
of a strip that is narrower than its gap; a larger one would fill what is no gap.)

Of what is closed only the pieces stay that join: those that touch two parts, or make a ring. A
piece that fills a bay or a corner does neither.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.config.rules import Bridge
from pipeline.mapping.masks.components import labelled
from pipeline.mapping.tracing.corners import Mask

_DIRECTIONS: Final = 5
"""Directions from an axis to the diagonal, both of them among these: 16 in all."""
_QUARTERS: Final = 4
"""Bit quads count an Euler number four times."""
_SLACK: Final = 1e-9


def bridged(
    masks: Mapping[int, Mask], row: Bridge, metres: float, answered: Mask
) -> dict[int, Mask]:
    """Classes whose gaps are closed.

    Args:
        masks: (H, W) of every class, by code.
        row: The rule.
        metres: Side of a pixel.
        answered: (H, W); nothing is added where there is no answer.

    Returns:
        (H, W) of every class of ``row.of``, by code. Nothing is taken away.
    """
    gap = row.metres / metres
    return {code: masks[code] | _bridges(masks[code], answered, gap) for code in row.of}


def _bridges(mask: Mask, answered: Mask, gap: float) -> Mask:
    """Pixels (H, W) that close gaps of up to ``gap`` pixels."""
    added = _closed(mask, gap) & answered & ~mask
    _, labels = cv2.connectedComponents(np.pad(added, 1).view(np.uint8), connectivity=8)
    pieces = np.asarray(labels, dtype=np.int32)
    ground = np.pad(mask, 1)
    loops = np.less(_euler_changes(ground, pieces), 0)
    joining = np.logical_or(_touch_two_parts(ground, pieces), loops)
    found: Mask = joining[pieces[1:-1, 1:-1]]
    return found


def _closed(mask: Mask, gap: float) -> Mask:
    """Union of the closings by segments of all directions."""
    margin = int(gap) + 2
    image = np.pad(mask, margin).view(np.uint8)
    found = image.copy()
    for segment in _segments(gap):
        grown = cv2.dilate(image, segment, anchor=(0, 0))
        last = (segment.shape[1] - 1, segment.shape[0] - 1)
        found |= np.asarray(cv2.erode(grown, cv2.flip(segment, -1), anchor=last), dtype=np.uint8)
    return found[margin:-margin, margin:-margin].astype(np.bool_)


def _segments(gap: float) -> Iterator[NDArray[np.uint8]]:
    """Segments (h, w) of pixels whose closings fill gaps of up to ``gap`` pixels.

    The pixels on both sides of a gap are 1 + ``gap`` apart. With each segment come its rotations
    and mirrors, so that no direction is worth more than its mirror.
    """
    known = set()
    for number in range(_DIRECTIONS):
        angle = number * math.pi / 4 / (_DIRECTIONS - 1)
        steps = np.arange(int((gap + 1) * math.cos(angle) + _SLACK))
        rows = np.floor(steps * math.tan(angle) + 0.5 + _SLACK).astype(np.int64)
        if len(steps) < 2:  # one pixel closes nothing
            continue
        segment = np.zeros((rows[-1] + 1, len(steps)), dtype=np.uint8)
        segment[rows, steps] = 1
        for turned in (np.rot90(one, k) for one in (segment, segment.T) for k in range(4)):
            key = (turned.shape, turned.tobytes())
            if key not in known:
                known.add(key)
                yield np.ascontiguousarray(turned)


def _touch_two_parts(mask: Mask, pieces: NDArray[np.int32]) -> Mask:
    """Whether each piece (pieces + 1,) shares sides with two parts; the first is no piece."""
    parts, areas = labelled(mask)
    pairs = []
    for one, two in (
        (np.s_[:, :-1], np.s_[:, 1:]),
        (np.s_[:, 1:], np.s_[:, :-1]),
        (np.s_[:-1], np.s_[1:]),
        (np.s_[1:], np.s_[:-1]),
    ):
        meet = (pieces[one] > 0) & (parts[two] > 0)
        pairs.append(pieces[one][meet].astype(np.int64) * len(areas) + parts[two][meet])
    touched = np.unique(np.concatenate(pairs)) // len(areas)
    return np.bincount(touched, minlength=int(pieces.max()) + 1) > 1


def _euler_changes(mask: Mask, pieces: NDArray[np.int32]) -> NDArray[np.float64]:
    """By how much each piece (pieces + 1,) changes the number of parts less that of holes.

    Counted by bit quads, Gray: "Local Properties of Binary Images in Two Dimensions", IEEE
    Transactions on Computers C-20, 1971; of 4-connected parts. Pieces are 8-connected, so no quad
    has pixels of two. The image must have an empty edge.
    """
    corners = [pieces[rows, cols] for rows in _ENDS for cols in _ENDS]
    owner = np.maximum.reduce(corners)
    places = np.nonzero(owner)
    owners = owner[places]
    before = [mask[rows, cols][places] for rows in _ENDS for cols in _ENDS]
    after = [was | (corner[places] > 0) for was, corner in zip(before, corners, strict=True)]
    changes = _quads(*after) - _quads(*before)
    return np.bincount(owners, changes, int(pieces.max()) + 1) / _QUARTERS


_ENDS = (slice(None, -1), slice(1, None))


def _quads(a: Mask, b: Mask, c: Mask, d: Mask) -> NDArray[np.int64]:
    """What squares of pixels a b over c d add to four Euler numbers."""
    count = a.astype(np.int64) + b + c + d
    diagonal = (a & d & ~b & ~c) | (b & c & ~a & ~d)
    quads: NDArray[np.int64] = (count == 1).astype(np.int64) - (count == 3) + 2 * diagonal
    return quads
