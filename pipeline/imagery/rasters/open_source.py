"""Opening one file of any format that is read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.imagery.rasters.formats import driver_of
from pipeline.imagery.rasters.gdal_source import gdal_source
from pipeline.imagery.rasters.source import Source


@contextmanager
def open_source(path: Path, root: Path) -> Iterator[Source]:
    """Open a file.

    Args:
        path: The file.
        root: The dataset's folder: what a virtual raster names must lie in it.

    Raises:
        ImageryError: If it is missing, damaged or refused.
    """
    driver = driver_of(path)
    with gdal_source(path, driver) as source:
        yield source
