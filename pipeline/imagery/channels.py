"""From bands to the channels that a network sees: logarithms, shape, contrast, indices."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from pipeline.config.features import Features
from pipeline.config.model import Config
from pipeline.config.spectral import index_bands, named_band
from pipeline.imagery.contrast import Contrast, logarithm
from pipeline.imagery.indices import FORMULAS, normalised_difference


@dataclass(frozen=True)
class GroupBands:
    """A band group as a network sees it.

    Attributes:
        name: Name of the group.
        bands: Names of its bands.
        scale: Number in the file that means reflectance 1.
        wavelengths: Centre of each band, nanometres; None where they are not known.
    """

    name: str
    bands: tuple[str, ...]
    scale: float
    wavelengths: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Index:
    """A spectral index.

    Attributes:
        name: Name of the channel.
        formula: A key of ``FORMULAS``, or ``difference`` for (a - b) / (a + b).
        bands: Positions of its bands among all bands, in the formula's order.
    """

    name: str
    formula: str
    bands: tuple[int, ...]


@dataclass(frozen=True)
class Channel:
    """What one input channel of a network is.

    Attributes:
        name: Its name, of which there is one in a network.
        kind: What was made of the band: ``band``, ``shape``, ``contrast 38.75 m``; of an index its
            name.
        group: Band group that it was made from.
        wavelength: Centre of its band, nanometres; None if it is not known, and of an index.
    """

    name: str
    kind: str
    group: str
    wavelength: float | None


@dataclass(frozen=True)
class Channels:
    """How channels are made from bands; not yet normalised.

    The order is: all bands; with ``shape`` each band of a group of several minus the group's mean;
    for each group and side of ``contrast`` its bands minus their local means; indices. All but the
    indices are of logarithms with ``log``.
    """

    groups: tuple[GroupBands, ...]
    bands: bool
    log: bool
    shape: bool
    contrast: tuple[float, ...]
    indices: tuple[Index, ...]

    @classmethod
    def of(cls, config: Config, features: Features) -> Channels:
        """The channels that a section ``features`` of a configuration asks for."""
        rows = [config.dataset.group(name) for name in config.groups_of(features)]
        places = [(row.name, band) for row in rows for band in row.bands]
        indices = []
        for index in features.indices:
            if isinstance(index, str):
                bands = index_bands(index, rows)
                indices.append(Index(index, index, tuple(map(places.index, bands))))
            else:
                bands = tuple(named_band(index.name, text, rows) for text in (index.a, index.b))
                indices.append(Index(index.name, "difference", tuple(map(places.index, bands))))
        return cls(
            groups=tuple(
                GroupBands(row.name, row.bands, row.scale, row.wavelengths) for row in rows
            ),
            bands=features.bands,
            log=features.log,
            shape=features.shape,
            contrast=features.contrast,
            indices=tuple(indices),
        )

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Channels:
        """The channels that :meth:`to_json` wrote."""
        return cls(
            groups=tuple(
                GroupBands(
                    row["name"],
                    tuple(row["bands"]),
                    row["scale"],
                    None if row.get("wavelengths") is None else tuple(row["wavelengths"]),
                )
                for row in record["groups"]
            ),
            bands=record["bands"],
            log=record["log"],
            shape=record["shape"],
            contrast=tuple(record["contrast"]),
            indices=tuple(
                Index(row["name"], row["formula"], tuple(row["bands"])) for row in record["indices"]
            ),
        )

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON."""
        return asdict(self)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the channels, in order."""
        return tuple(channel.name for channel in self.descriptions)

    @property
    def descriptions(self) -> tuple[Channel, ...]:
        """What each channel is, in order."""
        several = [group for group in self.groups if len(group.bands) > 1]
        rows: list[Channel] = []
        if self.bands:
            rows += [row for group in self.groups for row in _of_bands(group, "band", "")]
        if self.shape:
            rows += [row for group in several for row in _of_bands(group, "shape", "shape ")]
        for group in self.groups:
            for side in self.contrast:
                kind = f"contrast {side:g} m"
                rows += _of_bands(group, kind, f"{kind} ")
        places = [group.name for group in self.groups for _ in group.bands]
        rows += [Channel(row.name, row.name, places[row.bands[0]], None) for row in self.indices]
        return tuple(rows)

    @property
    def sources(self) -> tuple[tuple[str, ...], ...]:
        """Band groups that each channel is made from; an index may mix several."""
        places = [group.name for group in self.groups for _ in group.bands]
        plain = self.descriptions[: len(self.descriptions) - len(self.indices)]
        mixed = (tuple(places[band] for band in index.bands) for index in self.indices)
        return (*((channel.group,) for channel in plain), *mixed)

    @property
    def band_places(self) -> list[int]:
        """Position of the band that each channel of a cut is made of: bands, then contrasts."""
        places: list[int] = list(range(sum(len(group.bands) for group in self.groups)))
        first = 0
        for group in self.groups:
            stop = first + len(group.bands)
            places += [*range(first, stop)] * len(self.contrast)
            first = stop
        return places

    @property
    def local(self) -> Contrast:
        """The contrasts that are made when bands are cut."""
        return Contrast(self.contrast, self.log)

    @property
    def scales(self) -> dict[str, float]:
        """Per group the number that means reflectance 1."""
        return {group.name: group.scale for group in self.groups}

    def __call__(self, bands: Tensor) -> Tensor:
        """Channels of a batch.

        Args:
            bands: (N, C + S * C, h, w) float32, numbers as in the files, groups and bands in
                order, then the contrasts, as ``cut_with_contrast`` gives them.

        Returns:
            (N, F, h, w) float32.
        """
        known = sum(len(group.bands) for group in self.groups)
        contrasts = bands[:, known:]
        bands = bands[:, :known]
        count, _, height, width = bands.shape
        out = bands.new_empty((count, len(self.names), height, width))
        base = out[:, :known] if self.bands else torch.empty_like(bands)
        if self.bands or self.shape:
            self._base(bands, base)
        end = known if self.bands else 0
        if self.shape:
            end = self._shapes(base, out, end)
        out[:, end : end + contrasts.shape[1]] = contrasts
        end += contrasts.shape[1]
        for index in self.indices:
            out[:, end] = self._index(index, bands)
            end += 1
        return out

    def _shapes(self, base: Tensor, out: Tensor, end: int) -> int:
        """Write bands minus their group's mean from channel ``end`` on; the next free channel."""
        first = 0
        for group in self.groups:
            size = len(group.bands)
            part = base[:, first : first + size]
            first += size
            if size > 1:
                torch.sub(part, part.mean(1, keepdim=True), out=out[:, end : end + size])
                end += size
        return end

    def _base(self, bands: Tensor, out: Tensor) -> None:
        """Bands or their logarithms, written into a view of the channels."""
        if not self.log:
            out.copy_(bands)
            return
        first = 0
        for group in self.groups:
            stop = first + len(group.bands)
            out[:, first:stop] = logarithm(bands[:, first:stop], group.scale)
            first = stop

    def _index(self, index: Index, bands: Tensor) -> Tensor:
        """One index (N, h, w), from reflectances."""
        scales = [group.scale for group in self.groups for _ in group.bands]
        formula = FORMULAS.get(index.formula, normalised_difference)
        return formula(*(bands[:, place] / scales[place] for place in index.bands))


def _of_bands(group: GroupBands, kind: str, prefix: str) -> list[Channel]:
    """One channel per band of a group."""
    wavelengths = group.wavelengths or (None,) * len(group.bands)
    return [
        Channel(f"{prefix}{group.name}.{band}", kind, group.name, wavelength)
        for band, wavelength in zip(group.bands, wavelengths, strict=True)
    ]


def kind_of(name: str) -> str:
    """Kind of a channel, told by its name alone."""
    before, _, band = name.rpartition(" ")
    return (before or "band") if "." in band else name


def group_of(name: str) -> str:
    """Band group of a channel, told by its name alone; empty for an index."""
    band = name.rpartition(" ")[2]
    return band.partition(".")[0] if "." in band else ""
