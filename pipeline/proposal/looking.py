"""Looking at raster files: what each says of itself, and a sample of its pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ImageryError
from pipeline.imagery.rasters.description import FileDescription, describe
from pipeline.imagery.rasters.ground import ground_metres
from pipeline.imagery.rasters.group_files import GroupFiles
from pipeline.imagery.rasters.raster import open_raster
from pipeline.progress import track

LOOKED_AT: Final = 20_000
"""Files whose headers are read; of more than that, so many evenly chosen ones."""
SAMPLED: Final = 40
"""Files whose pixels are looked at."""
SIDE: Final = 192
"""Side of the window of each, pixels."""


@dataclass(frozen=True)
class Seen:
    """What was seen of a folder's raster files.

    Attributes:
        files: What they say of themselves, by path; of too many not all.
        broken: Why others can't be read, by path.
    """

    files: Mapping[str, FileDescription]
    broken: Mapping[str, str]


def chosen(things: Sequence[Any], most: int) -> list[Any]:
    """At most so many things of a sequence, evenly chosen."""
    if len(things) <= most:
        return list(things)
    return [things[round(place)] for place in np.linspace(0, len(things) - 1, most)]


def look(folder: Path, paths: Sequence[str]) -> Seen:
    """Describe files; those that can't be read are named, not raised."""
    files: dict[str, FileDescription] = {}
    broken: dict[str, str] = {}
    for path in track(chosen(paths, LOOKED_AT), "init: looking at images"):
        try:
            files[path] = describe(folder / path, folder)
        except ImageryError as error:
            broken[path] = str(error)
    return Seen(files, broken)


def metres_of(file: FileDescription) -> float | None:
    """Ground metres per pixel of an image with coordinates; None without."""
    if file.to_map is None or file.crs is None:
        return None
    try:
        return ground_metres(file.to_map, file.crs, file.shape)
    except ImageryError:
        return None


@dataclass(frozen=True)
class Sample:
    """Pixels of a scene.

    Attributes:
        pixels: (C, n), all bands of the scene's files of a group.
        nodata: Value of pixels without data that the files tell.
    """

    pixels: NDArray[Any]
    nodata: float | None


def sample(folder: Path, scenes: Sequence[Sequence[str]], bands: int) -> tuple[Sample, ...]:
    """Pixels of the middles of some scenes; those that can't be read are left out.

    Args:
        folder: The dataset's folder.
        scenes: Files of each scene: one, or one per band.
        bands: Number of bands of all files together.
    """
    found = []
    for paths in track(chosen(scenes, SAMPLED), "init: looking at pixels"):
        files = GroupFiles(folder, tuple(folder / path for path in paths), bands)
        try:
            found.append(_middle(files))
        except ImageryError:
            continue
    return tuple(found)


def _middle(files: GroupFiles) -> Sample:
    with open_raster(files) as raster:
        (height, width), header = raster.header.shape, raster.header
        top, left = max(0, (height - SIDE) // 2), max(0, (width - SIDE) // 2)
        pixels, valid = raster.read(slice(top, top + SIDE), slice(left, left + SIDE))
    flat = pixels.reshape(len(pixels), -1)
    return Sample(flat if valid is None else flat[:, valid.ravel()], header.nodata)
