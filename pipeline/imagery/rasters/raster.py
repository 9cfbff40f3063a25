"""The files of one band group of one scene, open for reading windows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ImageryError
from pipeline.imagery.rasters.bands import Chosen, choose
from pipeline.imagery.rasters.footprint import check_same, limit_size, placed
from pipeline.imagery.rasters.group_files import GroupFiles
from pipeline.imagery.rasters.header import READ_AS, TYPES, Header
from pipeline.imagery.rasters.open_source import open_source
from pipeline.imagery.rasters.source import Colours, Source
from pipeline.imagery.rasters.values import Valid, both, has_data, without_gaps
from pipeline.imagery.scene import Pixels


class Raster:
    """Files that are open and have been checked; made by :func:`open_raster`.

    Attributes:
        header: What they say of themselves.
    """

    header: Header

    def __init__(
        self, files: GroupFiles, sources: Sequence[Source], chosen: Sequence[Chosen]
    ) -> None:
        self._parts = tuple(zip(sources, chosen, strict=True))
        own = [
            (source.path, None if picked.expand else source.bands[band - 1].nodata)
            for source, picked in self._parts
            for band in (picked.bands * 3 if picked.expand else picked.bands)
        ]
        self._paths = tuple(path for path, _ in own)
        self._nodata = tuple(nodata if files.nodata is None else files.nodata for _, nodata in own)
        self.header = _header(files, self._parts, self._nodata)

    def read(self, rows: slice, columns: slice) -> tuple[Pixels, NDArray[np.bool_] | None]:
        """Read a window.

        Args:
            rows: Rows of the image.
            columns: Columns of the image.

        Returns:
            (C, h, w) pixels of type ``header.dtype``, and (h, w) which of them are valid: neither
            the value of pixels without data in all bands, nor transparent, nor masked, nor NaN in
            all bands. Pixels that are not valid are 0. None where all are valid.

        Raises:
            ImageryError: If the file is damaged or cut short, or a valid pixel holds a value that
                is not finite.
        """
        height, width = self.header.shape
        top, bottom, _ = rows.indices(height)
        left, right, _ = columns.indices(width)
        if bottom <= top or right <= left:
            raise ValueError(f"empty window: rows {rows}, columns {columns}")
        window = slice(top, bottom), slice(left, right)
        read = [self._read(source, chosen, *window) for source, chosen in self._parts]
        stacked = read[0][0] if len(read) == 1 else np.concatenate([part for part, _ in read])
        valid = both(has_data(stacked, self._nodata), *(mask for _, mask in read))
        with np.errstate(over="ignore"):  # what 32 bits can't hold is told below
            pixels: Pixels = stacked.astype(self.header.dtype, copy=False)
        if stacked.dtype.kind == "f":
            valid = without_gaps(self._paths, pixels, valid, self._nodata, top, left)
        if valid is None or valid.all():
            return pixels, None
        if not pixels.flags.writeable:
            pixels = pixels.copy()
        pixels[:, ~valid] = 0
        return pixels, valid

    def _read(
        self, source: Source, chosen: Chosen, rows: slice, columns: slice
    ) -> tuple[Pixels, Valid | None]:
        """Bands of one file, and its valid pixels by opacity and mask."""
        pixels = source.read(chosen.bands, rows, columns)
        valid = source.valid(rows, columns)
        if chosen.alpha is not None:
            valid = both(valid, source.read((chosen.alpha,), rows, columns)[0] != 0)
        if chosen.expand and source.colours is not None:
            table = _table(source.colours)
            known = has_data(pixels, (source.bands[chosen.bands[0] - 1].nodata,))
            valid = both(valid, known, table[3][pixels[0]] != 0)
            pixels = table[:3, pixels[0]]
        return pixels, valid


@contextmanager
def open_raster(files: GroupFiles) -> Iterator[Raster]:
    """Open the files of one group of one scene for reading.

    Raises:
        ImageryError: If a file is missing, damaged, of another number of bands or another type,
            absurdly large, placed in a way that can't be used, or if the files of several bands
            don't cover the same ground.
    """
    with ExitStack() as stack:
        sources = [stack.enter_context(open_source(path, files.root)) for path in files.paths]
        if len(sources) == 1:
            chosen = [choose(sources[0], files.bands, files.select)]
        else:
            chosen = [choose(source, 1, None) for source in sources]
        for source, picked in zip(sources, chosen, strict=True):
            source.check(picked.bands if picked.alpha is None else (*picked.bands, picked.alpha))
        yield Raster(files, sources, chosen)


def read_header(files: GroupFiles) -> Header:
    """What the files of one group of one scene say of themselves; no pixel is read.

    Raises:
        ImageryError: As :func:`open_raster`.
    """
    with open_raster(files) as raster:
        return raster.header


def _header(
    files: GroupFiles,
    parts: Sequence[tuple[Source, Chosen]],
    nodata: Sequence[float | None],
) -> Header:
    """The header of files that fit together."""
    first = parts[0][0]
    check_same([source for source, _ in parts])
    limit_size(first, files.bands)
    kinds = {source.bands[band - 1].dtype for source, chosen in parts for band in chosen.bands}
    if len(kinds) > 1 or not kinds <= set(READ_AS):
        raise ImageryError(
            f"{first.path}: holds {', '.join(sorted(kinds))}; convert it to one of "
            f"{', '.join(TYPES)}, as with: gdal_translate -ot Int16 old.tif new.tif"
        )
    kind = kinds.pop()
    place = placed(first, files.tile)
    return Header(
        shape=first.shape,
        dtype=READ_AS[kind],
        to_map=place.to_map,
        crs=place.crs,
        nodata=nodata[0],
        alpha=any(chosen.alpha is not None for _, chosen in parts),
        mask=any(source.masked for source, _ in parts),
        block=first.block,
        notes=() if kind in TYPES else (f"{first.path.name}: {kind} is read as {READ_AS[kind]}",),
    )


def _table(colours: Colours) -> NDArray[np.uint8]:
    """(4, 65536) red, green, blue and opacity by value; values without a colour are black."""
    table = np.zeros((4, 2**16), dtype=np.uint8)
    table[3] = 255
    for value, colour in colours.items():
        if 0 <= value < 2**16:
            table[:, value] = colour
    return table
