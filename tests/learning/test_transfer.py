"""The start of a training from other weights, from end to end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from pipeline.config.network import LibraryNetwork, Network, UNet
from pipeline.config.transfer import Transfer
from pipeline.errors import ArtifactError, ConfigError
from pipeline.imagery.channels import Channel
from pipeline.learning.networks import build
from pipeline.learning.transfer import Start, start_from
from pipeline.learning.transfer_source import Source
from pipeline.learning.weights import NetworkRecord, save_network

SMALL = UNet(width=4, depth=2)
RESNET = LibraryNetwork(encoder="resnet18")
RGB = {"red": 660.0, "green": 545.0, "blue": 480.0}
NEW = {"nir": 830.0, "blue": 470.0, "green": 550.0, "swir": 2200.0}


def made(
    settings: Network, bands: dict[str, float], seed: int, codes: Sequence[int] = (5,)
) -> tuple[nn.Module, NetworkRecord]:
    torch.manual_seed(seed)
    inputs = [Channel(f"M.{name}", "band", "M", nm) for name, nm in bands.items()]
    record = NetworkRecord.of(settings, inputs, codes, seen=("6010_0_0",))
    return build(replaced(settings), len(bands), len(codes)), record


def replaced(settings: Network) -> Network:
    """The same network without a download."""
    if isinstance(settings, LibraryNetwork):
        return settings.model_copy(update={"weights": None})
    return settings


def folder_source(folder: Path, network: nn.Module, record: NetworkRecord) -> Source:
    save_network(folder, record, network.state_dict())
    return Source(folder / "weights.safetensors", folder / "network.json")


def bare(folder: Path, weights: dict[str, Tensor]) -> Source:
    save_file(weights, folder / "bare.safetensors")
    return Source(folder / "bare.safetensors", None)


def start(
    new: tuple[nn.Module, NetworkRecord], source: Source | None, *held_out: str, **settings: Any
) -> Start:
    return start_from(*new, Transfer(source=Path("x.safetensors"), **settings), source, held_out)


def test_without_a_source_nothing_changes() -> None:
    new = made(SMALL, NEW, 1)
    before = {name: tensor.clone() for name, tensor in new[0].state_dict().items()}
    found = start_from(*new, Transfer(), None)
    assert (found, found.lines()) == (Start(), ())
    assert all(torch.equal(tensor, before[name]) for name, tensor in new[0].state_dict().items())


def test_from_the_item_of_a_run(tmp_path: Path) -> None:
    old, new = made(SMALL, RGB, 0), made(SMALL, NEW, 1)
    found = start(new, folder_source(tmp_path, *old), trained="decoder", rate_factor=0.1)
    weight, theirs = (row[0].state_dict()["down.0.0.weight"] for row in (new, old))
    torch.testing.assert_close(weight[:, 0], theirs[:, 0] * 3 / 4)
    torch.testing.assert_close(weight[:, 1], theirs[:, 2] * 3 / 4)
    torch.testing.assert_close(weight[:, 2], theirs[:, 1] * 3 / 4)
    torch.testing.assert_close(weight[:, 3], theirs.mean(1) * 3 / 4)
    assert {name.split(".")[0] for name in found.factors} == {"narrow", "up", "head"}
    assert set(found.factors.values()) == {0.1}
    assert (found.seen, found.seen_unknown) == (("6010_0_0",), False)
    assert "channel M.nir: M.red, 170 nm away" in found.lines()


def test_settings_reach_the_carrying_over(tmp_path: Path) -> None:
    old, new = made(SMALL, RGB, 0), made(SMALL, NEW, 1)
    start(new, folder_source(tmp_path, *old), max_distance=169)
    weight, theirs = (row[0].state_dict()["down.0.0.weight"] for row in (new, old))
    torch.testing.assert_close(weight[:, 0], theirs.mean(1) * 3 / 4)


def test_a_source_that_saw_held_out_ground_is_refused(tmp_path: Path) -> None:
    old, new = made(SMALL, RGB, 0), made(SMALL, NEW, 1)
    source = folder_source(tmp_path, *old)
    before = new[0].state_dict()["down.0.0.weight"].clone()
    with pytest.raises(ConfigError, match=r"trained on 6010_0_0, which this training holds out"):
        start(new, source, "6020_0_0", "6010_0_0")
    assert torch.equal(new[0].state_dict()["down.0.0.weight"], before)
    start(new, source, "6020_0_0")
    twins = [("6010", "6040")]
    with pytest.raises(ConfigError, match="6010_0_0"):
        start_from(*new, Transfer(source=tmp_path), source, ["6040_0_0"], twins)


def test_a_source_that_does_not_say_what_it_saw_is_named(tmp_path: Path) -> None:
    old, new = made(SMALL, RGB, 0), made(SMALL, NEW, 1)
    source = folder_source(tmp_path, old[0], replace(old[1], seen=None))
    found = start(new, source, "6010_0_0")
    assert (found.seen, found.seen_unknown) == ((), True)
    assert any("not recorded which scenes" in line for line in found.lines())


def test_what_a_source_is_known_to_have_seen_is_refused_though_it_saw_more(tmp_path: Path) -> None:
    old, new = made(SMALL, RGB, 0), made(SMALL, NEW, 1)
    source = folder_source(tmp_path, old[0], replace(old[1], seen_unknown=True))
    with pytest.raises(ConfigError, match=r"trained on 6010_0_0, which this training holds out"):
        start(new, source, "6010_0_0")
    found = start(new, source, "6020_0_0")
    assert (found.seen, found.seen_unknown) == (("6010_0_0",), True)
    assert any("not recorded which scenes" in line for line in found.lines())


def test_random_weights_are_never_frozen(tmp_path: Path) -> None:
    old, new = made(SMALL, RGB, 0), made(SMALL, NEW, 1)
    weights = {n: t for n, t in old[0].state_dict().items() if not n.startswith("down.1")}
    with pytest.raises(ConfigError, match=r"transfer\.trained: decoder would freeze .* down\.1"):
        start(new, bare(tmp_path, weights), trained="decoder")
    index = Channel("NDVI", "NDVI", "M", None)
    inputs = [Channel("M.red", "band", "M", 660.0), index]
    record = NetworkRecord.of(SMALL, inputs, (5,))
    with pytest.raises(ConfigError, match=r"no counterpart of NDVI"):
        start((build(SMALL, 2, 1), record), folder_source(tmp_path, *old), trained="decoder")


def test_a_bare_file_of_three_channels_is_of_red_green_and_blue(tmp_path: Path) -> None:
    old, new = made(SMALL, RGB, 0), made(SMALL, NEW, 1)
    before = new[0].state_dict()["head.weight"].clone()
    found = start(new, bare(tmp_path, old[0].state_dict()))
    weight, theirs = (row[0].state_dict()["down.0.0.weight"] for row in (new, old))
    torch.testing.assert_close(weight[:, 1], theirs[:, 2] * 3 / 4)
    assert torch.equal(new[0].state_dict()["head.weight"], before), "its classes are not known"
    assert (found.seen, found.seen_unknown) == ((), True)


def test_wavelengths_of_a_bare_file(tmp_path: Path) -> None:
    old, new = made(SMALL, {"a": 1.0, "b": 2.0}, 0), made(SMALL, NEW, 1)
    source = bare(tmp_path, old[0].state_dict())
    with pytest.raises(ConfigError, match=r"takes 2 channels and the network 4.*wavelengths"):
        start(new, source)
    with pytest.raises(ConfigError, match=r"transfer\.wavelengths: 1 numbers for .* 2 channels"):
        start(new, source, wavelengths=[500])
    start(new, source, wavelengths=[2200, 500])
    weight, theirs = (row[0].state_dict()["down.0.0.weight"] for row in (new, old))
    torch.testing.assert_close(weight[:, 3], theirs[:, 0] * 2 / 4)
    torch.testing.assert_close(weight[:, 1], theirs[:, 1] * 2 / 4)


def test_a_bare_file_of_as_many_channels_is_of_ours_in_order(tmp_path: Path) -> None:
    old, new = made(SMALL, NEW, 0), made(SMALL, NEW, 1)
    start(new, bare(tmp_path, old[0].state_dict()))
    weight, theirs = (row[0].state_dict()["down.0.0.weight"] for row in (new, old))
    assert torch.equal(weight, theirs)


def test_a_file_of_an_encoder_of_the_library(tmp_path: Path) -> None:
    """Names without ``encoder.``, a last layer that nobody needs, bands by wavelength."""
    old, new = made(RESNET, RGB, 0), made(RESNET, NEW, 1)
    encoder = {
        name.removeprefix("encoder."): tensor
        for name, tensor in old[0].state_dict().items()
        if name.startswith("encoder.")
    }
    source = bare(tmp_path, {**encoder, "fc.weight": torch.ones(10, 4)})
    found = start(new, source, trained="decoder", rate_factor=0.5)
    state, theirs = new[0].state_dict(), old[0].state_dict()
    torch.testing.assert_close(
        state["encoder.conv1.weight"][:, :3],
        theirs["encoder.conv1.weight"][:, [0, 2, 1]] * 3 / 4,
    )
    assert torch.equal(state["encoder.layer4.1.conv2.weight"], encoder["layer4.1.conv2.weight"])
    assert set(found.factors.values()) == {1.0}, "the decoder is new"
    assert not any(name.startswith("encoder.") for name in found.factors)


def test_weights_of_the_library_are_matched_by_wavelength(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library's own code loads them; only the download is replaced by a local file."""
    from segmentation_models_pytorch import encoders

    old = made(RESNET, RGB, 0)[0].state_dict()
    local = {n.removeprefix("encoder."): t for n, t in old.items() if n.startswith("encoder.")}
    local |= {"fc.weight": torch.zeros(1000, 512), "fc.bias": torch.zeros(1000)}
    path = tmp_path / "model.safetensors"
    save_file(local, path)
    asked = []

    def download(repo: str, filename: str, revision: str) -> str:
        asked.append(filename)
        return str(path)

    monkeypatch.setattr(encoders, "hf_hub_download", download)
    settings = LibraryNetwork(encoder="resnet18", weights="imagenet")
    _, record = made(settings, NEW, 1)
    network = build(settings, 4, 1)
    cyclic = network.state_dict()["encoder.conv1.weight"].clone()
    theirs = old["encoder.conv1.weight"]
    torch.testing.assert_close(cyclic[:, 1], theirs[:, 1] * 3 / 4)  # green filters for blue
    random = torch.get_rng_state()
    found = start_from(network, record, Transfer(trained="decoder"), None, ["6010_0_0"])
    assert torch.equal(torch.get_rng_state(), random)
    weight = network.state_dict()["encoder.conv1.weight"]
    torch.testing.assert_close(weight[:, 1], theirs[:, 2] * 3 / 4)  # blue ones
    torch.testing.assert_close(weight[:, 3], theirs.mean(1) * 3 / 4)
    assert (found.seen, found.seen_unknown) == ((), False)
    assert "model.safetensors" in asked


@pytest.mark.parametrize("content", [b"", b"\x80\x04\x95pickle", b"\xff" * 100])
def test_hostile_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    new = made(SMALL, NEW, 1)
    with pytest.raises(ArtifactError, match=r"x\.safetensors: can't be read as weights"):
        start(new, Source(path, None))
    (tmp_path / "network.json").write_bytes(content)
    with pytest.raises(ArtifactError):
        start(new, Source(path, tmp_path / "network.json"))


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    for weights in ({}, {"x": torch.ones(3)}, {"down.0.0.weight": torch.ones(())}):
        for settings in (SMALL, RESNET):
            with pytest.raises(ConfigError, match="no tensor of the source has a counterpart"):
                start(made(settings, NEW, 1), bare(tmp_path, dict(weights)))
