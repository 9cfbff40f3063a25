"""A trained network on disk: ``weights.safetensors`` and the ``network.json`` that explains it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Self

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from pipeline.config.dataset import Wavelength
from pipeline.config.network import LibraryNetwork, Network
from pipeline.errors import ArtifactError, ConfigError
from pipeline.files import read_json, write_json
from pipeline.imagery.channels import Channel, group_of, kind_of
from pipeline.learning.networks import build

WEIGHTS = "weights.safetensors"
RECORD = "network.json"
_Text = Annotated[str, Field(min_length=1, max_length=200)]


@dataclass(frozen=True)
class NetworkRecord:
    """What must be known to use a network's weights, and to carry them over to another network.

    Attributes:
        network: Its structure.
        channels: Names of its input channels, in order.
        codes: Class codes of its outputs, in order.
        kinds: Kind of each channel, as in ``Channel``; None if they were not recorded.
        wavelengths: Wavelength of each channel in nanometres, None where it has none; None if
            they were not recorded.
        levels: Level of the U-Net at which each channel enters; None if all enter at the first.
        seen: Ids of the scenes that its weights were trained on, and those that they started from,
            as far as they are known; None if nothing was recorded.
        seen_unknown: Whether they started from weights of which it is not known what they saw.
    """

    network: Network
    channels: tuple[str, ...]
    codes: tuple[int, ...]
    kinds: tuple[str, ...] | None = None
    wavelengths: tuple[float | None, ...] | None = None
    levels: tuple[int, ...] | None = None
    seen: tuple[str, ...] | None = None
    seen_unknown: bool = False

    @classmethod
    def of(
        cls,
        network: Network,
        inputs: Sequence[Channel],
        codes: Sequence[int],
        levels: Sequence[int] | None = None,
        seen: Sequence[str] | None = None,
    ) -> NetworkRecord:
        """The record of a network whose inputs are described."""
        return cls(
            network,
            tuple(channel.name for channel in inputs),
            tuple(codes),
            tuple(channel.kind for channel in inputs),
            tuple(channel.wavelength for channel in inputs),
            None if levels is None else tuple(levels),
            None if seen is None else tuple(seen),
        )

    @property
    def saw_others(self) -> bool:
        """Whether its weights may have seen more scenes than those of ``seen``."""
        return self.seen is None or self.seen_unknown

    @property
    def inputs(self) -> tuple[Channel, ...]:
        """What its channels are; of an older record only their names say it."""
        kinds = self.kinds or tuple(map(kind_of, self.channels))
        wavelengths = self.wavelengths or (None,) * len(self.channels)
        rows = zip(self.channels, kinds, wavelengths, strict=True)
        return tuple(Channel(name, kind, group_of(name), nm) for name, kind, nm in rows)


def save_network(folder: Path, record: NetworkRecord, weights: Mapping[str, Tensor]) -> None:
    """Write a network into a folder."""
    save_file(
        {name: t.detach().cpu().contiguous() for name, t in weights.items()}, folder / WEIGHTS
    )
    write_json(folder / RECORD, _values(record))


def check_record(record: NetworkRecord) -> None:
    """Check that ``network.json`` of this network can be read again once it is written.

    Raises:
        ConfigError: Naming what is wrong with its channels or classes.
    """
    try:
        _Stored.model_validate(_values(record))
    except ValidationError as error:
        raise ConfigError(
            f"features: a network of these channels and classes could not be read again "
            f"({_fault(error)}); change the section features, dataset.groups or the classes"
        ) from None


def _values(record: NetworkRecord) -> dict[str, Any]:
    """A record as JSON, without what is not known."""
    values = asdict(record) | {"network": record.network.model_dump(mode="json")}
    return {name: value for name, value in values.items() if value is not None}


def read_network_record(folder: Path) -> NetworkRecord:
    """What ``network.json`` says.

    Raises:
        ArtifactError: If the file is missing or says something else.
    """
    path = folder / RECORD
    try:
        stored = _Stored.model_validate(read_json(path))
    except ValidationError as error:
        raise ArtifactError(
            f"{path}: does not describe a network ({_fault(error)}); run `train`"
        ) from None
    return NetworkRecord(**dict(stored))


def _fault(error: ValidationError) -> str:
    """Where a record is wrong, and how."""
    fault = error.errors(include_url=False)[0]
    place = ".".join(map(str, fault["loc"])) or "the whole"
    return f"{place}: {fault['msg'].removeprefix('Value error, ')}"


class _Stored(BaseModel):
    """``network.json`` as it must be; keys that are not of a record are left out."""

    model_config = ConfigDict(allow_inf_nan=False, frozen=True)

    network: Network
    channels: Annotated[tuple[_Text, ...], Field(min_length=1, max_length=4096)]
    codes: Annotated[tuple[int, ...], Field(min_length=1, max_length=63)]
    kinds: tuple[_Text, ...] | None = None
    wavelengths: tuple[Wavelength | None, ...] | None = None
    levels: tuple[Annotated[int, Field(ge=0, le=16)], ...] | None = None
    seen: tuple[_Text, ...] | None = None
    seen_unknown: bool = False

    @model_validator(mode="after")
    def _check(self) -> Self:
        for name, values in (
            ("kinds", self.kinds),
            ("wavelengths", self.wavelengths),
            ("levels", self.levels),
        ):
            if values is not None and len(values) != len(self.channels):
                raise ValueError(f"{len(values)} {name} don't fit {len(self.channels)} channels")
        for name, row in (("channels", self.channels), ("codes", self.codes)):
            if len(set(row)) != len(row):
                raise ValueError(f"{name} names one twice")
        return self


def load_network(folder: Path) -> nn.Module:
    """The trained network in a folder, ready to predict (evaluation mode, on the CPU).

    Raises:
        ArtifactError: If a file is missing, damaged, or the two don't fit together.
    """
    record = read_network_record(folder)
    settings = record.network
    if isinstance(settings, LibraryNetwork):
        settings = settings.model_copy(update={"weights": None})  # ours replace any download
    with torch.random.fork_rng(devices=[]):
        try:
            network = build(settings, len(record.channels), len(record.codes), levels=record.levels)
        except ValueError as error:  # levels that don't fit
            raise ArtifactError(f"{folder / RECORD}: {error}; run `train`") from error
    try:
        network.load_state_dict(read_weights(folder / WEIGHTS))
    except RuntimeError as error:
        raise ArtifactError(
            f"{folder / WEIGHTS}: not the weights of {RECORD} ({error}); run `train`"
        ) from error
    return network.eval()


def read_weights(path: Path) -> dict[str, Tensor]:
    """Tensors of a safetensors file by name, on the CPU; nothing in such a file is executed.

    Raises:
        ArtifactError: If it is missing, damaged, or no safetensors file.
    """
    try:
        return load_file(path)
    except (OSError, SafetensorError, ValueError) as error:
        raise ArtifactError(
            f"{path}: can't be read as weights in safetensors format ({error}); run `train`, or "
            "name another file"
        ) from error
