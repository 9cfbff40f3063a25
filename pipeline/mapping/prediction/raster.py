"""A scene's probabilities as a GeoTIFF: tiled, compressed, one byte per class and pixel."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.windows import Window

from pipeline.errors import ArtifactError
from pipeline.imagery.transform import Shape
from pipeline.mapping.prediction.answers import ROWS, Streamed, in_strips

Levels = NDArray[np.uint8]
_CACHE: Final = 1 << 26
"""Bytes of decoded blocks that GDAL holds; by itself it takes a share of the machine's memory."""


def write_levels(
    path: Path, levels: Levels, to_map: Affine, names: Sequence[str], crs: str | None = None
) -> None:
    """Write levels (K, H, W) uint8; see :func:`write_strips`."""
    write_strips(path, iter([levels]), (levels.shape[1], levels.shape[2]), to_map, names, crs)


def write_strips(
    path: Path,
    pieces: Iterator[Levels],
    shape: Shape,
    to_map: Affine,
    names: Sequence[str],
    crs: str | None = None,
) -> None:
    """Write levels 0 to 255, each standing for ``level / 255``, as they come.

    The same levels give the same bytes, however they are cut into pieces.

    Args:
        path: File to write.
        pieces: (K, h, W) uint8, from the scene's top to its bottom, without gaps.
        shape: (H, W) of all of it.
        to_map: Pixel edges to map units.
        names: What each of the K bands is described as.
        crs: Coordinate reference system of the map units, as ``EPSG:32633``, if it is known.
    """
    answers = Streamed(pieces, shape)
    with (
        _without_warning(),
        rasterio.Env(GDAL_CACHEMAX=_CACHE),
        rasterio.open(
            path,
            "w",
            driver="GTiff",
            count=len(names),
            height=shape[0],
            width=shape[1],
            dtype="uint8",
            transform=to_map,
            crs=crs,
            tiled=True,
            blockxsize=ROWS,
            blockysize=ROWS,
            interleave="band",
            compress="deflate",
            zlevel=1,
            predictor=2,
            photometric="minisblack",
            bigtiff="if_safer",
        ) as file,
    ):
        for rows in in_strips(shape[0]):
            window = Window(0, rows.start, shape[1], rows.stop - rows.start)
            file.write(answers.read(rows), window=window)
        file.descriptions = tuple(names)


@contextmanager
def _without_warning() -> Iterator[None]:
    """Map units that are pixels look like no place at all; they are written and read as any."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        yield


@dataclass(frozen=True)
class LevelsFile:
    """Levels in a file, read by rows.

    Attributes:
        path: The file.
        shape: (K, H, W).
    """

    path: Path
    shape: tuple[int, int, int]
    _file: rasterio.DatasetReader

    def read(self, place: int, rows: slice) -> Levels:
        """Rows (h, W) uint8 of one class.

        Raises:
            ArtifactError: If they can't be read.
        """
        window = Window(0, rows.start, self.shape[2], rows.stop - rows.start)
        try:
            found: Levels = self._file.read(place + 1, window=window)
        except (RasterioError, IndexError) as error:
            raise _damaged(self.path, error) from error
        return found


@contextmanager
def open_levels(path: Path) -> Iterator[LevelsFile]:
    """Levels that :func:`write_levels` wrote, reading none yet.

    Raises:
        ArtifactError: If the file can't be read or is of another type.
    """
    with rasterio.Env(GDAL_CACHEMAX=_CACHE):
        try:
            file = rasterio.open(path)
        except RasterioError as error:
            raise _damaged(path, error) from error
        with file:
            _check_type(path, file.dtypes)
            yield LevelsFile(path, (file.count, file.height, file.width), file)


def read_levels(path: Path) -> Levels:
    """Levels (K, H, W) uint8 that :func:`write_levels` wrote.

    Raises:
        ArtifactError: If the file can't be read or is of another type.
    """
    with open_levels(path) as file:
        whole = slice(0, file.shape[1])
        return np.stack([file.read(place, whole) for place in range(file.shape[0])])


def _check_type(path: Path, kinds: Iterable[str]) -> None:
    strange = set(kinds) - {"uint8"}
    if strange:
        raise ArtifactError(f"{path}: holds {min(strange)}, not levels of one byte; run `predict`")


def _damaged(path: Path, error: Exception) -> ArtifactError:
    return ArtifactError(f"{path}: damaged ({error}); run `predict`")
