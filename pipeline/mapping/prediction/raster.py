"""A scene's probabilities as a GeoTIFF: tiled, compressed, one byte per class and pixel."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.errors import RasterioError

from pipeline.errors import ArtifactError

Levels = NDArray[np.uint8]


def write_levels(path: Path, levels: Levels, to_map: Affine, names: Sequence[str]) -> None:
    """Write levels 0 to 255, each standing for ``level / 255``.

    Args:
        path: File to write.
        levels: (K, H, W) uint8.
        to_map: Pixel edges to map units.
        names: What each band is described as.
    """
    count, height, width = levels.shape
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        count=count,
        height=height,
        width=width,
        dtype="uint8",
        transform=to_map,
        tiled=True,
        blockxsize=256,
        blockysize=256,
        interleave="band",
        compress="deflate",
        zlevel=1,
        predictor=2,
        photometric="minisblack",
        bigtiff="if_safer",
    ) as file:
        file.write(levels)
        file.descriptions = tuple(names)


def read_levels(path: Path) -> Levels:
    """Levels (K, H, W) uint8 that :func:`write_levels` wrote.

    Raises:
        ArtifactError: If the file can't be read or is of another type.
    """
    try:
        with rasterio.open(path) as file:
            levels: NDArray[np.uint8] = file.read()
    except RasterioError as error:
        raise ArtifactError(f"{path}: damaged ({error}); run `predict`") from error
    if levels.dtype != np.uint8:
        raise ArtifactError(f"{path}: holds {levels.dtype}, not levels of one byte; run `predict`")
    return levels
