"""A trained network on disk and back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from pipeline.config.network import UNet
from pipeline.errors import ArtifactError, ConfigError
from pipeline.files import read_json, write_json
from pipeline.imagery.channels import Channel
from pipeline.learning import weights
from pipeline.learning.networks import build
from pipeline.learning.weights import (
    NetworkRecord,
    check_record,
    load_network,
    read_network_record,
    read_weights,
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


INPUTS = (Channel("M.red", "band", "M", 660.0), Channel("NDVI", "NDVI", "", None))


def test_record_tells_what_the_channels_are(tmp_path: Path) -> None:
    record = NetworkRecord.of(UNet(width=4, depth=2), INPUTS, (5, 7), seen=("6010_0_0",))
    save_network(tmp_path, record, {})
    found = read_network_record(tmp_path)
    assert found == record
    assert found.inputs == INPUTS
    assert (found.levels, found.seen) == (None, ("6010_0_0",))
    assert not found.saw_others


def test_what_nobody_recorded_stays_unknown(tmp_path: Path) -> None:
    record = replace(RECORD, seen=("6010_0_0",), seen_unknown=True)
    save_network(tmp_path, record, {})
    found = read_network_record(tmp_path)
    assert (found.seen, found.saw_others) == (("6010_0_0",), True)
    assert RECORD.saw_others, "nothing was recorded at all"


def test_a_record_that_could_not_be_read_again_is_refused_before() -> None:
    check_record(RECORD)
    for record, reason in (
        (replace(RECORD, channels=("red", "red")), "channels names one twice"),
        (replace(RECORD, codes=tuple(range(64))), "codes: Tuple should have at most 63"),
    ):
        with pytest.raises(ConfigError, match=rf"features: .*{reason}.*change"):
            check_record(record)


def test_older_record_still_loads(tmp_path: Path) -> None:
    values = {"network": {"kind": "unet"}, "channels": ["shape M.red", "NDVI"], "codes": [1]}
    write_json(tmp_path / "network.json", values)
    found = read_network_record(tmp_path)
    assert (found.kinds, found.wavelengths, found.seen) == (None, None, None)
    assert found.inputs == (
        Channel("shape M.red", "shape", "M", None),
        Channel("NDVI", "NDVI", "", None),
    )


def test_levels_reach_the_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network whose channels enter at several levels is built as it was."""
    asked = []

    def fake(settings: object, inputs: int, classes: int, **options: object) -> nn.Module:
        asked.append((inputs, classes, options))
        return nn.Conv2d(inputs, classes, 1)

    monkeypatch.setattr(weights, "build", fake)
    for levels in (None, (0, 2)):
        record = NetworkRecord.of(UNet(), INPUTS, (5,), levels=levels)
        save_network(tmp_path, record, nn.Conv2d(2, 1, 1).state_dict())
        load_network(tmp_path)
    assert asked == [(2, 1, {"levels": None}), (2, 1, {"levels": (0, 2)})]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"kinds": ["band"]}, "1 kinds don't fit 2 channels"),
        ({"wavelengths": [660, float("nan")]}, "wavelengths"),
        ({"wavelengths": [660, -5]}, "wavelengths"),
        ({"levels": [0, 99]}, "levels"),
        ({"levels": "00"}, "levels"),
        ({"channels": ["red", "red"]}, "channels names one twice"),
        ({"channels": []}, "channels"),
        ({"codes": ["five"]}, "codes"),
        ({"codes": [5, 5]}, "codes names one twice"),
        ({"network": {"kind": "unet", "width": 10**9}}, "network"),
    ],
)
def test_hostile_record_is_an_artifact_error(
    tmp_path: Path, change: dict[str, Any], reason: str
) -> None:
    save_network(tmp_path, RECORD, {})
    write_json(tmp_path / "network.json", read_json(tmp_path / "network.json") | change)
    with pytest.raises(ArtifactError, match=rf"network\.json: does not describe.*{reason}"):
        read_network_record(tmp_path)


def test_levels_that_do_not_fit_are_an_artifact_error(tmp_path: Path, network: nn.Module) -> None:
    write_json(tmp_path / "network.json", read_json(tmp_path / "network.json") | {"levels": [0, 1]})
    with pytest.raises(ArtifactError, match=r"network\.json: levels"):
        load_network(tmp_path)


def test_record_that_is_no_object_is_an_artifact_error(tmp_path: Path) -> None:
    wrong: list[object] = [[], "text", None]
    for value in wrong:
        write_json(tmp_path / "network.json", value)
        with pytest.raises(ArtifactError, match="does not describe a network"):
            read_network_record(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\x80\x04pickle", b"\xff" * 64])
def test_no_other_format_is_read(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "weights.safetensors"
    path.write_bytes(content)
    with pytest.raises(ArtifactError, match=r"weights\.safetensors: can't be read as weights"):
        read_weights(path)
    with pytest.raises(ArtifactError, match=r"none\.safetensors"):
        read_weights(tmp_path / "none.safetensors")
