"""Where the bands of one group of one scene lie."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class WebTile:
    """A tile of a web map: column ``x`` and row ``y`` from the north-west, at zoom ``z``."""

    z: int
    x: int
    y: int


@dataclass(frozen=True)
class GroupFiles:
    """The files of one band group of one scene.

    Attributes:
        root: The dataset's folder; nothing outside of it is opened.
        paths: One file, or one per band.
        bands: Number of bands that are wanted.
        select: Which bands of the one file, by number from 1, description, or wavelength as
            ``665nm``; None for all of them in order.
        nodata: Value of pixels without data; None for what the files say.
        tile: What places an image without coordinates on the map, if its name says so.
    """

    root: Path
    paths: tuple[Path, ...]
    bands: int
    select: tuple[int | str, ...] | None = None
    nodata: float | None = None
    tile: WebTile | None = None
