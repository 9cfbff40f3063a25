"""Raster files of a few pixels."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.errors import NotGeoreferencedWarning


def write_tiff(
    path: Path,
    pixels: NDArray[Any],
    nodata: float | None = None,
    colormap: dict[int, tuple[int, int, int]] | None = None,
) -> Path:
    """A TIFF of pixels (H, W) or (C, H, W)."""
    bands = pixels if pixels.ndim == 3 else pixels[None]
    count, height, width = bands.shape
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(
            path,
            "w",
            driver="GTiff",
            count=count,
            height=height,
            width=width,
            dtype=np.dtype(pixels.dtype).name,
            nodata=nodata,
        ) as file:
            file.write(bands)
            if colormap is not None:
                file.write_colormap(1, colormap)
    return path
