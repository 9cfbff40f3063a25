"""What names of tensors tell about a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from torch import nn

from pipeline.config.network import LibraryNetwork, UNet
from pipeline.config.transfer import Transfer
from pipeline.imagery.channels import Channel
from pipeline.learning.freezing import freeze
from pipeline.learning.networks import build
from pipeline.learning.parts import distances, entries, name_in_source, part_of, source_entries
from pipeline.learning.weights import NetworkRecord


def record(settings: UNet | LibraryNetwork, levels: tuple[int, ...]) -> NetworkRecord:
    inputs = [Channel(f"M.{i}", "band", "M", 500.0 + i) for i in range(len(levels))]
    return NetworkRecord.of(settings, inputs, (1,), levels if any(levels) else None)


def test_parts_of_both_kinds_of_network() -> None:
    for settings in (UNet(width=2, depth=2), LibraryNetwork(encoder="resnet18")):
        found = [part_of(name) for name, _ in build(settings, 2, 1).named_parameters()]
        assert list(dict.fromkeys(found)) == ["encoder", "decoder", "head"]


def test_distances_in_a_u_net() -> None:
    away = distances(build(UNet(width=2, depth=3), 2, 1))
    assert away["head.weight"] == away["head.bias"] == 0
    assert away["up.1.0.weight"] == away["up.1.1.bias"] == away["narrow.1.weight"] == 1
    assert away["up.0.3.weight"] == away["narrow.0.bias"] == 2
    assert [away[f"down.{level}.0.weight"] for level in (2, 1, 0)] == [3, 4, 5]


def test_distances_in_a_library_network() -> None:
    away = distances(build(LibraryNetwork(encoder="resnet18"), 2, 1))
    assert away["segmentation_head.0.weight"] == 0
    assert [away[f"decoder.blocks.{i}.conv1.0.weight"] for i in (4, 0)] == [1, 5]
    assert [away[f"encoder.layer{i}.0.conv1.weight"] for i in (4, 1)] == [6, 9]
    assert away["encoder.conv1.weight"] == away["encoder.bn1.weight"] == 10


def test_layers_that_channels_enter() -> None:
    flat = record(UNet(width=2, depth=2), (0, 0, 0))
    assert entries(build(flat.network, 3, 1), flat) == {"down.0.0": (0, 1, 2), "down.1.0": ()}
    deep = record(UNet(width=2, depth=4, entry="depth"), (3, 1, 3, 1))
    network = build(deep.network, 4, 1, levels=deep.levels)
    found = entries(network, deep)
    assert found == {"down.0.0": (1, 3), "down.1.0": (), "down.2.0": (0, 2)}
    for name in found:
        assert network.get_submodule(name).weight.ndim == 4
    library = record(LibraryNetwork(encoder="resnet18"), (0, 0, 0, 0))
    assert entries(build(library.network, 4, 1), library) == {"encoder.conv1": (0, 1, 2, 3)}


def test_the_sources_channels_at_our_layers() -> None:
    ours = record(UNet(depth=4, entry="depth"), (3, 1))
    theirs = record(UNet(depth=4, entry="depth"), (0, 1, 1, 3))
    found = source_entries(["down.0.0", "down.1.0", "down.2.0"], ours, theirs)
    assert found == {"down.0.0": (1, 2), "down.1.0": (), "down.2.0": (3,)}


def test_counterparts_are_of_the_same_level() -> None:
    three, four = record(UNet(depth=3), (0,)), record(UNet(depth=4), (0,))
    assert name_in_source("down.1.0.weight", four, three) == "down.1.0.weight"
    # The last block up is that of the finest level.
    assert name_in_source("up.2.0.weight", four, three) == "up.1.0.weight"
    assert name_in_source("narrow.0.bias", four, three) == "narrow.-1.bias"
    lower = record(UNet(depth=3, entry="depth"), (1,))
    assert name_in_source("down.0.0.weight", lower, three) == "down.1.0.weight"
    assert name_in_source("head.weight", four, three) == "head.weight"


FULL = UNet(width=4, depth=3, down="stride", up="transposed", attention="gate")


def test_what_leads_to_a_level_is_of_its_block() -> None:
    away = distances(build(FULL, 2, 1))
    assert max(away.values()) == 5
    assert away["halve.0.weight"] == away["down.1.0.weight"] == 4
    assert away["halve.1.bias"] == away["down.2.1.bias"] == 3
    assert away["narrow.0.weight"] == away["gate.0.skip.weight"] == away["up.0.0.weight"] == 2
    assert away["gate.1.weigh.bias"] == away["up.1.3.weight"] == 1
    squeezed = distances(build(FULL.model_copy(update={"attention": "squeeze"}), 2, 1))
    assert squeezed["squeeze.1.widen.bias"] == 1
    assert squeezed["squeeze.0.narrow.weight"] == 2


def test_halving_convolutions_are_of_the_encoder_and_gates_of_the_decoder() -> None:
    found = {name: part_of(name) for name, _ in build(FULL, 2, 1).named_parameters()}
    assert {part for name, part in found.items() if name.startswith("halve.")} == {"encoder"}
    assert {part for name, part in found.items() if name.startswith("gate.")} == {"decoder"}


def test_blocks_of_a_library_network_are_not_mistaken_for_ours() -> None:
    """Its encoders have parts that are called gate or up, too."""
    inner = nn.ModuleDict({"gate": nn.ModuleList([nn.Conv2d(1, 1, 1)]), "fc": nn.Linear(1, 1)})
    network = nn.ModuleDict({"encoder": inner, "head": nn.Conv2d(1, 1, 1)})
    away = distances(network)
    assert [away[f"{name}.weight"] for name in ("encoder.gate.0", "encoder.fc", "head")] == [
        2,
        1,
        0,
    ]


def test_layers_that_channels_enter_in_other_blocks() -> None:
    residual = record(UNet(width=4, depth=3, block="residual", entry="depth"), (2, 1, 2))
    assert entries(build(residual.network, 3, 1, levels=residual.levels), residual) == {
        "down.0.body.0": (1,),
        "down.0.shortcut.0": (1,),
        "down.1.body.0": (0, 2),
        "down.1.shortcut.0": (0, 2),
    }
    dense = record(UNet(width=4, depth=2, block="dense", convolutions=2), (0, 0, 0))
    names = ("grow.0.0", "grow.1.0", "transition.0")
    assert entries(build(dense.network, 3, 1), dense) == {
        **{f"down.0.{name}": (0, 1, 2) for name in names},
        **{f"down.1.{name}": () for name in names},
    }


def test_counterparts_of_new_parts_are_of_the_same_level() -> None:
    three, four = record(UNet(depth=3), (0,)), record(UNet(depth=4), (0,))
    assert name_in_source("halve.1.weight", four, three) == "halve.1.weight"
    assert name_in_source("gate.2.skip.weight", four, three) == "gate.1.skip.weight"
    assert name_in_source("squeeze.1.widen.bias", four, three) == "squeeze.0.widen.bias"
    lower = record(UNet(depth=3, entry="depth"), (1,))
    assert name_in_source("halve.0.bias", lower, three) == "halve.1.bias"


@pytest.mark.parametrize("block", ["plain", "residual", "dense"])
def test_what_is_frozen_of_other_structures(block: Any) -> None:
    settings = FULL.model_copy(update={"block": block})

    def trained(count: Any) -> set[str]:
        network = build(settings, 2, 1)
        freeze(network, Transfer(source=Path("x"), trained=count))
        parts: dict[str, set[bool]] = {}
        for name, weight in network.named_parameters():
            parts.setdefault(".".join(name.split(".")[:2]), set()).add(weight.requires_grad)
        assert all(len(states) == 1 for states in parts.values())
        return {name for name, states in parts.items() if states == {True}}

    way_up = {f"{kind}.{place}" for kind in ("narrow", "up", "gate") for place in (0, 1)}
    last = {"head.weight", "head.bias"}
    assert trained("decoder") == way_up | last
    assert trained(1) == last | {"narrow.1", "up.1", "gate.1"}
    assert trained(3) == last | way_up | {"down.2", "halve.1"}
