"""``bridge``: gaps in a class are closed where that joins what was apart.

A gap is looked for by closing with segments of many directions: what lies between two pixels of the
class, no further apart than the widest gap. (A disc as wide as the gap would slip between the ends
of a strip that is narrower than its gap; a larger one would fill what is no gap.)

Of what is closed only the pieces stay that join: those that touch two parts, or make a ring. A
piece that fills a bay or a corner does neither.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.config.rules import Bridge
from pipeline.mapping.masks.parts import Numbers, Parts
from pipeline.mapping.masks.planes import Plane, Strips
from pipeline.mapping.rules.ground import Ground, Planes
from pipeline.mapping.tracing.corners import Mask

_DIRECTIONS: Final = 5
"""Directions from an axis to the diagonal, both of them among these: 16 in all."""
_QUARTERS: Final = 4
"""Bit quads count an Euler number four times."""
_SLACK: Final = 1e-9


def bridged(masks: Planes, row: Bridge, ground: Ground) -> dict[int, Plane]:
    """Classes whose gaps are closed.

    Args:
        masks: Of every class, by code.
        row: The rule.
        ground: The scene; nothing is added where there is no answer.

    Returns:
        Planes of every class of ``row.of``, by code. Nothing is taken away.
    """
    gap = row.metres / ground.metres
    return {code: _bridged(masks[code], gap, ground) for code in row.of}


def _bridged(plane: Plane, gap: float, ground: Ground) -> Plane:
    """A plane and the pixels that close its gaps of up to ``gap`` pixels."""
    strips = ground.strips

    def kernel(mask: Mask, answered: Mask) -> list[Mask]:
        return [_closed(mask, gap) & answered & ~mask]

    reach = 2 * (int(gap) + 2)
    added = strips.local([plane.read, ground.answered], reach, kernel, 1)[0]
    pieces = Parts(added, strips, connectivity=8)
    joins = pieces.kept(_joining(pieces, Parts(plane, strips), strips))
    return strips.plane(plane.read(rows) | joins.read(rows) for rows in strips)


def _joining(pieces: Parts, parts: Parts, strips: Strips) -> NDArray[np.bool_]:
    """(pieces + 1,) whether a piece touches two parts, or makes a ring."""
    width, changes = strips.shape[1] + 2, np.zeros(len(pieces.areas))
    above = [np.zeros((1, width), np.int32)] * 2
    touching = []
    for (rows, *piece), (_, *part) in zip(pieces.strips(), parts.strips(), strict=True):
        # Around the image there is nothing; a strip is seen with the row above it.
        below = int(rows.stop == strips.shape[0])
        edges = ((0, below), (1, 1))
        both = [np.pad(numbers[labels], edges) for labels, numbers in (piece, part)]
        joined, ground = (np.concatenate(rows) for rows in zip(above, both, strict=True))
        above = [joined[-1:], ground[-1:]]
        touching.append(_touching(joined, ground, len(parts.areas)))
        np.add.at(changes, *_euler_changes(ground > 0, joined))
    touched = np.unique(np.concatenate(touching)) // len(parts.areas)
    return (np.bincount(touched, minlength=len(changes)) > 1) | (changes < 0)


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


def _touching(pieces: Numbers, parts: Numbers, count: int) -> NDArray[np.int64]:
    """Pieces and parts that share sides, as piece times ``count`` plus part."""
    pairs = []
    for one, two in (
        (np.s_[:, :-1], np.s_[:, 1:]),
        (np.s_[:, 1:], np.s_[:, :-1]),
        (np.s_[:-1], np.s_[1:]),
        (np.s_[1:], np.s_[:-1]),
    ):
        meet = (pieces[one] > 0) & (parts[two] > 0)
        pairs.append(pieces[one][meet].astype(np.int64) * count + parts[two][meet])
    return np.unique(np.concatenate(pairs))


def _euler_changes(mask: Mask, pieces: Numbers) -> tuple[Numbers, NDArray[np.float64]]:
    """Pieces, and by how much they change the number of parts less that of holes.

    Counted by bit quads, Gray: "Local Properties of Binary Images in Two Dimensions", IEEE
    Transactions on Computers C-20, 1971; of 4-connected parts. Pieces are 8-connected, so no quad
    has pixels of two. A piece may stand there several times; its changes add up.
    """
    corners = [pieces[rows, cols] for rows in _ENDS for cols in _ENDS]
    owner = np.maximum.reduce(corners)
    places = np.nonzero(owner)
    before = [mask[rows, cols][places] for rows in _ENDS for cols in _ENDS]
    after = [was | (corner[places] > 0) for was, corner in zip(before, corners, strict=True)]
    return owner[places], (_quads(*after) - _quads(*before)) / _QUARTERS


_ENDS = (slice(None, -1), slice(1, None))


def _quads(a: Mask, b: Mask, c: Mask, d: Mask) -> NDArray[np.int64]:
    """What squares of pixels a b over c d add to four Euler numbers."""
    count = a.astype(np.int64) + b + c + d
    diagonal = (a & d & ~b & ~c) | (b & c & ~a & ~d)
    quads: NDArray[np.int64] = (count == 1).astype(np.int64) - (count == 3) + 2 * diagonal
    return quads
