"""Wavelengths of bands, as files and users write them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_NUMBER: Final = r"(\d+(?:\.\d*)?)"
_WRITTEN: Final = re.compile(
    rf"(?<![\w.]){_NUMBER}\s*(nm|nanometers?|nanometres?|um|µm|μm|micrometers?|micrometres?)\b",
    re.IGNORECASE,
)
_WANTED: Final = re.compile(rf"\s*{_NUMBER}\s*nm\s*", re.IGNORECASE)
_LONGEST: Final = 1e6
"""Nanometres, that is 1 mm: what is longer is no light."""
_KEYS: Final = (
    "central_wavelength_um",
    "central_wavelength_nm",
    "central_wavelength",
    "center_wavelength",
    "wavelength",
)


def wanted_wavelength(text: str) -> float | None:
    """Nanometres of a band as it is asked for, ``665nm``; None for any other text."""
    found = _WANTED.fullmatch(text)
    return float(found[1]) if found else None


def wavelength_of(description: str, tags: Mapping[str, str]) -> float | None:
    """Centre of a band in nanometres.

    Args:
        description: The band's name, which may hold it as ``B4 (665 nm)``.
        tags: What else the file says of the band: ``wavelength`` and its like. A number without a
            unit below 100 is in micrometres.

    Returns:
        The wavelength, or None if it is not told.
    """
    known = {key.strip().lower(): value for key, value in tags.items()}
    for key in _KEYS:
        number = _number(known.get(key, ""))
        if number is not None:
            return number * (1000 if number < 100 else 1)
    found = _WRITTEN.search(description)
    if found is None:
        return None
    return float(found[1]) * (1 if found[2].lower().startswith("n") else 1000)


def _number(text: str) -> float | None:
    """A number at the start of a text, which a unit may follow, if it can be a wavelength."""
    found = re.match(rf"\s*{_NUMBER}(?![\d.])", text)
    number = float(found[1]) if found else 0.0
    return number if 0 < number < _LONGEST else None
