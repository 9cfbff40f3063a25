"""Names and wavelengths of bands: as files say, else as a known sensor's, else numbered."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.proposal import sensors
from pipeline.proposal.guesses import BandGuess
from pipeline.proposal.sensors import KnownBand, Sensor

_FINE: Final = 2.5
_COARSEST_VISIBLE: Final = 60


@dataclass(frozen=True)
class Told:
    """What is known of a band beside its numbers.

    Attributes:
        source: What selects it: a number from 1, or what stands in the files' names.
        description: Its name in the file or in the file's name; may be empty.
        nanometres: Wavelength that the file tells, or None.
        colour: Its part in a picture.
    """

    source: int | str
    description: str = ""
    nanometres: float | None = None
    colour: str = "undefined"


def guess_bands(
    told: Sequence[Told], dtype: str, metres: float | None, words: Sequence[str]
) -> tuple[tuple[BandGuess, ...], str]:
    """Names and wavelengths of bands, and where they come from.

    Args:
        told: The bands.
        dtype: Type of their numbers.
        metres: Ground sample distance, if known.
        words: Words of the names of files and folders.
    """
    named = sensors.named_sensor(words)
    described = _described(told, named)
    if described is not None:
        return described
    if all(row.nanometres for row in told):
        bands = [KnownBand("", f"b{n}", row.nanometres or 0) for n, row in enumerate(told, 1)]
        return _guesses(told, bands), "wavelengths as the files tell them"
    sensor, reason = _sensor(told, dtype, metres, named)
    known = sensors.by_count(sensor, len(told)) if sensor is not None else None
    if sensor is not None and known is not None:
        return _guesses(
            told, known
        ), f"GUESS: {sensor.name}, {reason}; check the order of the bands"
    if len(told) == len(sensors.COLOUR) and dtype == "uint8":
        return _guesses(told, sensors.COLOUR), "GUESS: a picture's red, green and blue"
    if len(told) == 1 and dtype == "uint8":
        return _guesses(told, [KnownBand("", "grey", 0)]), "one band of 8 bits"
    bands = [KnownBand("", _name_of(row, number), 0) for number, row in enumerate(told, 1)]
    reason = (
        "the sensor could not be told: name the bands (red, green, blue, red_edge, nir ...) to use "
        "spectral indices, and give wavelengths in nanometres to carry networks over"
    )
    return _guesses(told, bands), reason


def _described(
    told: Sequence[Told], named: Sensor | None
) -> tuple[tuple[BandGuess, ...], str] | None:
    """Bands by their descriptions, if all of them have known ones."""
    if not all(row.description for row in told):
        return None
    if named is sensors.LANDSAT or _are_landsat(told):
        known = {band.token: band for band in sensors.LANDSAT.bands}
        keys = [
            re.sub(r"^(?:sr_)?b(?:and)?[ _-]?0?(\d+)$", r"B\1", row.description.lower())
            for row in told
        ]
        if all(key in known for key in keys):
            return _guesses(told, [known[key] for key in keys]), "Landsat 8/9, by the bands' names"
    found = [sensors.of_text(row.description) for row in told]
    if not all(found):
        return None
    bands = [band for band in found if band is not None]
    return _guesses(told, bands), "by the bands' names; GUESS: wavelengths as usual for these"


def _are_landsat(told: Sequence[Told]) -> bool:
    """Whether bands are numbered as Landsat's, without a leading zero."""
    return all(re.fullmatch(r"(?i)sr_b\d{1,2}", row.description) for row in told)


def _sensor(
    told: Sequence[Told], dtype: str, metres: float | None, named: Sensor | None
) -> tuple[Sensor | None, str]:
    """The sensor that fits number, type and size of pixels, and why."""
    count = len(told)
    if named is not None:
        return named, f"by {count} bands and by the names of files or folders"
    coarse = metres is None or sensors.SENTINEL_2.metres[0] <= metres <= _COARSEST_VISIBLE
    if dtype != "uint8" and coarse and count in (13, 12, 10):
        return sensors.SENTINEL_2, f"by {count} bands{_at(metres)}"
    if dtype != "uint8" and count == 4 and metres is not None and 9 <= metres <= 11:
        return sensors.SENTINEL_2, f"by {count} bands{_at(metres)}"
    if dtype != "uint8" and count in (7, 11) and metres is not None and 29 <= metres <= 31:
        return sensors.LANDSAT, f"by {count} bands{_at(metres)}"
    if dtype == "uint8" and count == 4 and (metres is None or metres <= _FINE):
        return sensors.AERIAL, f"by four bands of 8 bits{_at(metres)}"
    return None, ""


def _at(metres: float | None) -> str:
    return "" if metres is None else f" at {metres:.3g} m"


def _guesses(told: Sequence[Told], bands: Sequence[KnownBand]) -> tuple[BandGuess, ...]:
    """Bands with names of their own, and the wavelengths that the files tell, where they do."""
    used: dict[str, int] = {}
    found = []
    for row, band in zip(told, bands, strict=True):
        used[band.name] = used.get(band.name, 0) + 1
        name = band.name if used[band.name] == 1 else f"{band.name}_{used[band.name]}"
        found.append(BandGuess(name, row.source, row.nanometres or band.nanometres))
    return tuple(found)


def _name_of(row: Told, number: int) -> str:
    """The file's own name of a band as far as it can be one here, else its number."""
    name = re.sub(r"[^A-Za-z0-9]+", "_", row.description).strip("_")[:32]
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
        return name
    return f"b{row.source}" if isinstance(row.source, int) else f"b{number}"
