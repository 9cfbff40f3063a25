"""A trained network on disk and back."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from pipeline.config.network import UNet
from pipeline.errors import ArtifactError
from pipeline.files import read_json, write_json
from pipeline.learning.networks import build
from pipeline.learning.weights import (
    NetworkRecord,
    load_network,
    read_network_record,
    save_network,
)

RECORD = NetworkRecord(UNet(width=4, depth=2), ("red", "nir"), (5, 7))


@pytest.fixture
def network(tmp_path: Path) -> nn.Module:
    made = build(RECORD.network, 2, 2).to(memory_format=torch.channels_last)
    made(torch.randn(2, 2, 8, 8))  # moves the norms' statistics
    save_network(tmp_path, RECORD, made.state_dict())
    return made.eval()


def test_loaded_network_predicts_the_same(tmp_path: Path, network: nn.Module) -> None:
    before = torch.get_rng_state()
    loaded = load_network(tmp_path)
    assert torch.equal(torch.get_rng_state(), before)
    assert not loaded.training
    inputs = torch.randn(1, 2, 8, 8)
    assert torch.allclose(loaded(inputs), network(inputs), atol=1e-6)
    assert read_network_record(tmp_path) == RECORD


def test_damaged_weights_are_an_artifact_error(tmp_path: Path, network: nn.Module) -> None:
    path = tmp_path / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ArtifactError, match=r"weights\.safetensors.*run `train`"):
        load_network(tmp_path)


def test_other_structure_is_an_artifact_error(tmp_path: Path, network: nn.Module) -> None:
    values = read_json(tmp_path / "network.json")
    values["network"]["width"] = 6
    write_json(tmp_path / "network.json", values)
    with pytest.raises(ArtifactError, match="not the weights of"):
        load_network(tmp_path)
    values["network"]["width"] = "wide"
    write_json(tmp_path / "network.json", values)
    with pytest.raises(ArtifactError, match="does not describe a network"):
        load_network(tmp_path)
