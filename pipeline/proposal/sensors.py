"""Well-known sensors: which bands their products hold, in which order, at which wavelengths.

Centres of bands, nanometres: Sentinel-2 by ESA's spectral responses of S2A, Landsat 8 and 9 by the
USGS's band designations, aerial four-band imagery by the ADS100 camera that NAIP is flown with.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final


@dataclass(frozen=True)
class KnownBand:
    """A band of a sensor.

    Attributes:
        token: What stands for it in the names of files.
        name: What the configuration calls it.
        nanometres: Centre of its wavelengths; 0 where it has none.
    """

    token: str
    name: str
    nanometres: float


@dataclass(frozen=True)
class Sensor:
    """Bands of a product in its usual order.

    Attributes:
        name: As people call it.
        words: Words in names of files or folders that speak of it.
        bands: All of its bands.
        metres: Usual ground sample distances, finest and coarsest.
    """

    name: str
    words: tuple[str, ...]
    bands: tuple[KnownBand, ...]
    metres: tuple[float, float]


def _bands(*rows: tuple[str, str, float]) -> tuple[KnownBand, ...]:
    return tuple(KnownBand(*row) for row in rows)


SENTINEL_2: Final = Sensor(
    "Sentinel-2",
    ("sentinel2", "sentinel", "s2", "s2a", "s2b", "s2c", "msil1c", "msil2a", "bigearthnet"),
    _bands(
        ("B01", "coastal", 443),
        ("B02", "blue", 492),
        ("B03", "green", 560),
        ("B04", "red", 665),
        ("B05", "red_edge", 704),
        ("B06", "red_edge2", 741),
        ("B07", "red_edge3", 783),
        ("B08", "nir", 833),
        ("B8A", "nir_narrow", 865),
        ("B09", "vapour", 945),
        ("B10", "cirrus", 1374),
        ("B11", "swir1", 1614),
        ("B12", "swir2", 2202),
    ),
    (10, 60),
)
LANDSAT: Final = Sensor(
    "Landsat 8/9",
    ("landsat", "landsat8", "landsat9", "l8", "l9", "lc08", "lc09", "oli"),
    _bands(
        ("B1", "coastal", 443),
        ("B2", "blue", 482),
        ("B3", "green", 561),
        ("B4", "red", 655),
        ("B5", "nir", 865),
        ("B6", "swir1", 1609),
        ("B7", "swir2", 2201),
        ("B8", "pan", 590),
        ("B9", "cirrus", 1373),
        ("B10", "thermal1", 10895),
        ("B11", "thermal2", 12005),
    ),
    (15, 30),
)
AERIAL: Final = Sensor(
    "aerial imagery as of NAIP",
    ("naip", "aerial", "ortho", "orthophoto", "doqq"),
    _bands(("R", "red", 635), ("G", "green", 555), ("B", "blue", 465), ("N", "nir", 845)),
    (0.05, 2.5),
)
COLOUR: Final = _bands(("R", "red", 650), ("G", "green", 550), ("B", "blue", 460))
"""What a picture's three colours stand for, roughly."""
SENSORS: Final = (SENTINEL_2, LANDSAT, AERIAL)

_SETS: Final[dict[tuple[str, int], tuple[str, ...]]] = {
    ("Sentinel-2", 13): tuple(band.token for band in SENTINEL_2.bands),
    ("Sentinel-2", 12): tuple(b.token for b in SENTINEL_2.bands if b.name != "cirrus"),
    ("Sentinel-2", 10): ("B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12"),
    ("Sentinel-2", 6): ("B05", "B06", "B07", "B8A", "B11", "B12"),
    ("Sentinel-2", 4): ("B02", "B03", "B04", "B08"),
    ("Sentinel-2", 3): ("B04", "B03", "B02"),
    ("Landsat 8/9", 7): tuple(band.token for band in LANDSAT.bands[:7]),
    ("Landsat 8/9", 11): tuple(band.token for band in LANDSAT.bands),
    ("Landsat 8/9", 6): tuple(band.token for band in LANDSAT.bands[1:7]),
    ("Landsat 8/9", 4): tuple(band.token for band in LANDSAT.bands[1:5]),
    ("Landsat 8/9", 3): ("B4", "B3", "B2"),
    ("aerial imagery as of NAIP", 4): ("R", "G", "B", "N"),
    ("aerial imagery as of NAIP", 3): ("R", "G", "B"),
}
"""Usual orders of bands by the product and its number of bands."""

_WORDS: Final = {
    "coastal": ("coastal", 443.0),
    "aerosol": ("coastal", 443.0),
    "blue": ("blue", 480.0),
    "green": ("green", 560.0),
    "yellow": ("yellow", 605.0),
    "red": ("red", 660.0),
    "rededge": ("red_edge", 705.0),
    "re": ("red_edge", 705.0),
    "nir": ("nir", 845.0),
    "nir1": ("nir1", 832.5),
    "nir2": ("nir2", 950.0),
    "swir": ("swir1", 1610.0),
    "swir1": ("swir1", 1610.0),
    "swir2": ("swir2", 2200.0),
    "pan": ("pan", 600.0),
}
_NOT_GROUND: Final = re.compile(
    r"\b(qa\w*|quality|scl|cloud\w*|mask|clm|clp|aot|wvp|dem|dsm|dtm|elevation|height|slope|aspect|"
    r"date|index|flags?|land\s?cover|worldcover|occurrence|probability|sza|saa|vza|vaa|angle)\b",
    re.IGNORECASE,
)


def of_text(text: str) -> KnownBand | None:
    """The band that a description names: ``B8A``, ``B4 (665 nm)``, ``Red edge``, ``NIR``."""
    plain = re.sub(r"[^a-z0-9]", "", text.lower())
    for sensor in (SENTINEL_2,):
        for band in sensor.bands:
            if plain.startswith(band.token.lower()) and not plain[len(band.token) :][:1].isdigit():
                return band
    word = re.sub(r"^(band|b)\d*", "", plain) or plain
    if word in _WORDS:
        return KnownBand(text, *_WORDS[word])
    return None


def is_no_ground(text: str) -> bool:
    """Whether a description says that a band is no light from the ground: quality, heights ..."""
    return _NOT_GROUND.search(re.sub(r"[_\-]", " ", text)) is not None


def by_count(sensor: Sensor, count: int) -> tuple[KnownBand, ...] | None:
    """Bands of the sensor's usual product of so many bands; None where there is none."""
    tokens = _SETS.get((sensor.name, count))
    if tokens is None:
        return None
    known = {band.token: band for band in sensor.bands}
    return tuple(known[token] for token in tokens)


def named_sensor(words: Sequence[str]) -> Sensor | None:
    """The sensor that words of names speak of."""
    joined = {*words, *(one + two for one, two in pairwise(words))}
    return next((sensor for sensor in SENSORS if joined & set(sensor.words)), None)
