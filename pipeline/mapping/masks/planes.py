"""Masks of scenes of any size: read by rows, made strip by strip.

A scene that fits in memory is one strip, and its masks stay there; otherwise masks wait on disk,
a bit per pixel. All that is done to masks is written for strips, so both give the same.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from math import isqrt
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.imagery.transform import Shape
from pipeline.mapping.tracing.corners import Mask

Reader = Callable[[slice], NDArray[Any]]
"""Gives rows (h, W) of a plane; the slice has a start and a stop within the scene."""
_BITS: Final = 8
_PER_PIXEL: Final = 64
"""Bytes that work on a strip takes per pixel: labels, sums and levels, all at once."""
_PER_WINDOW: Final = 128
"""The same of a window in which levels are averaged in double precision."""
_HELD: Final = 6
"""Bytes per pixel and class of masks that stay in memory, before rules and after."""
_LEAST: Final = 256
"""Rows of a strip, and pixels of a window's side, below which most is read twice."""
_NAMES: Final = count()
"""Numbers of planes on disk."""


class Plane(Protocol):
    """A mask (H, W) that is read by rows."""

    def read(self, rows: slice, /) -> Mask:
        """Rows (h, W)."""


@dataclass(frozen=True)
class HeldPlane:
    """A mask in memory."""

    mask: Mask

    def read(self, rows: slice, /) -> Mask:
        """Rows (h, W), not to be changed."""
        return self.mask[rows]


class StoredPlane:
    """A mask on disk, a bit per pixel; its file goes with it."""

    def __init__(self, path: Path, width: int) -> None:
        self._path, self._width = path, width
        self._finalizer = weakref.finalize(self, path.unlink, missing_ok=True)

    def read(self, rows: slice, /) -> Mask:
        """Rows (h, W)."""
        line = -(-self._width // _BITS)
        height = rows.stop - rows.start
        packed = np.fromfile(self._path, np.uint8, height * line, offset=rows.start * line)
        found = np.unpackbits(packed.reshape(height, line), axis=1, count=self._width)
        return found.view(np.bool_)


@dataclass(frozen=True)
class Span:
    """Some pixels of an axis.

    Attributes:
        seen: Those that are read.
        kept: Those of them that a result is for.
        inside: Where these lie within what is read.
    """

    seen: slice
    kept: slice
    inside: slice


def spans(length: int, side: int, reach: int) -> Iterator[Span]:
    """Parts of an axis, read with as many pixels around each as the work reaches.

    Args:
        length: Pixels of the axis.
        side: Pixels of a part.
        reach: Pixels that are read beyond it on each side, where the axis has them.
    """
    for first in range(0, length, side):
        last = min(first + side, length)
        low, high = max(first - reach, 0), min(last + reach, length)
        yield Span(slice(low, high), slice(first, last), slice(first - low, last - low))


@dataclass(frozen=True)
class Strips:
    """How a scene is cut into strips, and where its planes wait.

    Attributes:
        shape: (H, W) of the scene.
        rows: Rows of a strip; None for all of them.
        side: Columns of a window within a strip; None for all of them.
        folder: Where planes wait; None: in memory.
    """

    shape: Shape
    rows: int | None = None
    side: int | None = None
    folder: Path | None = None

    @classmethod
    def within(cls, memory: float, shape: Shape, classes: int, window: int, folder: Path) -> Strips:
        """Strips whose work takes so much memory.

        Args:
            memory: Bytes.
            shape: (H, W) of the scene.
            classes: Planes that are there at a time, before rules and after.
            window: Largest side of a window, pixels.
            folder: Where planes wait if they don't fit.
        """
        pixels = shape[0] * shape[1]
        side = min(window, max(_LEAST, isqrt(int(memory / _PER_WINDOW))))
        rows = max(_LEAST, int(memory / _PER_PIXEL / shape[1]) // _LEAST * _LEAST)
        if pixels * max(_HELD * classes, _PER_PIXEL) <= memory:
            return cls(shape, None, side)
        return cls(shape, min(rows, max(side, _LEAST)), side, folder)

    def __iter__(self) -> Iterator[slice]:
        """Rows of each strip, from the top."""
        return (span.kept for span in self.spans())

    def spans(self, reach: int = 0) -> Iterator[Span]:
        """Strips with so many rows around each; lower strips would be read many times over."""
        height = self.shape[0]
        return spans(height, max(self.rows or height, reach, 1), reach)

    @property
    def whole(self) -> slice:
        """All rows."""
        return slice(0, self.shape[0])

    def plane(self, pieces: Iterable[Mask]) -> Plane:
        """A plane of its pieces (h, W), which follow each other from the top."""
        return self.planes(((piece,) for piece in pieces), 1)[0]

    def planes(self, pieces: Iterable[Sequence[Mask]], number: int) -> list[Plane]:
        """Several planes at once, each piece holding one (h, W) of each."""
        if self.folder is None:
            held = [*pieces] or [[np.zeros(self.shape, np.bool_)] * number]
            columns = [[piece[place] for piece in held] for place in range(number)]
            return [HeldPlane(_stacked(column)) for column in columns]
        paths = [self.folder / f"plane-{next(_NAMES)}" for _ in range(number)]
        files = [path.open("wb") for path in paths]
        try:
            for piece in pieces:
                _write(files, piece)
        finally:
            for file in files:
                file.close()
        return [StoredPlane(path, self.shape[1]) for path in paths]

    def local(
        self,
        sources: Sequence[Reader],
        reach: int,
        kernel: Callable[..., Sequence[Mask]],
        number: int,
    ) -> list[Plane]:
        """Planes of which each pixel is decided by the pixels around it.

        Args:
            sources: What is looked at, each giving rows (h, W).
            reach: Pixels around one that decide on it.
            kernel: From parts (h, w) of the sources to as many masks (h, w) as there are planes.
            number: How many planes.
        """
        width = self.shape[1]
        side = width if self.side is None else max(self.side, reach, 1)

        def pieces() -> Iterator[list[Mask]]:
            for span in self.spans(reach):
                seen = [source(span.seen) for source in sources]
                found = []
                for across in spans(width, side, reach):
                    made = kernel(*(array[:, across.seen] for array in seen))
                    found.append([mask[span.inside, across.inside] for mask in made])
                yield [_stacked(column, 1) for column in zip(*found, strict=True)]

        return self.planes(pieces(), number)


def _stacked(pieces: Sequence[Mask], axis: int = 0) -> Mask:
    """Pieces side by side; one alone is not copied."""
    return pieces[0] if len(pieces) == 1 else np.concatenate(pieces, axis=axis)


def _write(files: Sequence[BinaryIO], piece: Sequence[Mask]) -> None:
    """Append rows of each plane to its file."""
    for file, mask in zip(files, piece, strict=True):
        file.write(np.packbits(mask, axis=1).data)
