"""What raster files say of themselves, and how large they may be."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from affine import Affine

from pipeline.imagery.transform import Shape

TYPES: Final = ("uint8", "uint16", "int16", "float32")
"""Types of numbers that pixels are read as."""
READ_AS: Final = {**{name: name for name in TYPES}, "int8": "int16", "float64": "float32"}
"""Types that files may have, and what they are read as."""
MAX_SIDE: Final = 2**18
"""Most pixels along one side: 79 km at 0.3 m. A row of as many still fits in any memory."""
MAX_SAMPLES: Final = 2**36
"""Most values in the files of one group. Files are read by windows, so this bounds time, not
memory: a few kilobytes can claim petabytes, and this much takes hours."""
MAX_BLOCK: Final = 2**30
"""Most bytes of one block, which is unpacked as a whole however small the window."""


@dataclass(frozen=True)
class Place:
    """Where an image lies.

    Attributes:
        to_map: Pixel edges to map units; None for an image without coordinates.
        crs: Coordinate reference system, as ``EPSG:32633`` where it has a number, else as
            well-known text; None where it is not told.
    """

    to_map: Affine | None = None
    crs: str | None = None


@dataclass(frozen=True)
class Header:
    """What the files of one group of one scene say of themselves.

    Attributes:
        shape: (H, W) in pixels.
        dtype: Type that pixels are read as, one of ``TYPES``.
        to_map: Pixel edges to map units, any orientation; None for an image without coordinates.
        crs: Coordinate reference system, as ``EPSG:32633`` where it has a number, else as
            well-known text; None where it is not told.
        nodata: Value of pixels without data: the configured one, else that of the first band's
            file.
        alpha: Whether a band of opacity, which is none of the bands, tells which pixels are valid.
        mask: Whether the file holds a mask of valid pixels beside its bands.
        block: (rows, columns) in which the files store pixels: strips of a multiple of so many
            rows are the fastest to read.
        notes: What a user should know, in words.
    """

    shape: Shape
    dtype: str
    to_map: Affine | None = None
    crs: str | None = None
    nodata: float | None = None
    alpha: bool = False
    mask: bool = False
    block: Shape = field(default=(1, 1), compare=False)
    notes: tuple[str, ...] = field(default=(), compare=False)

    @property
    def tells_validity(self) -> bool:
        """Whether the files, or the configuration for them, say which pixels have data."""
        return self.nodata is not None or self.alpha or self.mask
