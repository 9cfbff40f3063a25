"""From bands to the channels that a network sees: logarithms, shape, contrast, indices."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

import torch
from torch import Tensor
from torch.nn.functional import pad

from pipeline.config.model import Config
from pipeline.config.spectral import index_bands, named_band
from pipeline.imagery.indices import FORMULAS, normalised_difference

DARK: Final = 1e-3
"""Reflectance added before a logarithm, so that noise in deep shadow does not explode."""


@dataclass(frozen=True)
class GroupBands:
    """A band group as a network sees it.

    Attributes:
        name: Name of the group.
        bands: Names of its bands.
        scale: Number in the file that means reflectance 1.
    """

    name: str
    bands: tuple[str, ...]
    scale: float


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
class Channels:
    """How channels are made from bands; not yet normalised.

    The order is: all bands; with ``shape`` each band of a group of several minus the group's mean;
    for each of ``radii`` all bands minus their means over squares of 2 radius + 1 pixels; indices.
    All but the indices are of logarithms with ``log``.
    """

    groups: tuple[GroupBands, ...]
    bands: bool
    log: bool
    shape: bool
    radii: tuple[int, ...]
    indices: tuple[Index, ...]

    @classmethod
    def of(cls, config: Config) -> Channels:
        """The channels that a configuration asks for."""
        features = config.features
        rows = [config.dataset.group(name) for name in config.used_groups()]
        places = [(row.name, band) for row in rows for band in row.bands]
        indices = []
        for index in features.indices:
            if isinstance(index, str):
                bands = index_bands(index, rows)
                indices.append(Index(index, index, tuple(map(places.index, bands))))
            else:
                bands = tuple(named_band(index.name, text, rows) for text in (index.a, index.b))
                indices.append(Index(index.name, "difference", tuple(map(places.index, bands))))
        sides = (side / config.tiles.metres for side in features.contrast)
        return cls(
            groups=tuple(GroupBands(row.name, row.bands, row.scale) for row in rows),
            bands=features.bands,
            log=features.log,
            shape=features.shape,
            radii=tuple(max(1, round((side - 1) / 2)) for side in sides),
            indices=tuple(indices),
        )

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Channels:
        """The channels that :meth:`to_json` wrote."""
        return cls(
            groups=tuple(
                GroupBands(row["name"], tuple(row["bands"]), row["scale"])
                for row in record["groups"]
            ),
            bands=record["bands"],
            log=record["log"],
            shape=record["shape"],
            radii=tuple(record["radii"]),
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
        every = [f"{group.name}.{band}" for group in self.groups for band in group.bands]
        several = {group.name for group in self.groups if len(group.bands) > 1}
        bands = every if self.bands else []
        shapes = [f"shape {name}" for name in every if self.shape and name.split(".")[0] in several]
        contrasts = [f"contrast {2 * radius + 1} {name}" for radius in self.radii for name in every]
        return (*bands, *shapes, *contrasts, *(index.name for index in self.indices))

    @property
    def radius(self) -> int:
        """Working pixels around a pixel that its channels depend on."""
        return max(self.radii, default=0)

    def __call__(self, bands: Tensor) -> Tensor:
        """Channels of a batch.

        Args:
            bands: (N, C, h, w) float32, numbers as in the files, groups and bands in order.

        Returns:
            (N, F, h, w) float32. Contrast near the border uses repeated edges: cut windows with
            ``radius`` pixels of margin and crop where that matters.
        """
        count, known, height, width = bands.shape
        out = bands.new_empty((count, len(self.names), height, width))
        base = out[:, :known] if self.bands else torch.empty_like(bands)
        self._base(bands, base)
        end = known if self.bands else 0
        if self.shape:
            end = self._shapes(base, out, end)
        for radius in self.radii:
            torch.sub(base, box_mean(base, radius), out=out[:, end : end + known])
            end += known
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
            torch.mul(bands[:, first:stop], 1 / group.scale, out=out[:, first:stop])
            first = stop
        out.clamp_(min=0).add_(DARK).log_()

    def _index(self, index: Index, bands: Tensor) -> Tensor:
        """One index (N, h, w), from reflectances."""
        scales = [group.scale for group in self.groups for _ in group.bands]
        formula = FORMULAS.get(index.formula, normalised_difference)
        return formula(*(bands[:, place] / scales[place] for place in index.bands))


def box_mean(values: Tensor, radius: int) -> Tensor:
    """Mean over a square of 2 radius + 1 pixels, edges repeated; its cost does not grow with it.

    Args:
        values: (N, C, h, w) float32.
        radius: Pixels on each side of the centre.
    """
    middle = values.mean((-2, -1), keepdim=True)  # keeps the running sums small, hence exact
    padded = pad(values - middle, (radius,) * 4, mode="replicate")
    for axis in (-1, -2):
        padded = _running_mean(padded, 2 * radius + 1, axis)
    return padded + middle


def _running_mean(values: Tensor, count: int, axis: int) -> Tensor:
    """Means of ``count`` neighbours along an axis, at all places that have them."""
    length = values.shape[axis] - count
    sums = values.cumsum(axis)
    means = sums.narrow(axis, count - 1, length + 1).clone()
    means.narrow(axis, 1, length).sub_(sums.narrow(axis, 0, length))
    return means.div_(count)
