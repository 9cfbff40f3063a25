"""What is known of a scene once its images have been read: sizes, statistics, alignment."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from affine import Affine
from numpy.typing import NDArray

from pipeline.config.dataset import BandGroupRow, Scenes
from pipeline.errors import DatasetError
from pipeline.imagery.intake import Intake, Source
from pipeline.imagery.rasters.raster import open_raster
from pipeline.imagery.registration import Registration, register
from pipeline.imagery.scene import Pixels
from pipeline.imagery.transform import Shape

Valid = NDArray[np.bool_]
ReadRows = Callable[[slice], tuple[Pixels, Valid | None]]
"""Gives rows of a scene's part of an image: pixels (C, h, W) and validity (h, W) or None."""

_SAMPLES: Final = 500_000
_STRIP: Final = 2**23
"""Values that are read in one go."""
_MOST_ALIGNED: Final = 2**29
"""Values of an image that can be aligned, which takes all of it at once."""


def survey(
    intake: Intake,
    groups: Sequence[BandGroupRow],
    folder: Path,
    settings: Scenes,
    offset: tuple[float, float],
) -> list[dict[str, Any]]:
    """Read every group of a scene, align it with the finest, and describe it.

    Args:
        intake: The scene.
        groups: The configured groups.
        folder: The dataset's folder.
        settings: How to align.
        offset: How far the finest group lies off the map, metres right and down.

    Returns:
        One JSON record per group, in order: name, metres, shape, dtype, to_reference,
        registration, invalid (share of pixels), and statistics by band.
    """
    frame, records = intake.frame, []
    moved = Affine.translation(-offset[0] / frame.metres, -offset[1] / frame.metres)
    aligned = _Aligned(intake, folder, settings)
    for group in groups:
        source = intake.source(group.name)
        found = aligned.motion(group)
        with open_raster(source.group_files(folder)) as raster:
            tally = _Tally(len(group.bands), source.shape)
            rows = reader(raster.read, source)
            for strip in strips(source.shape, source.bands, raster.header.block[0]):
                tally.add(strip, *rows(strip))
            dtype = raster.header.dtype
        to_reference = moved @ frame.place(group.name, source.shape) @ ~found.motion
        records.append(
            {
                "name": group.name,
                "metres": group.metres,
                "shape": list(source.shape),
                "dtype": dtype,
                "to_reference": list(to_reference[:6]),
                "registration": _registration_record(found),
                "invalid": tally.invalid(),
                "bands": dict(zip(group.bands, tally.statistics(), strict=True)),
            }
        )
    return records


def reader(read: Callable[[slice, slice], tuple[Pixels, Valid | None]], source: Source) -> ReadRows:
    """Rows of a scene's part of an image, counted from the part's first."""
    columns = slice(source.column, source.column + source.shape[1])
    first = source.row
    return lambda rows: read(slice(first + rows.start, first + rows.stop), columns)


def strips(shape: Shape, bands: int, block: int) -> Iterator[slice]:
    """Rows of an image, as many in one go as memory should hold.

    Args:
        shape: (H, W).
        bands: Number of bands.
        block: Rows that the file holds together: none of them is unpacked twice.
    """
    step = math.ceil(_STRIP / (shape[1] * bands) / block) * block
    for first in range(0, shape[0], step):
        yield slice(first, min(first + step, shape[0]))


class _Aligned:
    """Finds how groups lie beside the finest one, whose pixels are read when first needed."""

    def __init__(self, intake: Intake, folder: Path, settings: Scenes) -> None:
        self._intake, self._folder, self._settings = intake, folder, settings
        self._reference: Pixels | None = None

    def motion(self, group: BandGroupRow) -> Registration:
        """Alignment of a group."""
        settings = self._settings
        if group.name == self._intake.frame.group:
            return Registration("reference")
        if settings.registration == "none":
            return Registration("off")
        if self._reference is None:
            self._reference, _ = self._read(self._intake.frame.group)
        pixels, valid = self._read(group.name)
        return register(
            self._reference,
            pixels,
            valid,
            group.metres,
            settings.registration,
            settings.max_shift,
            settings.min_correlation,
        )

    def _read(self, group: str) -> tuple[Pixels, Valid | None]:
        source = self._intake.source(group)
        if source.shape[0] * source.shape[1] * source.bands > _MOST_ALIGNED:
            raise DatasetError(
                f"scene {self._intake.id}: {source.files[0]} is too large to be aligned at once "
                f"({source.shape[0]} x {source.shape[1]} pixels); set scenes.registration to none, "
                "or cut the image into smaller scenes"
            )
        with open_raster(source.group_files(self._folder)) as raster:
            return reader(raster.read, source)(slice(0, source.shape[0]))


class _Tally:
    """Statistics of an image that is read strip by strip.

    Extremes and means are of all valid pixels, percentiles of those of a regular part.
    """

    def __init__(self, bands: int, shape: Shape) -> None:
        self._pixels, self._width = shape[0] * shape[1], shape[1]
        self._step = max(1, self._pixels // _SAMPLES)
        self._valid = 0
        self._least: list[NDArray[Any]] = []
        self._most: list[NDArray[Any]] = []
        self._sums: NDArray[np.float64] = np.zeros(bands, np.float64)
        self._samples: list[Pixels] = []

    def add(self, rows: slice, pixels: Pixels, valid: Valid | None) -> None:
        """Take up a strip."""
        values = pixels.reshape(len(pixels), -1)
        chosen = np.arange(-rows.start * self._width % self._step, values.shape[1], self._step)
        if valid is not None:
            flat = valid.reshape(-1)
            chosen = chosen[flat[chosen]]
            self._samples.append(values[:, chosen])
            values = values[:, flat]
        else:
            self._samples.append(values[:, chosen])
        self._valid += values.shape[1]
        if values.shape[1]:
            self._least.append(values.min(axis=1))
            self._most.append(values.max(axis=1))
            self._sums += values.sum(axis=1, dtype=np.float64)

    def invalid(self) -> float:
        """Share of pixels that are not valid."""
        return round(1 - self._valid / self._pixels, 6)

    def statistics(self) -> list[dict[str, float]]:
        """Of every band; empty where no pixel is valid."""
        if not self._valid:
            return [{} for _ in self._sums]
        samples = np.concatenate(self._samples, axis=1)
        if not samples.shape[1]:  # the regular part met no valid pixel
            samples = np.stack([np.min(self._least, axis=0), np.max(self._most, axis=0)], axis=1)
        low, middle, high = np.percentile(samples, (2, 50, 98), axis=1)
        least, most = np.min(self._least, axis=0), np.max(self._most, axis=0)
        return [
            {
                "min": float(least[band]),
                "p2": round(float(low[band]), 3),
                "median": round(float(middle[band]), 3),
                "p98": round(float(high[band]), 3),
                "max": float(most[band]),
                "mean": round(float(self._sums[band] / self._valid), 3),
            }
            for band in range(len(self._sums))
        ]


def _registration_record(found: Registration) -> dict[str, Any]:
    return {
        "status": found.status,
        "right_metres": round(found.metres[0], 3),
        "down_metres": round(found.metres[1], 3),
        "degrees": round(found.degrees, 4),
        "correlation": round(found.correlation, 4),
        "note": found.note,
    }
