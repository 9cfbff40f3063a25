"""Corners of a mask's outline.

Pixels meet in the points of a grid, four at each point. The outline turns where an odd number of
the four is set, and it passes twice where just two diagonal ones are: a saddle. Nothing else of a
mask is needed to draw it, and what is found in windows adds up to what is found in the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Integers = NDArray[np.int32]
Reader = Callable[[slice, slice], Mask]
"""Gives rows and columns of a mask."""

NW, NE, SW, SE = 1, 2, 4, 8
"""Bits of the pixels around a point, north being the row before."""
FALLING: Final = NW | SE
"""A saddle whose pixels lie north-west and south-east."""
RISING: Final = NE | SW

_STRIP: Final = 1 << 17
"""Pixels that are looked at in one go: as many as a processor's cache holds."""
_WORD: Final = 8


@dataclass(frozen=True)
class Corners:
    """Corners in the order of rows, then columns; a saddle stands there twice.

    Attributes:
        rows: (n,) int32, grid lines: 0 is the upper edge of the first pixels.
        columns: (n,) int32.
        around: (n,) uint8, which of the four pixels are set, as bits.
    """

    rows: Integers
    columns: Integers
    around: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.rows)

    @classmethod
    def joined(cls, pieces: Sequence[Self]) -> Self:
        """Corners of windows that share no point, as those of the whole."""
        found = cls.following(pieces)
        order = np.lexsort((found.columns, found.rows))
        return cls(found.rows[order], found.columns[order], found.around[order])

    @classmethod
    def following(cls, pieces: Sequence[Self]) -> Self:
        """Corners of windows of which each lies below the one before it."""
        if not pieces:
            return cls(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.uint8))
        return cls(
            np.concatenate([piece.rows for piece in pieces]),
            np.concatenate([piece.columns for piece in pieces]),
            np.concatenate([piece.around for piece in pieces]),
        )


def corners_of(mask: Mask) -> Corners:
    """Corners of a mask (H, W)."""
    return corners_by_rows(lambda rows: mask[rows], (mask.shape[0], mask.shape[1]))


def corners_by_rows(read: Callable[[slice], Mask], shape: tuple[int, int]) -> Corners:
    """Corners of a mask that is read by rows.

    Args:
        read: Gives rows (h, W) of the mask.
        shape: (H, W).
    """
    window = (max(1, _STRIP // (shape[1] + 1)), shape[1] + 1)
    strips = corners_in_windows(lambda rows, columns: read(rows)[:, columns], shape, window)
    return Corners.following(list(strips))


def corners_in_windows(
    read: Reader, shape: tuple[int, int], window: tuple[int, int]
) -> Iterator[Corners]:
    """Corners of a mask that is read a window at a time.

    Every point of the grid belongs to one window, whose pixels are read with those just before
    its first row and column.

    Args:
        read: Gives the pixels of a window.
        shape: (H, W) of the mask.
        window: Rows and columns of a window.
    """
    height, width = shape
    for row in range(0, height + 1, window[0]):
        for column in range(0, width + 1, window[1]):
            below = min(row + window[0], height + 1)
            right = min(column + window[1], width + 1)
            rows = slice(max(row - 1, 0), min(below, height))
            columns = slice(max(column - 1, 0), min(right, width))
            patch = np.zeros((below - row + 1, _whole_words(right - column + 1)), np.uint8)
            inside = (rows.start - row + 1, columns.start - column + 1)
            pixels = read(rows, columns)
            patch[
                inside[0] : inside[0] + pixels.shape[0], inside[1] : inside[1] + pixels.shape[1]
            ] = pixels
            yield _corners(patch, right - column, row, column)


def _whole_words(columns: int) -> int:
    return -(-columns // _WORD) * _WORD


def _corners(patch: NDArray[np.uint8], points: int, row: int, column: int) -> Corners:
    """Corners at the points between the pixels of a patch.

    Args:
        patch: (rows + 1, columns) 0 or 1, columns a multiple of 8.
        points: Points of a row that count.
        row: Grid line of the first points.
        column: The same across.
    """
    across = patch[:, 1:] ^ patch[:, :-1]
    turns = np.zeros((len(patch) - 1, patch.shape[1]), np.uint8)
    np.bitwise_xor(across[1:], across[:-1], out=turns[:, :-1])
    saddles = across[1:] & across[:-1]
    saddles &= patch[1:, 1:] ^ patch[:-1, 1:]
    turns[:, :-1] |= saddles
    turns[:, points:] = 0
    # Outlines are sparse: eight points are looked at as one number first.
    words = np.flatnonzero(turns.view(np.uint64))
    found, offset = np.nonzero(turns.reshape(-1, _WORD)[words])
    rows, columns = np.divmod(words[found] * _WORD + offset, turns.shape[1])
    pixels, place, stride = patch.ravel(), rows * patch.shape[1] + columns, patch.shape[1]
    around = (
        pixels[place] * NW
        | pixels[place + 1] * NE
        | pixels[place + stride] * SW
        | pixels[place + stride + 1] * SE
    )
    times = 1 + ((around == FALLING) | (around == RISING))
    return Corners(
        np.repeat(rows + row, times).astype(np.int32),
        np.repeat(columns + column, times).astype(np.int32),
        np.repeat(around, times),
    )
