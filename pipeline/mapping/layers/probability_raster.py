"""A scene's probabilities as a cloud-optimised GeoTIFF that map programs understand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import rasterio
import rasterio.shutil
from rasterio._err import CPLE_BaseError
from rasterio.errors import RasterioError

from pipeline.errors import ArtifactError
from pipeline.mapping.prediction.coverage import UNANSWERED
from pipeline.mapping.thresholds import probability_of
from pipeline.progress import printable

_CACHE: Final = 64 * 2**20
"""Bytes of blocks that GDAL keeps; it copies block by block, whatever the scene's size."""


def write_cloud_optimised(path: Path, source: Path, crs: str, names: Sequence[str]) -> None:
    """Copy a file of levels block by block, with what a reader of it has to know.

    Bands are described by their classes; a scale of 1/255 makes probabilities of levels; no answer
    is nodata; overviews are means.

    Args:
        path: File to write.
        source: Levels (K, H, W) uint8 as ``predict`` writes them.
        crs: Coordinate reference system of the scene.
        names: Name of each of the K classes.

    Raises:
        ArtifactError: If the source can't be read.
    """
    described = path.with_suffix(".vrt")
    try:
        with rasterio.Env(GDAL_CACHEMAX=_CACHE):
            with rasterio.open(source) as file:
                rasterio.shutil.copy(file, described, driver="VRT")
            with rasterio.open(described, "r+") as file:
                file.crs = crs
                file.nodata = UNANSWERED
                file.descriptions = tuple(printable(name) for name in names)
                file.scales = (probability_of(1),) * file.count
                file.offsets = (0.0,) * file.count
            rasterio.shutil.copy(
                described,
                path,
                driver="COG",
                compress="deflate",
                level=1,
                predictor="yes",
                overview_resampling="average",
                overviews="ignore_existing",
                bigtiff="if_safer",
            )
    except (RasterioError, CPLE_BaseError) as error:
        raise ArtifactError(f"{source}: damaged ({error}); run `predict`") from error
    finally:
        described.unlink(missing_ok=True)
