"""Weights that are carried over, by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from pipeline.config.network import LibraryNetwork, UNet
from pipeline.errors import ConfigError
from pipeline.imagery.channels import Channel
from pipeline.learning.carry_over import Report, carry_over
from pipeline.learning.networks import build
from pipeline.learning.weights import NetworkRecord

SMALL = UNet(width=4, depth=2)
NM = {"red": 660.0, "green": 545.0, "blue": 480.0, "edge": 725.0, "nir": 830.0, "swir": 1650.0}


def channels(*names: str) -> tuple[Channel, ...]:
    """Bands by name; ``NDVI`` and such are indices."""
    return tuple(
        Channel(name, "band", "M", NM[name]) if name in NM else Channel(name, name, "M", None)
        for name in names
    )


def made(
    settings: UNet | LibraryNetwork,
    names: Sequence[str],
    codes: Sequence[int],
    seed: int,
    levels: tuple[int, ...] | None = None,
) -> tuple[nn.Module, NetworkRecord]:
    """A network whose norms have moved, and its record."""
    torch.manual_seed(seed)
    network = build(settings, len(names), len(codes), levels=levels)
    network(torch.randn(2, len(names), 32, 32))
    return network.eval(), NetworkRecord.of(settings, channels(*names), codes, levels)


def carried(
    new: tuple[nn.Module, NetworkRecord], old: tuple[nn.Module, NetworkRecord], **options: Any
) -> Report:
    return carry_over(*new, old[0].state_dict(), old[1], **options)


@pytest.mark.parametrize(
    ("settings", "levels"),
    [
        (SMALL, None),
        (UNet(width=4, depth=2, normalisation="none", activation="prelu"), None),
        (UNet(width=4, depth=3, entry="depth"), (0, 2, 0)),
        (UNet(width=4, depth=3, entry="depth"), (1, 2, 2)),
        (UNet(width=4, depth=2, block="residual", down="stride", attention="gate"), None),
        # As many bands as the first level has channels: they are not added to them as they are.
        (UNet(width=3, depth=2, block="residual", growth=1, skip="sum"), None),
        (UNet(width=4, depth=3, block="residual", entry="depth"), (1, 2, 2)),
        (UNet(width=4, depth=2, block="dense", up="transposed", attention="squeeze"), None),
        (UNet(width=4, depth=3, block="dense", convolutions=3, entry="depth"), (0, 2, 0)),
        (LibraryNetwork(encoder="resnet18"), None),
    ],
)
def test_permuted_bands_and_classes_give_the_same_answers(
    settings: UNet | LibraryNetwork, levels: tuple[int, ...] | None
) -> None:
    names, order = ("red", "nir", "NDVI"), [2, 0, 1]
    old = made(settings, names, (5, 7), 0, levels)
    turned = None if levels is None else tuple(levels[i] for i in order)
    new = made(settings, [names[i] for i in order], (7, 5), 1, turned)
    report = carried(new, old)
    inputs = torch.randn(1, 3, 32, 32)
    found, expected = new[0](inputs[:, order]), old[0](inputs)[:, [1, 0]]
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
    assert report.fresh == ()
    assert report.codes == (7, 5)
    assert report.carried == {name for name, _ in new[0].named_parameters()}


def first(network: nn.Module) -> Tensor:
    weight: Tensor = network.state_dict()["down.0.0.weight"]
    return weight.clone()


def test_filters_by_wavelength_worked_out_by_hand() -> None:
    old = made(SMALL, ("red", "green", "blue"), (5,), 0)
    new = made(SMALL, ("blue", "edge", "nir", "swir", "NDVI"), (5,), 1)
    before, theirs = first(new[0]), first(old[0])
    report = carried(new, old)
    found, scale = first(new[0]), 3 / 5
    torch.testing.assert_close(found[:, 0], theirs[:, 2] * scale)
    torch.testing.assert_close(found[:, 1], theirs[:, 0] * scale)
    torch.testing.assert_close(found[:, 2], theirs[:, 0] * scale)
    torch.testing.assert_close(found[:, 3], theirs.mean(1) * scale)
    assert torch.equal(found[:, 4], before[:, 4])
    assert report.fresh == ("down.0.0.weight",)
    assert "channel edge: red, 65 nm away" in report.lines()
    assert "channel NDVI: drawn anew" in report.lines()


def test_channels_from_their_namesakes_are_counted_not_listed() -> None:
    old = made(SMALL, ("red", "green", "NDVI"), (5,), 0)
    lines = carried(made(SMALL, ("green", "edge", "NDVI"), (5,), 1), old).lines()
    assert "2 channels from their namesakes" in lines
    assert [line for line in lines if line.startswith("channel ")] == [
        "channel edge: red, 65 nm away"
    ]


def test_limit_of_the_distance_is_used() -> None:
    old, new = made(SMALL, ("red", "green"), (5,), 0), made(SMALL, ("edge", "blue"), (5,), 1)
    carried(new, old, max_distance=64)
    torch.testing.assert_close(first(new[0])[:, 0], first(old[0]).mean(1))
    carried(new, old, max_distance=65)
    torch.testing.assert_close(first(new[0])[:, 0], first(old[0])[:, 0])


def test_sum_over_channels_stays_as_large() -> None:
    """Of inputs that are equal in all channels, the first layer says what it did."""
    old = made(SMALL, ("red",), (5,), 0)
    new = made(SMALL, ("red", "edge", "nir", "green"), (5,), 1)
    carried(new, old)
    torch.testing.assert_close(first(new[0]).sum(1), first(old[0]).sum(1))


def test_rows_of_shared_classes_are_kept_and_new_ones_start_at_their_prior() -> None:
    old = made(SMALL, ("red",), (5, 7, 9), 0)
    torch.manual_seed(1)
    network = build(SMALL, 1, 2, [0.25, 0.01])
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    report = carry_over(
        network,
        NetworkRecord.of(SMALL, channels("red"), (3, 9)),
        old[0].state_dict(),
        old[1],
    )
    found, theirs = network.state_dict(), old[0].state_dict()
    for name in ("head.weight", "head.bias"):
        assert torch.equal(found[name][1], theirs[name][2])
        assert torch.equal(found[name][0], before[name][0])
    assert report.codes == (9,)
    assert report.fresh == ("head.weight", "head.bias")


def test_statistics_of_norms_are_carried_over() -> None:
    old, new = made(SMALL, ("red",), (5,), 0), made(SMALL, ("red",), (5,), 1)
    carried(new, old)
    for name, tensor in new[0].state_dict().items():
        if "running" in name:
            assert torch.equal(tensor, old[0].state_dict()[name])


def test_a_channel_takes_filters_of_its_own_level_only() -> None:
    settings = UNet(width=4, depth=3, entry="depth")
    old = made(settings, ("red", "swir"), (5,), 0, (0, 2))
    new = made(settings, ("red", "swir", "nir"), (5,), 1, (0, 2, 2))
    before = new[0].state_dict()["down.2.0.weight"].clone()
    report = carried(new, old, max_distance=50)
    found, theirs = (row[0].state_dict()["down.2.0.weight"] for row in (new, old))
    # 8 features of the level above, then the channels.
    assert torch.equal(found[:, :8], theirs[:, :8])
    torch.testing.assert_close(found[:, 8], theirs[:, 8] / 2)
    torch.testing.assert_close(found[:, 9], theirs[:, 8] / 2)  # the only one of its level
    assert not torch.equal(found[:, 9], before[:, 9])
    assert torch.equal(first(new[0]), first(old[0]))
    assert report.fresh == ()


def test_channels_at_a_level_where_the_source_has_none_are_new() -> None:
    old = made(UNet(width=4, depth=2), ("red",), (5,), 0)
    new = made(UNet(width=4, depth=2, entry="depth"), ("red", "swir"), (5,), 1, (0, 1))
    before = new[0].state_dict()["down.1.0.weight"].clone()
    report = carried(new, old)
    found, theirs = (row[0].state_dict()["down.1.0.weight"] for row in (new, old))
    assert torch.equal(found[:, :4], theirs)
    assert torch.equal(found[:, 4:], before[:, 4:])
    assert report.fresh == ("down.1.0.weight",)


def test_a_deeper_network_takes_what_is_of_the_same_level() -> None:
    old, new = made(SMALL, ("red",), (5,), 0), made(UNet(width=4, depth=3), ("red",), (5,), 1)
    report = carried(new, old)
    found, theirs = new[0].state_dict(), old[0].state_dict()
    assert torch.equal(found["up.1.0.weight"], theirs["up.0.0.weight"])
    assert torch.equal(found["down.1.0.weight"], theirs["down.1.0.weight"])
    assert {name.split(".")[0] + name.split(".")[1] for name in report.fresh} == {
        "down2",
        "up0",
        "narrow0",
    }


def test_nothing_in_common_is_an_error() -> None:
    old = made(SMALL, ("red",), (5,), 0)
    with pytest.raises(ConfigError, match="no tensor of the source has a counterpart"):
        carried(made(UNet(width=6, depth=2), ("red",), (5,), 1), old)
    with pytest.raises(ConfigError, match="none"):
        carry_over(*old, {}, old[1])


def test_numbers_that_are_not_finite_are_refused() -> None:
    old, new = made(SMALL, ("red",), (5,), 0), made(SMALL, ("red",), (5,), 1)
    before = first(new[0])
    weights = {**old[0].state_dict(), "down.1.0.weight": torch.full((8, 4, 3, 3), torch.nan)}
    with pytest.raises(ConfigError, match=r"down\.1\.0\.weight holds numbers that are not finite"):
        carry_over(*new, weights, old[1])
    assert torch.equal(first(new[0]), before)


def test_other_types_and_shapes_are_left_out() -> None:
    old, new = made(SMALL, ("red",), (5,), 0), made(SMALL, ("red",), (5,), 1)
    weights = dict(old[0].state_dict())
    weights["down.0.0.weight"] = torch.ones(4, 1, 3, 3, dtype=torch.int64)
    weights["down.1.0.weight"] = torch.ones(())
    weights["head.weight"] = torch.ones(3)
    weights["up.0.0.weight"] = weights["up.0.0.weight"].to(torch.float8_e4m3fn)
    before = {name: tensor.clone() for name, tensor in new[0].state_dict().items()}
    report = carry_over(*new, weights, old[1])
    found = new[0].state_dict()
    for name in ("down.0.0.weight", "down.1.0.weight", "head.weight", "head.bias"):
        assert torch.equal(found[name], before[name])
        assert name in report.fresh
    assert torch.equal(found["up.0.0.weight"], weights["up.0.0.weight"].float())


@pytest.mark.parametrize("block", ["residual", "dense"])
def test_a_channel_is_told_once_of_all_the_layers_that_it_enters(block: Any) -> None:
    settings = UNet(width=4, depth=2, block=block)
    old = made(settings, ("red", "green"), (5,), 0)
    new = made(settings, ("edge", "green", "NDVI"), (5,), 1)
    report = carried(new, old)
    assert [match.channel for match in report.matches] == ["edge", "green", "NDVI"]
    entered = {"residual": ("body.0", "shortcut.0"), "dense": ("grow.0.0", "transition.0")}[block]
    for name in entered:
        weight = f"down.0.{name}.weight"
        found, theirs = (row[0].state_dict()[weight] for row in (new, old))
        # New features of a dense level come before the channels.
        torch.testing.assert_close(found[:, -3:-1], theirs[:, -2:] * 2 / 3)
        torch.testing.assert_close(found[:, :-3], theirs[:, :-2])
        assert weight in report.fresh


def test_halving_convolutions_meet_by_level() -> None:
    deep = UNet(width=4, depth=3, down="stride", entry="depth")
    old = made(UNet(width=4, depth=3, down="stride"), ("red",), (5,), 0)
    new = made(deep, ("red",), (5,), 1, (1,))
    carried(new, old)
    found, theirs = new[0].state_dict(), old[0].state_dict()
    assert torch.equal(found["halve.0.weight"], theirs["halve.1.weight"])
