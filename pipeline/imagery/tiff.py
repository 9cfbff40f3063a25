"""Reading a band group from its TIFF file, which is not trusted until it has been checked."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import rasterio
from rasterio.errors import NotGeoreferencedWarning, RasterioError

from pipeline.errors import ImageryError
from pipeline.imagery.scene import Pixels
from pipeline.imagery.transform import Shape

TYPES: Final = ("uint8", "uint16", "int16", "float32")
MAX_SAMPLES: Final = 2**29
"""Largest number of values in one file (1 GiB at 16 bits): a few kilobytes can claim terabytes."""


@dataclass(frozen=True)
class Header:
    """What a file says of itself.

    Attributes:
        shape: (H, W) in pixels.
        dtype: Type of its values.
    """

    shape: Shape
    dtype: str


def read_header(path: Path, bands: int) -> Header:
    """Shape and type of a file with ``bands`` bands; no pixel is read.

    Raises:
        ImageryError: As :func:`read_group`, but for what only the pixels show.
    """
    with _opened(path) as file:
        return _checked(path, file, bands)


def read_group(path: Path, bands: int) -> Pixels:
    """Pixels of a file.

    Bands may be channels of one image or pages of the file.

    Args:
        path: A TIFF file.
        bands: Number of bands that it must have; a single band may be stored without that axis.

    Returns:
        (C, H, W) uint8, uint16, int16 or float32.

    Raises:
        ImageryError: If the file is missing, damaged, cut short, of another number of bands or
            type, absurdly large, or holds values that are not finite.
    """
    with _opened(path) as file:
        header = _checked(path, file, bands)
        if file.count == bands:
            pixels = file.read()
        else:
            pixels = np.concatenate([_read_page(path, name, header) for name in file.subdatasets])
    if pixels.dtype.kind == "f" and not np.isfinite(pixels).all():
        where = np.argwhere(~np.isfinite(pixels))[0]
        raise ImageryError(
            f"{path}: band {where[0] + 1}, row {where[1]}, column {where[2]} is not a finite "
            f"number ({np.count_nonzero(~np.isfinite(pixels))} values in all); replace them by a "
            "number and name it in scenes.nodata"
        )
    result: Pixels = pixels
    return result


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """A file opened as TIFF and nothing else, without looking for files beside it."""
    if not path.is_file():
        raise ImageryError(f"{path}: no such file; every used scene needs each configured group")
    options = {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "GDAL_PAM_ENABLED": "NO"}
    with warnings.catch_warnings():
        # The contest's files carry no coordinates: the grid's table gives them.
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        try:
            with rasterio.Env(**options), rasterio.open(path, driver="GTiff") as file:
                yield file
        except RasterioError as error:
            raise ImageryError(
                f"{path}: can't be read as a whole TIFF ({error.__cause__ or error}); "
                "fetch it again"
            ) from error


def _read_page(path: Path, name: str, first: Header) -> Pixels:
    """One band (1, H, W) that is stored as a page of its own."""
    with rasterio.open(name) as page:
        if (page.count, (page.height, page.width), page.dtypes[0]) != (1, first.shape, first.dtype):
            raise ImageryError(f"{path}: its pages differ in size or type; give all bands one size")
        pixels: Pixels = page.read()
    return pixels


def _checked(path: Path, file: Any, bands: int) -> Header:
    """The header of an open file, if the file may be used."""
    pages = len(file.subdatasets) if file.count == 1 else 0
    if bands not in (file.count, pages):
        raise ImageryError(
            f"{path}: has {file.count} bands where the configuration lists {bands}; "
            "correct dataset.groups, or fetch the file again"
        )
    if file.width * file.height * bands > MAX_SAMPLES:
        raise ImageryError(
            f"{path}: claims {bands} x {file.height} x {file.width} values, more than "
            f"{MAX_SAMPLES}; cut the image into smaller scenes"
        )
    kinds = set(file.dtypes)
    if len(kinds) > 1 or not kinds <= set(TYPES):
        raise ImageryError(
            f"{path}: holds {', '.join(sorted(kinds))}; convert it to one of {', '.join(TYPES)}"
        )
    return Header((file.height, file.width), file.dtypes[0])
