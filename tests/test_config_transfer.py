"""The section ``transfer``: what may be asked for, and what contradicts itself."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from pipeline.config.network import LibraryNetwork, UNet
from pipeline.config.transfer import Transfer, check_transfer


def test_nothing_is_carried_over_by_default() -> None:
    transfer = Transfer()
    assert (transfer.run, transfer.source, transfer.trained) == (None, None, "all")
    check_transfer(transfer, UNet())


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"run": "a", "source": "b"}, "run a and source b both name weights; keep one"),
        ({"run": "../a"}, "run"),
        ({"run": "a", "wavelengths": [660]}, "wavelengths: only a bare .safetensors file"),
        ({"source": "folder", "wavelengths": [660]}, "wavelengths: only a bare"),
        ({"source": "x.safetensors", "wavelengths": [0.66]}, "wavelengths"),
        ({"trained": 0}, "trained"),
        ({"trained": "encoder"}, "trained"),
        ({"rate_factor": 0}, "rate_factor"),
        ({"depth_factor": 1.5}, "depth_factor"),
        ({"max_distance": -1}, "max_distance"),
    ],
)
def test_wrong_values(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Transfer(**values)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"trained": "decoder"}, "models.1.transfer.trained: decoder freezes .* models.1.transfer"),
        ({"trained": 2}, "transfer.trained: 2 freezes weights"),
        ({"rate_factor": 0.1}, "transfer.rate_factor: 0.1 is for weights that are carried over"),
        ({"depth_factor": 0.5}, "transfer.depth_factor: 0.5 is for weights"),
        ({"run": "a", "trained": 7}, "7 leaves none of the network's 7 blocks frozen"),
    ],
)
def test_rules_of_a_u_net(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_transfer(Transfer(**values), UNet(depth=4), "models.1.")


def test_weights_of_the_library_are_a_source() -> None:
    network = LibraryNetwork(weights="imagenet")
    check_transfer(Transfer(trained="decoder", rate_factor=0.1), network)
    check_transfer(Transfer(run="a", trained=6), UNet(depth=4))
    with pytest.raises(ValueError, match=r"network\.weights: imagenet would be replaced by those"):
        check_transfer(Transfer(run="a"), network)
    with pytest.raises(ValueError, match=r"transfer\.source, or network\.weights, or set it"):
        check_transfer(Transfer(trained="decoder"), LibraryNetwork())
