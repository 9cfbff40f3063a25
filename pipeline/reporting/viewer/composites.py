"""Which pictures of a scene are shown, and their files."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image

from pipeline.config.dataset import BandGroupRow
from pipeline.config.report import Composite, Report
from pipeline.config.spectral import ROLES
from pipeline.imagery.tiles import TiledScene
from pipeline.reporting.picture import Picture, drawn_bands, fitting, spread_bands

_MOST: Final = 2
_USUAL: Final[Mapping[str, tuple[str, ...]]] = {
    "True colour": ("red", "green", "blue"),
    "False colour": ("nir", "red", "green"),
    "Short-wave infrared": ("swir2", "nir", "red"),
}
"""Roles of the bands shown in red, green and blue; the first two that a dataset has are shown."""
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {**ROLES, "swir2": ("swir2", "swir22", "swir")}
_SMALLEST: Final = 384
"""Pixels of the longer side of a picture whose bands have fewer: edges look smooth."""


@dataclass(frozen=True)
class _Named:
    """A band of a dataset."""

    group: BandGroupRow
    band: str

    @property
    def text(self) -> str:
        return f"{self.group.name}.{self.band}"


def composites(report: Report, groups: Sequence[BandGroupRow]) -> tuple[Composite, ...]:
    """Pictures of each scene: those of the configuration, or at most two by the bands' names.

    Without names that tell, it is the finest group of three bands or more, and grey if there is
    none.

    Args:
        report: What is asked for.
        groups: Groups that are kept with the scenes, one or more.
    """
    if report.pictures is not None:
        return report.pictures
    fine = sorted(groups, key=lambda group: group.metres)
    usual = [
        Composite(name=name, bands=bands)
        for name, roles in _USUAL.items()
        if (bands := _bands_of(roles, fine))
    ]
    return tuple(usual[:_MOST]) or (_spread_of(fine),)


def caption(composite: Composite) -> str:
    """What a person reads of a picture: its name, and its bands as red, green and blue."""
    groups, bands = zip(*(text.split(".", 1) for text in composite.bands), strict=True)
    one = len(set(groups)) == 1
    shown = f"{groups[0]}: {', '.join(bands)}" if one else ", ".join(composite.bands)
    return f"{composite.name} ({shown})"


def natural_side(scene: TiledScene, composite: Composite) -> int:
    """Longer side in pixels of a picture that shows all that its bands tell."""
    names = {band.partition(".")[0] for band in composite.bands}
    sides = [int(max(scene.groups[name].pixels.shape[1:])) for name in names]
    return max(*sides, _SMALLEST)


def draw_composite(
    scene: TiledScene, composite: Composite, groups: Sequence[BandGroupRow], longer: int
) -> Picture:
    """A picture of all of a scene, (h, w, 3) uint8; its edges are those of the working grid.

    Args:
        scene: The scene.
        composite: What is shown.
        groups: Groups of the dataset, for the places of their bands.
        longer: Pixels of the longer side.
    """
    rows = {group.name: group for group in groups}
    places = []
    for text in composite.bands:
        name, _, band = text.partition(".")
        places.append((name, rows[name].bands.index(band)))
    found = drawn_bands(scene, places, fitting(scene.shape, longer))
    return found if len(places) == 3 else np.repeat(found, 3, axis=-1)


def webp_bytes(picture: Picture, quality: int) -> bytes:
    """A picture (h, w, 3) as a WebP file."""
    data = io.BytesIO()
    Image.fromarray(picture).save(data, "WEBP", quality=quality, method=4)
    return data.getvalue()


def _bands_of(roles: Sequence[str], groups: Sequence[BandGroupRow]) -> tuple[str, ...]:
    """Bands of these roles: of the first group that has all, or each of the first that has it."""
    for chosen in [*([group] for group in groups), groups]:
        found = [_band_of(role, chosen) for role in roles]
        if all(found):
            return tuple(band.text for band in found if band)
    return ()


def _band_of(role: str, groups: Sequence[BandGroupRow]) -> _Named | None:
    named = (
        _Named(group, band)
        for group in groups
        for name in _NAMES[role]
        for band in group.bands
        if band.lower() == name
    )
    return next(named, None)


def _spread_of(groups: Sequence[BandGroupRow]) -> Composite:
    """Three bands spread over the finest group that has so many, as in the picture of a run."""
    group = next((row for row in groups if len(row.bands) >= 3), groups[0])
    if len(group.bands) < 3:
        return Composite(name="Grey", bands=(f"{group.name}.{group.bands[0]}",))
    bands = [group.bands[place] for place in spread_bands(len(group.bands))]
    short = all(band.lower().startswith("swir") for band in group.bands)
    name = "Short-wave infrared" if short else "Colour"
    return Composite(name=name, bands=tuple(f"{group.name}.{band}" for band in bands))
