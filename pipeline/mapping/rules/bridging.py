"""``bridge``: gaps in a class are closed where that joins what was apart.

A gap is looked for by closing with a disc, on a grid of half the pixel size, so that an odd number
of pixels has a middle. The disc's radius is the widest gap: one of half that size would slip between
the ends of a strip that is narrower than its gap. What it closes counts only up to half the widest
gap from the class, which leaves wider gaps open in the middle.

Of what is closed only the pieces stay that join: those that touch two parts, or make a ring. A
piece that fills a bay or a corner does neither.
"""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.config.rules import Bridge
from pipeline.mapping.components import labelled
from pipeline.mapping.rules.discs import blocks, fine, within
from pipeline.mapping.tracing.corners import Mask

_QUARTERS = 4
"""Bit quads count an Euler number four times."""


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
    """Pixels (H, W) that close gaps of up to ``gap`` pixels between parts of a mask."""
    if gap < 1 or not mask.any():
        return np.zeros_like(mask)
    margin = int(gap) + 2
    ground = fine(np.pad(mask, margin))
    added = _closed(ground, 2 * gap) & within(ground, gap) & ~ground
    added &= fine(np.pad(answered, margin))
    _, labels = cv2.connectedComponents(added.view(np.uint8), connectivity=8)
    pieces = np.asarray(labels, dtype=np.int32)
    joining: Mask = _touch_two_parts(ground, pieces) | (_euler_changes(ground, pieces) < 0)
    found: Mask = blocks(joining[pieces]).any(axis=2)[margin:-margin, margin:-margin]
    return found


def _closed(mask: Mask, radius: float) -> Mask:
    """Closing by a disc of a mask with a margin of more than its radius."""
    return ~within(~within(mask, radius), radius)


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
