"""The spectra of each object at a date, as a table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.imagery.generated.place import Place
from pipeline.imagery.generated.season import Date
from pipeline.imagery.generated.spectra import MATERIALS, WAVELENGTHS, reflectance
from pipeline.imagery.generated.surfaces import SURFACES, Surface

Table = NDArray[np.float32]
_BACKGROUND = "rough_grass"


@dataclass(frozen=True, slots=True)
class Mixture:
    """Float32 tables with one row per object, row 0 the background.

    Attributes:
        base, other: Reflectance (N, 16) of the two materials.
        share, patch, furrow, tone: (N,), as in ``surfaces.Surface`` and ``GroundObject``.
        spacing: (N,) metres from furrow to furrow.
        grain: (N, 3), as in ``surfaces.Surface``.
    """

    base: Table
    other: Table
    share: Table
    patch: Table
    furrow: Table
    tone: Table
    spacing: Table
    grain: Table


def mixtures(place: Place, date: Date) -> Mixture:
    """Draw the materials of every object; what no season changes is drawn by the place alone."""
    names = [_BACKGROUND] + [thing.surface for thing in date.objects]
    kinds = [SURFACES[name] for name in names]
    lasting = np.random.default_rng([place.seed, place.number, 99])
    chances = _chances(lasting, date, len(place.objects), kinds)
    colours = _varied(date, reflectance())
    least, most = np.array([kind.share for kind in kinds]).T
    jitter = np.exp(0.04 * np.sqrt(12) * (chances[:, 3:] - 0.5))
    return Mixture(
        base=_pick(colours, [kind.base for kind in kinds], chances[:, 0]) * jitter,
        other=_pick(colours, [kind.other for kind in kinds], chances[:, 1]) * jitter,
        share=_table(least + (most - least) * chances[:, 2]),
        patch=_table([kind.patch for kind in kinds]),
        furrow=_table([kind.furrow for kind in kinds]) * (0.2 + 1.2 * chances[:, 3]),
        tone=_table([0.0] + [thing.tone for thing in date.objects]),
        spacing=(3.4 + 2.2 * chances[:, 4]).astype(np.float32),
        grain=_table([kind.grain for kind in kinds]),
    )


def _chances(
    lasting: np.random.Generator, date: Date, place_objects: int, kinds: list[Surface]
) -> NDArray[np.float32]:
    """Uniform numbers (N, 3 + 16): for the two materials, the share and each band."""
    columns = 3 + len(WAVELENGTHS)
    chances = date.rng.random((len(kinds), columns), dtype=np.float32)
    kept = lasting.random((place_objects + 1, columns), dtype=np.float32)
    fixed = [number for number in range(place_objects + 1) if not kinds[number].seasonal]
    chances[fixed] = kept[fixed]
    return chances


def _varied(date: Date, colours: Table) -> Table:
    """The materials as they are at this date: leaf, soil and water differ from visit to visit."""
    spread = date.rng.normal(0, 0.05, (len(colours), 1))
    tilt = date.rng.normal(0, 0.03, (len(colours), 1)) * np.linspace(-1, 1, len(WAVELENGTHS))
    return np.asarray(colours * np.exp(spread + tilt), dtype=np.float32)


def _pick(colours: Table, options: list[tuple[str, ...]], chance: Table) -> Table:
    rows = [
        MATERIALS.index(names[min(int(value * len(names)), len(names) - 1)])
        for names, value in zip(options, chance.tolist(), strict=True)
    ]
    return colours[rows]


def _table(values: ArrayLike) -> Table:
    return np.asarray(values, dtype=np.float32)
