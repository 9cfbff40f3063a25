"""Which bands of a file are the wanted ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.errors import ImageryError
from pipeline.imagery.rasters.source import Source
from pipeline.imagery.rasters.wavelengths import wanted_wavelength

MAX_MISS: Final = 15.0
"""A band is the wanted one if its centre is at most so many nanometres off."""


@dataclass(frozen=True)
class Chosen:
    """The wanted bands of a file, counted from 1.

    Attributes:
        bands: What is read.
        alpha: Band of opacity that tells valid pixels and is not read itself.
        expand: Whether the one band's colour table is to be looked up for red, green and blue.
    """

    bands: tuple[int, ...]
    alpha: int | None = None
    expand: bool = False


def choose(source: Source, wanted: int, select: Sequence[int | str] | None) -> Chosen:
    """The bands of a file that are wanted.

    Without ``select`` these are all, or all but the band of opacity, whatever fits the number; the
    red, green and blue of a picture with a colour table count as three bands.

    Raises:
        ImageryError: If there is another number of bands or one that is selected is not there.
    """
    count = len(source.bands)
    alpha = next((n for n in range(count, 0, -1) if source.bands[n - 1].colour == "alpha"), None)
    if select is not None:
        bands = tuple(_find(source, entry) for entry in select)
        return Chosen(bands, None if alpha in bands else alpha)
    everything = tuple(range(1, count + 1))
    if wanted == count:
        return Chosen(everything)
    data = tuple(band for band in everything if band != alpha)
    if wanted == len(data):
        return Chosen(data, alpha)
    if wanted == 1 and source.paged:
        return Chosen((1,))
    if wanted == 3 and source.colours is not None:
        return Chosen((1,), expand=True)
    raise ImageryError(
        f"{source.path}: has {count} bands where the configuration lists {wanted}; "
        "correct dataset.groups, or fetch the file again"
    )


def _find(source: Source, entry: int | str) -> int:
    """Number of the band that an entry of ``select`` means."""
    count = len(source.bands)
    if isinstance(entry, int):
        if not 1 <= entry <= count:
            raise ImageryError(
                f"{source.path}: has {count} bands and no band {entry}; bands are counted from 1: "
                "correct dataset.groups"
            )
        return entry
    name = entry.strip().lower()
    same = [n for n, band in enumerate(source.bands, 1) if band.description.strip().lower() == name]
    if len(same) == 1:
        return same[0]
    if len(same) > 1:
        raise ImageryError(
            f"{source.path}: bands {', '.join(map(str, same))} are all described as {entry!r}; "
            "select by number instead"
        )
    wanted = wanted_wavelength(entry)
    known = [(n, band.nanometres) for n, band in enumerate(source.bands, 1) if band.nanometres]
    if wanted is not None and known:
        number, centre = min(known, key=lambda pair: abs(pair[1] - wanted))
        if abs(centre - wanted) <= MAX_MISS:
            return number
    raise ImageryError(
        f"{source.path}: has no band {entry!r}; {_told(source)}: correct select, or give the "
        "band's number, from 1"
    )


def _told(source: Source) -> str:
    """What a file says of its bands, for messages."""
    names = [
        f"{number} {band.description[:30]!r}{f' {band.nanometres:g}nm' if band.nanometres else ''}"
        for number, band in enumerate(source.bands[:20], 1)
        if band.description or band.nanometres
    ]
    if not names:
        return f"its {len(source.bands)} bands have no descriptions and no wavelengths"
    return f"it describes its bands as {', '.join(names)}"
