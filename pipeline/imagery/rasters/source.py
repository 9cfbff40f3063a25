"""One open raster file, whatever its format: what it holds, and windows of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.imagery.rasters.header import Place
from pipeline.imagery.scene import Pixels
from pipeline.imagery.transform import Shape

Colours = Mapping[int, tuple[int, int, int, int]]
"""Red, green, blue and opacity, 0 to 255, by value."""


@dataclass(frozen=True)
class Band:
    """What a file says of one of its bands.

    Attributes:
        dtype: Type of its values.
        description: Name, or an empty text.
        nanometres: Centre of its wavelengths, if told.
        nodata: Value of pixels without data, if told.
        colour: Its part in a picture, as ``red``, ``gray``, ``alpha``, ``palette``, ``undefined``.
    """

    dtype: str
    description: str = ""
    nanometres: float | None = None
    nodata: float | None = None
    colour: str = "undefined"


class Source(Protocol):
    """An open file.

    Attributes:
        path: The file.
        driver: Its format.
        shape: (H, W) in pixels.
        bands: All of its bands in order, that of opacity too.
        place: Where it lies.
        colours: Colour table of its only band, if any.
        masked: Whether it holds a mask of valid pixels beside its bands.
        block: (rows, columns) of the blocks that it stores.
        paged: Whether its bands are pages of a TIFF.
    """

    path: Path
    driver: str
    shape: Shape
    bands: tuple[Band, ...]
    place: Place
    colours: Colours | None
    masked: bool
    block: Shape
    paged: bool

    def check(self, bands: Sequence[int]) -> None:
        """Raise an error if bands, counted from 1, can't be read as parts of one image."""

    def read(self, bands: Sequence[int], rows: slice, columns: slice) -> Pixels:
        """(C, h, w) of bands, counted from 1, in the type of the file."""

    def valid(self, rows: slice, columns: slice) -> NDArray[np.bool_] | None:
        """(h, w) valid pixels by the file's mask; None where it masks none."""
