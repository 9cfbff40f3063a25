"""Coordinate reference systems of scenes: their names, and what is known of their ground."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from pyproj import CRS
from pyproj.exceptions import CRSError

from pipeline.errors import DatasetError

_RADIUS, _NEARLY = 6_378_137.0, 0.01
"""Metres of the Earth's radius, and the share by which ellipsoids differ from it. Those of the Moon
and of Mars are far off."""
UNDEFINED = "undefined"
"""What layers without a coordinate reference system are called by."""


@lru_cache(maxsize=64)
def reference_of(crs: str) -> CRS:
    """The system of a text.

    Raises:
        DatasetError: If the text names none.
    """
    try:
        return CRS.from_user_input(crs)
    except CRSError as error:
        raise DatasetError(
            f"{crs[:80]!r} is no coordinate reference system ({str(error)[:80]}); correct the "
            "image, or name it in dataset.crs"
        ) from None


def is_on_earth(crs: str | None) -> bool:
    """Whether longitude and latitude on Earth follow from coordinates of this system."""
    globe = None if crs is None else reference_of(crs).geodetic_crs
    if globe is None or globe.is_derived or globe.ellipsoid is None:
        return False  # a site's own system, or a globe that is turned
    return abs(globe.ellipsoid.semi_major_metre / _RADIUS - 1) < _NEARLY


def suffixes(systems: Iterable[str | None]) -> dict[str | None, str]:
    """What tells layers of several systems apart: ``_32633``; nothing if there is just one.

    Args:
        systems: Systems as texts; None where there is none.
    """
    every = sorted(set(systems), key=lambda crs: (crs is None, crs or ""))
    if len(every) < 2:
        return dict.fromkeys(every, "")
    found: dict[str | None, str] = {}
    for number, crs in enumerate(every, start=1):
        name = _short(crs, number)
        found[crs] = f"_{name}" if f"_{name}" not in found.values() else f"_{name}_{number}"
    return found


def _short(crs: str | None, number: int) -> str:
    if crs is None:
        return UNDEFINED
    authority = reference_of(crs).to_authority()
    if authority is None:
        return f"crs_{number}"
    name = authority[1] if authority[0] == "EPSG" else "_".join(authority).lower()
    return re.sub(r"[^A-Za-z0-9]+", "_", name)
