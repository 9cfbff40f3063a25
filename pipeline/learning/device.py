"""Where a network computes, and in which arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

from pipeline.errors import ConfigError

Device = Literal["auto", "cpu", "cuda", "mps"]
Precision = Literal["auto", "float32", "bfloat16"]

_FAST_BFLOAT16 = ("avx512_bf16", "amx_bf16")
"""What a processor says that multiplies bfloat16 itself; emulated, it is slower than float32."""


@dataclass(frozen=True)
class Compute:
    """A device and the type of the forward pass; weights and losses stay float32.

    Attributes:
        device: Where tensors lie.
        type: torch.bfloat16 or torch.float32.
    """

    device: torch.device
    type: torch.dtype

    def autocast(self) -> torch.autocast:
        """Context in which the forward pass runs in this arithmetic."""
        reduced = self.type != torch.float32
        return torch.autocast(self.device.type, torch.bfloat16, enabled=reduced)

    def place(self, network: nn.Module) -> nn.Module:
        """The network on the device, channels last: convolutions run up to twice as fast so."""
        placed: nn.Module = network.to(device=self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        return placed

    def __str__(self) -> str:
        return f"{self.device.type}, {str(self.type).removeprefix('torch.')}"


def choose_compute(device: Device = "auto", precision: Precision = "auto") -> Compute:
    """The device and arithmetic of a configuration, by what the machine has.

    Raises:
        ConfigError: If the device is not there.
    """
    name = _best_device() if device == "auto" else device
    if name not in available_devices():
        raise ConfigError(
            f"train.device: there is no {name} here, only {', '.join(available_devices())}; "
            "set it to auto"
        )
    if precision == "auto":
        return Compute(torch.device(name), _fast_type(name))
    return Compute(torch.device(name), getattr(torch, precision))


def available_devices() -> tuple[str, ...]:
    """Kinds of device on this machine, fastest first."""
    has = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    return (*(name for name, there in has.items() if there), "cpu")


def _best_device() -> str:
    return available_devices()[0]


def _fast_type(device: str) -> torch.dtype:
    """bfloat16 where it is native, so that it saves time; float32 elsewhere."""
    if device == "cuda":
        native = torch.cuda.is_bf16_supported(including_emulation=False)
    elif device == "cpu":
        capabilities = torch.cpu.get_capabilities()
        native = any(capabilities.get(name) is True for name in _FAST_BFLOAT16)
    else:
        native = False
    return torch.bfloat16 if native else torch.float32
