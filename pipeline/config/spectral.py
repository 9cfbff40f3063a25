"""Which bands a spectral index needs, and where a dataset has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pipeline.config.dataset import BandGroupRow
from pipeline.config.features import Features

BandName = tuple[str, str]
"""Group and band."""

ROLES: Final = {
    "blue": ("blue",),
    "green": ("green",),
    "red": ("red",),
    "red_edge": ("red_edge", "rededge"),
    "nir": ("nir1", "nir", "nir2"),
}
"""Names under which a band of each role is looked for, best first."""

INDEX_ROLES: Final = {
    "NDVI": ("nir", "red"),
    "NDWI": ("green", "nir"),
    "EVI": ("nir", "red", "blue"),
    "SAVI": ("nir", "red"),
    "CCCI": ("nir", "red_edge", "red"),
}
"""Roles of the bands of each index, in the order of its formula's arguments."""


def index_bands(index: str, groups: Sequence[BandGroupRow]) -> tuple[BandName, ...]:
    """Bands of an index: those of the first group that has all of them.

    Bands of one group share resolution and registration, so an index never mixes groups.

    Raises:
        ValueError: If no group has them, naming the index and its bands.
    """
    roles = INDEX_ROLES[index]
    for group in groups:
        found = [_band_of(role, group) for role in roles]
        if all(found):
            return tuple((group.name, band) for band in found if band)
    wanted = ", ".join("/".join(ROLES[role]) for role in roles)
    raise ValueError(
        f"features.indices: {index} needs the bands {wanted} in one group, and none of "
        f"{', '.join(group.name for group in groups)} has them; remove the index, or name these "
        "bands in dataset.groups and use their group in features.groups"
    )


def named_band(index: str, text: str, groups: Sequence[BandGroupRow]) -> BandName:
    """Band that is written ``GROUP.band``.

    Raises:
        ValueError: If no group has it, naming the index and the known bands.
    """
    known = [f"{group.name}.{band}" for group in groups for band in group.bands]
    if text not in known:
        raise ValueError(
            f"features.indices: {index} needs the band {text!r}, which is none of "
            f"{', '.join(known)}; write GROUP.band of a used group"
        )
    name, _, band = text.partition(".")
    return name, band


def check_indices(features: Features, groups: Sequence[BandGroupRow]) -> None:
    """Check that these groups have the bands of every index, and that no name stands there twice.

    Raises:
        ValueError: Naming the index and the fix.
    """
    names: list[str] = []
    for index in features.indices:
        if isinstance(index, str):
            names.append(index)
            index_bands(index, groups)
        else:
            names.append(index.name)
            named_band(index.name, index.a, groups)
            named_band(index.name, index.b, groups)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"features.indices: {', '.join(twice)} stands there twice")


def _band_of(role: str, group: BandGroupRow) -> str | None:
    return next((name for name in ROLES[role] if name in group.bands), None)
