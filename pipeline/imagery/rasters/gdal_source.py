"""A file that GDAL reads: bands of one image, or pages of a TIFF."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from rasterio.enums import MaskFlags
from rasterio.windows import Window

from pipeline.errors import ImageryError
from pipeline.imagery.rasters.formats import opened, reading
from pipeline.imagery.rasters.place import place_of
from pipeline.imagery.rasters.source import Band, Colours
from pipeline.imagery.rasters.wavelengths import wavelength_of
from pipeline.imagery.scene import Pixels

MAX_BANDS: Final = 4096


class GdalSource:
    """A file that is open; see :class:`~pipeline.imagery.rasters.source.Source`."""

    def __init__(self, path: Path, file: Any, parts: ExitStack) -> None:
        if file.count > MAX_BANDS:
            raise ImageryError(
                f"{path}: claims {file.count} bands, more than {MAX_BANDS}; is it an image?"
            )
        self.path = path
        self.driver: str = file.driver
        self.shape = (file.height, file.width)
        self.place = place_of(path, file)
        self.block: tuple[int, int] = file.block_shapes[0]
        self.paged = file.count == 1 and len(file.subdatasets) > 1
        self.bands = _bands(file) * (len(file.subdatasets) if self.paged else 1)
        self.colours = _colours(file)
        flags = file.mask_flag_enums[0]
        self.masked = MaskFlags.per_dataset in flags and MaskFlags.alpha not in flags
        self._file, self._parts = file, parts
        self._pages: dict[int, Any] = {}

    def check(self, bands: Sequence[int]) -> None:
        """Open the pages of bands, if bands are pages, and check that they are of one image."""
        for band in bands if self.paged and len(bands) > 1 else ():
            self._page(band)

    def read(self, bands: Sequence[int], rows: slice, columns: slice) -> Pixels:
        """(C, h, w) of bands, counted from 1, in the type of the file."""
        window = Window.from_slices(rows, columns)
        with reading(self.path):
            if self.paged and tuple(bands) != (1,):
                pages = [self._page(band).read(window=window) for band in bands]
                return np.concatenate(pages)
            pixels: Pixels = self._file.read(list(bands), window=window)
            return pixels

    def valid(self, rows: slice, columns: slice) -> NDArray[np.bool_] | None:
        """(h, w) valid pixels by the file's mask; None where it masks none."""
        if not self.masked:
            return None
        with reading(self.path):
            mask = self._file.read_masks(1, window=Window.from_slices(rows, columns))
        valid: NDArray[np.bool_] = mask != 0
        return None if valid.all() else valid

    def _page(self, band: int) -> Any:
        """One page, open, if it is of the size and type of the first."""
        if band not in self._pages:
            name = self._file.subdatasets[band - 1]
            page = self._parts.enter_context(opened(self.path, "GTiff", name))
            found = (page.count, (page.height, page.width), page.dtypes[0])
            if found != (1, self.shape, self.bands[0].dtype):
                raise ImageryError(
                    f"{self.path}: its pages differ in size or type; give all bands one size"
                )
            self._pages[band] = page
        return self._pages[band]


@contextmanager
def gdal_source(path: Path, driver: str) -> Iterator[GdalSource]:
    """Open a file with one of GDAL's drivers."""
    with opened(path, driver) as file, ExitStack() as parts:
        with reading(path):
            source = GdalSource(path, file, parts)
        yield source


def _bands(file: Any) -> tuple[Band, ...]:
    descriptions = _told(lambda: file.descriptions, (None,) * file.count)
    return tuple(
        Band(
            dtype=file.dtypes[place],
            description=descriptions[place] or "",
            nanometres=wavelength_of(descriptions[place] or "", _tags(file, place + 1)),
            nodata=file.nodatavals[place],
            colour=file.colorinterp[place].name,
        )
        for place in range(file.count)
    )


def _tags(file: Any, band: int) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for domain in (None, "IMAGERY"):
        found |= _told(lambda domain=domain: file.tags(band, ns=domain), {})
    return found


def _told(ask: Any, otherwise: Any) -> Any:
    """What a file tells, if its text is any."""
    try:
        return ask()
    except UnicodeDecodeError:
        return otherwise


def _colours(file: Any) -> Colours | None:
    if file.count != 1 or file.colorinterp[0].name != "palette":
        return None
    try:
        table: Colours = file.colormap(1)
    except ValueError:
        return None
    return table
