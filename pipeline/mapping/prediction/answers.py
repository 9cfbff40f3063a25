"""What models say of a scene, handed on by rows, so that no model's levels need be held as one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

import numpy as np

from pipeline.imagery.transform import Shape
from pipeline.mapping.prediction.coverage import Levels

ROWS = 256
"""Rows that are worked on in one go: as many as a block of the file that holds them."""


class Answers(Protocol):
    """Levels of a model's classes on its grid, read from the top to the bottom."""

    @property
    def shape(self) -> Shape:
        """(H, W) of the grid."""

    def read(self, rows: slice) -> Levels:
        """Levels (K, rows, W) uint8; rows start nowhere above those that were asked for before."""


class Held:
    """Answers that are in memory, (K, H, W) uint8."""

    def __init__(self, levels: Levels) -> None:
        self._levels = levels

    @property
    def shape(self) -> Shape:
        """(H, W) of the grid."""
        return self._levels.shape[1], self._levels.shape[2]

    def read(self, rows: slice) -> Levels:
        """Levels (K, rows, W) uint8."""
        return self._levels[:, rows]


class Streamed:
    """Answers that are made while they are read.

    Args:
        pieces: (K, h, W) uint8, from the scene's top to its bottom, without gaps.
        shape: (H, W) of the grid.
    """

    def __init__(self, pieces: Iterator[Levels], shape: Shape) -> None:
        self._pieces, self.shape = pieces, shape
        self._held: list[Levels] = []
        self._first = self._end = 0

    def read(self, rows: slice) -> Levels:
        """Levels (K, rows, W) uint8; what lies above the rows is let go of."""
        while self._end < rows.stop:
            piece = next(self._pieces)
            self._held.append(piece)
            self._end += piece.shape[1]
        while self._held and self._first + self._held[0].shape[1] <= rows.start:
            self._first += self._held.pop(0).shape[1]
        held = self._held[0] if len(self._held) == 1 else np.concatenate(self._held, axis=1)
        return held[:, rows.start - self._first : rows.stop - self._first]

    def stored(self, path: Path) -> Stored:
        """All of them in a file."""
        return Stored(path, self._pieces, self.shape)


class Stored:
    """Answers that were written to a file, row by row.

    Args:
        path: File that is written.
        pieces: See :class:`Streamed`.
        shape: (H, W) of the grid.
    """

    def __init__(self, path: Path, pieces: Iterable[Levels], shape: Shape) -> None:
        self._path, self.shape, self._classes = path, shape, 0
        with path.open("wb") as file:
            for piece in pieces:
                self._classes = len(piece)
                file.write(np.ascontiguousarray(piece.swapaxes(0, 1)).data)

    def read(self, rows: slice) -> Levels:
        """Levels (K, rows, W) uint8."""
        count, line = rows.stop - rows.start, self._classes * self.shape[1]
        flat = np.fromfile(self._path, np.uint8, count * line, offset=rows.start * line)
        return flat.reshape(count, self._classes, self.shape[1]).swapaxes(0, 1)


class LevelRows(Protocol):
    """Levels of a scene's classes, read by class and rows."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """(K, H, W)."""

    def read(self, place: int, rows: slice) -> Levels:
        """Rows (h, W) uint8 of one class."""


class HeldLevels:
    """Levels that are in memory, (K, H, W) uint8."""

    def __init__(self, levels: Levels) -> None:
        self._levels = levels
        self.shape = (levels.shape[0], levels.shape[1], levels.shape[2])

    def read(self, place: int, rows: slice) -> Levels:
        """Rows (h, W) uint8 of one class."""
        return self._levels[place, rows]


def in_strips(height: int, rows: int = ROWS) -> Iterator[slice]:
    """Rows of a scene, so many at a time."""
    for first in range(0, height, rows):
        yield slice(first, min(first + rows, height))
