"""Opening one file of any format that is read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from pipeline.errors import ImageryError
from pipeline.imagery.rasters.formats import VRT, driver_of
from pipeline.imagery.rasters.gdal_source import gdal_source
from pipeline.imagery.rasters.source import Source
from pipeline.imagery.rasters.vrt_source import vrt_source

MAX_DEPTH: Final = 2
"""A virtual raster may name virtual raster files, which then name files of pixels."""


@contextmanager
def open_source(path: Path, root: Path, depth: int = 0) -> Iterator[Source]:
    """Open a file.

    Args:
        path: The file.
        root: The dataset's folder: what a virtual raster names must lie in it.
        depth: Number of virtual rasters that led here.

    Raises:
        ImageryError: If it is missing, damaged or refused.
    """
    driver = driver_of(path)
    if driver != VRT:
        with gdal_source(path, driver) as source:
            yield source
        return
    if depth >= MAX_DEPTH:
        raise ImageryError(
            f"{path}: is a virtual raster in a virtual raster in a virtual raster; make a file of "
            "the innermost, as with: gdal_translate old.vrt new.tif"
        )
    with vrt_source(path, root, partial(open_source, root=root, depth=depth + 1)) as virtual:
        yield virtual
