"""What the numbers or colours of a mask mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.config.labels import MaskLabels
from pipeline.imagery.annotations.values import BACKGROUND, IGNORED

UNKNOWN: Final = -3
"""Beside the classes' places, ``BACKGROUND`` and ``IGNORED``: a value that is not listed."""
_NEVER: Final = np.iinfo(np.int64).min
_SMALL: Final = 2
"""Bytes of values that are so few that all of them are looked up at once."""


@dataclass(frozen=True, eq=False)
class Legend:
    """Meanings of whole numbers; a colour is the number 0xRRGGBB.

    Attributes:
        numbers: (n,) int64, what is listed, ascending.
        roles: (n,) int16: place of the class, or ``BACKGROUND`` or ``IGNORED``.
        other: What is meant by numbers that are not listed, ``UNKNOWN`` if that is an error.
    """

    numbers: NDArray[np.int64]
    roles: NDArray[np.int16]
    other: int

    def roles_of(self, pixels: NDArray[Any]) -> NDArray[np.int16]:
        """Roles (h, w) of pixels (h, w) of any type of number; NaN is ignored."""
        kind = pixels.dtype
        if kind.kind in "iu" and kind.itemsize <= _SMALL:
            low, high = np.iinfo(kind).min, np.iinfo(kind).max
            table = self._looked_up(np.arange(low, high + 1))
            found: NDArray[np.int16] = np.take(table, pixels.astype(np.int64) - low)
            return found
        if kind.kind == "f":
            whole = np.isfinite(pixels) & (np.abs(pixels) < 2**53) & (np.trunc(pixels) == pixels)
            roles = self._looked_up(np.where(whole, pixels, _NEVER).astype(np.int64))
            roles[np.isnan(pixels)] = IGNORED
            return roles
        return self._looked_up(pixels.astype(np.int64))

    def _looked_up(self, numbers: NDArray[np.integer[Any]]) -> NDArray[np.int16]:
        roles = np.full(numbers.shape, self.other, np.int16)
        # A comparison for each of a few numbers takes a fifth of the time of a search for all.
        for number, role in zip(self.numbers.tolist(), self.roles.tolist(), strict=True):
            roles[numbers == number] = role
        return roles


def legend_of(settings: MaskLabels, codes: Sequence[int], nodata: float | None = None) -> Legend:
    """Legend of masks of one number or one colour per pixel.

    Args:
        settings: What is listed. Black and 0 are background unless they are listed otherwise.
        codes: Class codes in the order of the planes.
        nodata: The file's own value of pixels without data: ignored, unless it is listed.
    """
    meanings: dict[int, int] = {}
    if nodata is not None and np.isfinite(nodata) and nodata == int(nodata):
        meanings[int(nodata)] = IGNORED
    fitting = [
        value for value in settings.background if isinstance(value, str) is _is_colour(settings)
    ]
    meanings |= {number_of(value): BACKGROUND for value in fitting}
    meanings |= {number_of(value): IGNORED for value in settings.ignore}
    meanings |= {number_of(value): codes.index(code) for value, code in settings.values.items()}
    numbers = np.array(sorted(meanings), dtype=np.int64)
    roles = np.array([meanings[number] for number in numbers.tolist()], dtype=np.int16)
    other = {"error": UNKNOWN, "background": BACKGROUND, "ignore": IGNORED}[settings.other]
    return Legend(numbers, roles, other)


def _is_colour(settings: MaskLabels) -> bool:
    return settings.code == "colours"


def number_of(value: int | str) -> int:
    """A listed number, or the number of a colour such as ``#ff0000``."""
    return int(value[1:], 16) if isinstance(value, str) else value


def colour_of(number: int) -> str:
    """Text of the number of a colour."""
    return f"#{number:06x}"


def packed(channels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Numbers (h, w) of colours (3, h, w)."""
    red, green, blue = channels.astype(np.int64)
    numbers: NDArray[np.int64] = (red << 16) | (green << 8) | blue
    return numbers


def nearest_colour(number: int, known: Sequence[int]) -> int:
    """The colour of a legend that is nearest to another, by the distance of red, green and blue."""

    def channels(colours: Any) -> NDArray[np.int64]:
        return np.stack([(np.asarray(colours) >> shift) & 255 for shift in (16, 8, 0)], axis=-1)

    distances = ((channels(list(known)) - channels(number)) ** 2).sum(axis=-1)
    return known[int(distances.argmin())]
