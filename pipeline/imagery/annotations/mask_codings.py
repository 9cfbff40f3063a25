"""How the pixels of a mask tell classes: by number, by colour, or by band."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.config.labels import MaskLabels
from pipeline.errors import LabelError
from pipeline.imagery.annotations.mask_legend import (
    Legend,
    colour_of,
    legend_of,
    nearest_colour,
    packed,
)
from pipeline.imagery.annotations.mask_planes import MaskPlanes, check_known, planes_of
from pipeline.imagery.annotations.values import BACKGROUND
from pipeline.imagery.rasters.source import Source


class Coding(Protocol):
    """A way of reading a mask."""

    @property
    def bands(self) -> tuple[int, ...]:
        """Bands to read, counted from 1."""

    def planes(self, pixels: NDArray[Any], corner: tuple[int, int]) -> MaskPlanes:
        """Classes of the pixels (C, h, w) of those bands, of a window that begins at ``corner``.

        Raises:
            LabelError: If there are values that are not listed.
        """


@dataclass(frozen=True, eq=False)
class ByNumber:
    """A class by a pixel's number, in one band or in several equal ones as in a grey picture."""

    path: Path
    bands: tuple[int, ...]
    legend: Legend
    classes: int

    def planes(self, pixels: NDArray[Any], corner: tuple[int, int]) -> MaskPlanes:
        """See :class:`Coding`."""
        if (pixels[1:] != pixels[:1]).any():
            raise LabelError(
                f"{self.path}: holds colours where dataset.labels.code is index; set it to colours "
                "and list the colours, or to bands if each band is a class"
            )
        roles = self.legend.roles_of(pixels[0])
        listed = ", ".join(str(number) for number in self.legend.numbers.tolist())
        check_known(self.path, pixels[0], roles, corner, str, listed)
        return planes_of(roles, self.classes)


@dataclass(frozen=True, eq=False)
class ByColour:
    """A class by a pixel's colour; what is wholly transparent is background.

    Attributes:
        path: The file.
        bands: Red, green, blue and perhaps opacity; or one band, grey or of a colour table.
        legend: Meanings of the colours.
        table: (256,) number of the colour of each value of the one band, -1 where transparent.
        classes: Number of classes.
    """

    path: Path
    bands: tuple[int, ...]
    legend: Legend
    table: NDArray[np.int64]
    classes: int

    def planes(self, pixels: NDArray[Any], corner: tuple[int, int]) -> MaskPlanes:
        """See :class:`Coding`."""
        colours = packed(pixels[:3]) if len(pixels) >= 3 else self.table[pixels[0]]
        clear = pixels[3] == 0 if len(pixels) == 4 else colours < 0
        roles = self.legend.roles_of(colours)
        roles[clear] = BACKGROUND
        known = self.legend.numbers.tolist()

        def told(number: int) -> str:
            return f"{colour_of(number)} near {colour_of(nearest_colour(number, known))}"

        listed = ", ".join(colour_of(number) for number in known)
        check_known(self.path, colours, roles, corner, told, listed)
        return planes_of(roles, self.classes)


@dataclass(frozen=True, eq=False)
class ByBand:
    """Classes by the bands that are not 0, so that a pixel may be of several.

    Attributes:
        path: The file.
        bands: All bands but that of opacity.
        places: Place of the class by number of the band.
        ignored: Numbers that mean, in any band, that nothing is known of the pixel.
        other: What bands mean that are not listed.
        classes: Number of classes.
    """

    path: Path
    bands: tuple[int, ...]
    places: Mapping[int, int]
    ignored: tuple[int, ...]
    other: str
    classes: int

    def planes(self, pixels: NDArray[Any], corner: tuple[int, int]) -> MaskPlanes:
        """See :class:`Coding`."""
        blank = np.isin(pixels, self.ignored) | (pixels != pixels)  # noqa: PLR0124  NaN
        ignored = blank.any(axis=0)
        planes = np.zeros((self.classes, *pixels.shape[1:]), dtype=np.bool_)
        for band, values, unknown in zip(self.bands, pixels, blank, strict=True):
            shown = (values != 0) & ~unknown
            if band in self.places:
                planes[self.places[band]] |= shown
            elif shown.any() and self.other == "error":
                row, column = np.argwhere(shown)[0] + corner
                raise LabelError(
                    f"{self.path}: band {band} is not 0 in {np.count_nonzero(shown)} pixels, first "
                    f"in row {row}, column {column}, and dataset.labels.values lists only bands "
                    f"{', '.join(str(known) for known in self.places)}; list it with its class, or "
                    "set labels.other to background"
                )
            elif self.other == "ignore":
                ignored |= shown
        return MaskPlanes(planes, ignored)


def coding_of(source: Source, settings: MaskLabels, codes: Sequence[int]) -> Coding:
    """How an open mask is read.

    Raises:
        LabelError: If its bands don't fit the settings.
    """
    bands = tuple(number for number, band in enumerate(source.bands, 1) if band.colour != "alpha")
    if settings.code == "bands":
        return _by_band(source, settings, codes, bands)
    if len(bands) not in {1, 3}:
        raise LabelError(
            f"{source.path}: has {len(bands)} bands where dataset.labels.code is {settings.code}, "
            "which needs one, or red, green and blue; set it to bands if each band is a class"
        )
    legend = legend_of(settings, codes, source.bands[0].nodata)
    if settings.code == "index":
        return ByNumber(source.path, bands, legend, len(codes))
    return ByColour(source.path, _coloured(source, bands), legend, _table(source), len(codes))


def _by_band(
    source: Source, settings: MaskLabels, codes: Sequence[int], bands: tuple[int, ...]
) -> ByBand:
    missing = [value for value in settings.values if value not in range(1, len(source.bands) + 1)]
    if missing:
        raise LabelError(
            f"{source.path}: has no band {missing[0]}; it has {len(source.bands)}, counted from 1: "
            "correct dataset.labels.values"
        )
    places = {int(band): codes.index(code) for band, code in settings.values.items()}
    read = tuple(sorted({*bands, *places}))
    ignored = tuple(int(value) for value in settings.ignore)
    return ByBand(source.path, read, places, ignored, settings.other, len(codes))


def _coloured(source: Source, bands: tuple[int, ...]) -> tuple[int, ...]:
    """Bands of a mask of colours: in the order red, green, blue, opacity."""
    wrong = next((band.dtype for band in source.bands if band.dtype != "uint8"), None)
    if wrong is not None:
        raise LabelError(
            f"{source.path}: holds {wrong} where colours take 8 bits; save it with 8 bits, or set "
            "dataset.labels.code to index"
        )
    named = {band.colour: number for number, band in enumerate(source.bands, 1)}
    if len(bands) == 3 and {"red", "green", "blue"} <= named.keys():
        bands = (named["red"], named["green"], named["blue"])
    return (*bands, named["alpha"]) if len(bands) == 3 and "alpha" in named else bands


def _table(source: Source) -> NDArray[np.int64]:
    """Number of the colour of each value of one band; see :class:`ByColour`."""
    table = np.arange(256, dtype=np.int64) * 0x010101
    for value, (red, green, blue, opacity) in (source.colours or {}).items():
        if 0 <= value < len(table):
            table[value] = (red << 16 | green << 8 | blue) if opacity else -1
    return table
