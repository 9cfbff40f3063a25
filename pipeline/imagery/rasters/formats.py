"""Which formats are read, told by the first bytes of a file, and how GDAL opens them.

GDAL knows some two hundred formats; many name further files, addresses or programs. A file is
opened with the one driver that its first bytes call for, and without a look at files beside it.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import rasterio
from rasterio._err import CPLE_BaseError
from rasterio.errors import NotGeoreferencedWarning, RasterioError

from pipeline.errors import ImageryError

SUFFIXES: Final = (".tif", ".tiff", ".png", ".jpg", ".jpeg", ".jp2", ".j2k", ".vrt")
"""Usual endings of the names of files that can be read, in lower case."""
VRT: Final = "VRT"
_DRIVERS: Final = (
    (b"II*\0", "GTiff"),
    (b"MM\0*", "GTiff"),
    (b"II+\0", "GTiff"),
    (b"MM\0+", "GTiff"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JP2OpenJPEG"),
    (b"\xff\x4f\xff\x51", "JP2OpenJPEG"),
)
_KINDS: Final = {
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jp2": "JPEG 2000",
    ".j2k": "JPEG 2000",
    ".vrt": "virtual raster",
}
_OPTIONS: Final = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",  # nothing beside the file is looked for
    "GDAL_PAM_ENABLED": "NO",  # nor is .aux.xml, which may name further files
    "GDAL_PNG_WHOLE_IMAGE_OPTIM": "NO",  # it gives memory as it is where a file ends too early
    "GDAL_CACHEMAX": 128 * 2**20,  # bytes; by itself a share of the machine's memory
}


def driver_of(path: Path) -> str:
    """Name of GDAL's driver for a file, by its first bytes; ``VRT`` by its name.

    Raises:
        ImageryError: If the file is missing or of no format that is read.
    """
    if not path.is_file():
        raise ImageryError(f"{path}: no such file; every used scene needs each configured group")
    if path.suffix.lower() == ".vrt":
        return VRT
    try:
        with path.open("rb") as file:
            start = file.read(12)
    except OSError as fault:
        raise ImageryError(f"{path}: can't be read ({fault}); check its rights") from fault
    for magic, driver in _DRIVERS:
        if start.startswith(magic):
            return driver
    raise ImageryError(
        f"{path}: can't be read as a whole {_kind(path)} (its first bytes are those of no TIFF, "
        "PNG, JPEG or JPEG 2000); fetch it again, or convert it to GeoTIFF"
    )


@contextmanager
def opened(path: Path, driver: str, name: str | None = None) -> Iterator[Any]:
    """A file opened by one of GDAL's drivers and nothing else.

    Args:
        path: The file, for messages too.
        driver: What :func:`driver_of` told.
        name: What GDAL calls a part of the file; None for the file itself.
    """
    with reading(path), warnings.catch_warnings():
        # Images without coordinates are usual.
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        # An absolute path is never taken for an address.
        file = rasterio.open(name or str(path.absolute()), driver=driver)
    with file:
        yield file


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Let GDAL work on a file and on nothing else; its errors are told as errors of the file."""
    try:
        with rasterio.Env(**_OPTIONS):
            yield
    except (RasterioError, CPLE_BaseError) as error:
        raise ImageryError(
            f"{path}: can't be read as a whole {_kind(path)} ({error.__cause__ or error}); "
            "fetch it again"
        ) from error


def _kind(path: Path) -> str:
    return _KINDS.get(path.suffix.lower(), "image")
