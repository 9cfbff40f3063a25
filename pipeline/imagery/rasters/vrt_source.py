"""A virtual raster that is open: windows put together from the files that it names."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path, PurePosixPath
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from pipeline.errors import ImageryError
from pipeline.imagery.rasters.source import Source
from pipeline.imagery.rasters.values import has_data
from pipeline.imagery.rasters.vrt_document import Document, read_document
from pipeline.imagery.rasters.vrt_pieces import Piece, refused
from pipeline.imagery.scene import Pixels

Opener = Callable[[Path], AbstractContextManager[Source]]
_KEPT_OPEN: Final = 32


class VrtSource:
    """A virtual raster; see :class:`~pipeline.imagery.rasters.source.Source`.

    Pixels that no piece covers are not valid.
    """

    def __init__(self, path: Path, root: Path, document: Document, opener: Opener) -> None:
        self.path, self.driver = path, "VRT"
        self.shape, self.bands = document.shape, document.bands
        self.place, self.colours = document.place, document.colours
        self.paged = False
        self._boxes = [_boxes(pieces, self.shape) for pieces in document.pieces]
        self.masked = document.masked or not _covered(np.concatenate(self._boxes), self.shape)
        self._pieces, self._root, self._opener = document.pieces, root, opener
        self._open: OrderedDict[str, tuple[ExitStack, Source]] = OrderedDict()
        first = next((piece for pieces in self._pieces for piece in pieces), None)
        if first is None:
            raise refused(path, "names no file")
        self.block = self._source(first).block

    def check(self, bands: Sequence[int]) -> None:
        """Check that the files of bands are there and are what the virtual raster takes them for.

        Raises:
            ImageryError: Naming the first that is not.
        """
        by_file: dict[str, list[tuple[Piece, str]]] = {}
        for number in bands:
            for piece in self._pieces[number - 1]:
                by_file.setdefault(piece.file, []).append((piece, self.bands[number - 1].dtype))
        for shown in by_file.values():
            for piece, dtype in shown:
                self._check(piece, dtype)

    def read(self, bands: Sequence[int], rows: slice, columns: slice) -> Pixels:
        """(C, h, w) of bands, counted from 1, in the type of the first."""
        shape = (len(bands), rows.stop - rows.start, columns.stop - columns.start)
        pixels = np.zeros(shape, dtype=self.bands[bands[0] - 1].dtype)
        for layer, number in zip(pixels, bands, strict=True):
            nodata = self.bands[number - 1].nodata
            if nodata is not None and has_data(layer[None], (nodata,)) is not None:
                layer[:] = nodata
            for piece, there, window in self._pieces_in(number, rows, columns):
                self._paste(layer[there], piece, window)
        return pixels

    def valid(self, rows: slice, columns: slice) -> NDArray[np.bool_] | None:
        """(h, w) pixels that a piece covers whose file has no mask over it; None for all."""
        if not self.masked:
            return None
        valid = np.zeros((rows.stop - rows.start, columns.stop - columns.start), dtype=bool)
        for number in range(1, len(self.bands) + 1):
            for piece, there, window in self._pieces_in(number, rows, columns):
                shown = self._source(piece).valid(*window)
                valid[there] |= True if shown is None else shown
            if valid.all():
                return None
        return valid

    def close(self) -> None:
        """Close the files that are open."""
        while self._open:
            self._open.popitem()[1][0].close()

    def _pieces_in(
        self, number: int, rows: slice, columns: slice
    ) -> Iterator[tuple[Piece, tuple[slice, slice], tuple[slice, slice]]]:
        """Pieces of a band in a window, from below: their parts of the window and of their file."""
        boxes = self._boxes[number - 1]
        top, left, bottom, right = boxes.T
        hit = (top < rows.stop) & (bottom > rows.start)
        hit &= (left < columns.stop) & (right > columns.start)
        for place in np.flatnonzero(hit):
            piece = self._pieces[number - 1][place]
            box = boxes[place]
            first = max(int(box[0]), rows.start), max(int(box[1]), columns.start)
            last = min(int(box[2]), rows.stop), min(int(box[3]), columns.stop)
            down, across = (piece.start[axis] - piece.place[axis] + first[axis] for axis in (0, 1))
            height, width = last[0] - first[0], last[1] - first[1]
            row, column = first[0] - rows.start, first[1] - columns.start
            yield (
                piece,
                (slice(row, row + height), slice(column, column + width)),
                (slice(down, down + height), slice(across, across + width)),
            )

    def _paste(self, target: Pixels, piece: Piece, window: tuple[slice, slice]) -> None:
        """Write a part of a piece onto a part of a band, where it has data."""
        source = self._source(piece)
        shown = source.valid(*window)
        if piece.constant is not None:
            part = np.full_like(target, piece.constant)
        else:
            part = source.read((piece.band,), *window)[0]
            known = has_data(part[None], (piece.nodata,))
            shown = known if shown is None else shown if known is None else shown & known
        np.copyto(target, part, where=True if shown is None else shown)

    def _check(self, piece: Piece, dtype: str) -> None:
        """Check that a piece's file holds what the piece shows."""
        source = self._source(piece)
        if piece.constant is not None:
            return
        if not 1 <= piece.band <= len(source.bands):
            raise refused(
                self.path, f"names band {piece.band} of {source.path.name}, which has none"
            )
        found = source.bands[piece.band - 1].dtype
        if found != dtype:
            raise refused(self.path, f"takes {source.path}, which holds {found}, for {dtype}")
        shape = piece.shape or self.shape
        if any(
            start < 0 or start + size > limit
            for start, size, limit in zip(piece.start, shape, source.shape, strict=True)
        ):
            raise refused(self.path, f"shows pixels of {source.path} that lie outside of it")

    def _source(self, piece: Piece) -> Source:
        """A file of the virtual raster, open; those not used for long are closed."""
        known = self._open.pop(piece.file, None)
        if known is None:
            while len(self._open) >= _KEPT_OPEN:
                self._open.popitem(last=False)[1][0].close()
            stack = ExitStack()
            file = inside(self.path, self._root, piece.file)
            known = stack, stack.enter_context(self._opener(file))
        self._open[piece.file] = known
        return known[1]


@contextmanager
def vrt_source(path: Path, root: Path, opener: Opener) -> Iterator[VrtSource]:
    """Open a virtual raster.

    Args:
        path: The file.
        root: The dataset's folder, which every file that it names must lie in.
        opener: Opens those files.
    """
    source = VrtSource(path, root, read_document(path), opener)
    try:
        yield source
    finally:
        source.close()


def inside(path: Path, root: Path, file: str) -> Path:
    """A file that a virtual raster names, links followed.

    Raises:
        ImageryError: If it is not there, is no plain path, or lies outside of the dataset's folder.
    """
    if "://" in file or PurePosixPath(file).as_posix().startswith("/vsi") or not file:
        raise refused(path, f"names {file[:120]!r}, which is no file of the dataset")
    try:
        found, folder = (path.parent / file).resolve(strict=True), root.resolve(strict=True)
    except (OSError, RuntimeError, ValueError):
        raise ImageryError(
            f"{path}: names {file[:120]!r}, which is not there; put it there, or write the virtual "
            "raster again"
        ) from None
    if not found.is_relative_to(folder):
        raise ImageryError(
            f"{path}: names {file[:120]!r}, which lies outside of the dataset's folder {root}; "
            "move it there and write the virtual raster again, or make one file of all, as with: "
            "gdal_translate old.vrt new.tif"
        )
    return found


def _boxes(pieces: Sequence[Piece], shape: tuple[int, int]) -> NDArray[np.int64]:
    """(N, 4) first row and column, last row and column of pieces, cut at the image's edges."""
    height, width = shape
    boxes = [
        (*piece.place, *np.add(piece.place, piece.shape or shape).tolist()) for piece in pieces
    ]
    whole = np.array(boxes, dtype=np.int64).reshape(-1, 4)
    return np.clip(whole, 0, np.array([height, width, height, width]))


def _covered(boxes: NDArray[np.int64], shape: tuple[int, int]) -> bool:
    """Whether boxes leave no pixel of an image bare."""
    top, left, bottom, right = np.unique(boxes, axis=0).T.astype(float)
    union = shapely.union_all(shapely.box(left, top, right, bottom))
    return bool(union.area == float(shape[0]) * shape[1])
