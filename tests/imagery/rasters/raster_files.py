"""Small raster files of any kind, written by code."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.errors import NotGeoreferencedWarning

from pipeline.imagery.rasters.group_files import GroupFiles, WebTile
from pipeline.imagery.rasters.raster import open_raster

UTM = Affine(10, 0, 500_000, 0, -10, 5_000_000)


def write(path: Path, pixels: NDArray[Any], **options: Any) -> Path:
    """Write (C, H, W) pixels in the format of the path's ending, GeoTIFF for ``.tif``."""
    count, height, width = pixels.shape
    drivers = {".tif": "GTiff", ".png": "PNG", ".jp2": "JP2OpenJPEG", ".jpg": "JPEG"}
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with (
            rasterio.Env(GDAL_PAM_ENABLED="NO"),
            rasterio.open(
                path,
                "w",
                driver=drivers[path.suffix],
                count=count,
                height=height,
                width=width,
                dtype=pixels.dtype,
                **options,
            ) as file,
        ):
            file.write(pixels)
    return path


def group(
    *paths: Path,
    bands: int,
    select: Sequence[int | str] | None = None,
    nodata: float | None = None,
    tile: WebTile | None = None,
) -> GroupFiles:
    """Files of one group whose dataset lies in the first file's folder."""
    selected = None if select is None else tuple(select)
    return GroupFiles(paths[0].parent, paths, bands, selected, nodata, tile)


def read_all(files: GroupFiles) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
    """All pixels, and which are valid."""
    with open_raster(files) as raster:
        return raster.read(slice(None), slice(None))
