"""Choosing device and arithmetic."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from pipeline.errors import ConfigError
from pipeline.learning.device import available_devices, choose_compute


def test_auto_is_the_first_device_and_forced_types_hold() -> None:
    assert choose_compute().device.type == available_devices()[0]
    assert choose_compute("cpu", "float32").type == torch.float32
    assert str(choose_compute("cpu", "bfloat16")) == "cpu, bfloat16"


@pytest.mark.parametrize("native", [True, False])
def test_auto_precision_follows_the_processor(
    monkeypatch: pytest.MonkeyPatch, native: bool
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": native})
    expected = torch.bfloat16 if native else torch.float32
    assert choose_compute("cpu").type == expected


def test_missing_device_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ConfigError, match=r"train\.device: there is no cuda here"):
        choose_compute("cuda")


@pytest.mark.parametrize("name", ["float32", "bfloat16"])
def test_autocast_and_place(name: str) -> None:
    compute = choose_compute("cpu", name)  # type: ignore[arg-type]
    network = compute.place(nn.Conv2d(3, 4, 3))
    weight = network.get_parameter("weight")
    assert weight.is_contiguous(memory_format=torch.channels_last)
    assert weight.dtype == torch.float32
    with compute.autocast():
        assert network(torch.randn(1, 3, 8, 8)).dtype == getattr(torch, name)
