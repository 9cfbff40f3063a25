"""A trained network on disk: ``weights.safetensors`` and the ``network.json`` that explains it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from pydantic import TypeAdapter, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from pipeline.config.network import LibraryNetwork, Network
from pipeline.errors import ArtifactError
from pipeline.files import read_json, write_json
from pipeline.learning.networks import build

WEIGHTS = "weights.safetensors"
RECORD = "network.json"


@dataclass(frozen=True)
class NetworkRecord:
    """What must be known to use a network's weights.

    Attributes:
        network: Its structure.
        channels: Names of its input channels, in order.
        codes: Class codes of its outputs, in order.
    """

    network: Network
    channels: tuple[str, ...]
    codes: tuple[int, ...]


def save_network(folder: Path, record: NetworkRecord, weights: Mapping[str, Tensor]) -> None:
    """Write a network into a folder."""
    save_file(
        {name: t.detach().cpu().contiguous() for name, t in weights.items()}, folder / WEIGHTS
    )
    values: dict[str, Any] = {
        "network": record.network.model_dump(mode="json"),
        "channels": list(record.channels),
        "codes": list(record.codes),
    }
    write_json(folder / RECORD, values)


def read_network_record(folder: Path) -> NetworkRecord:
    """What ``network.json`` says.

    Raises:
        ArtifactError: If the file is missing or says something else.
    """
    path = folder / RECORD
    values = read_json(path)
    try:
        adapter: TypeAdapter[Network] = TypeAdapter(Network)
        network = adapter.validate_python(values["network"])
        return NetworkRecord(
            network, tuple(map(str, values["channels"])), tuple(map(int, values["codes"]))
        )
    except (ValidationError, KeyError, TypeError, ValueError) as error:
        raise ArtifactError(
            f"{path}: does not describe a network ({error}); run `train`"
        ) from error


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
        network = build(settings, len(record.channels), len(record.codes))
    try:
        network.load_state_dict(load_file(folder / WEIGHTS))
    except (OSError, SafetensorError, RuntimeError) as error:
        raise ArtifactError(
            f"{folder / WEIGHTS}: not the weights of {RECORD} ({error}); run `train`"
        ) from error
    return network.eval()
