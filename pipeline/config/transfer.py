"""The section ``transfer``: weights that a training starts from, and how they are fine-tuned."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pipeline.config.base import Positive, Section
from pipeline.config.dataset import Wavelength
from pipeline.config.network import LibraryNetwork, UNet

Factor = Annotated[float, Field(gt=0, le=1)]


class Transfer(Section):
    """Start from the weights of another training, also of other bands and classes."""

    run: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")] | None = None
    """Name of an earlier run; each fold starts from its network that saw none of the fold's
    held-out places."""
    source: Path | None = None
    """Where there is no such run: a folder with weights.safetensors and network.json, or a
    .safetensors file of tensors named as the network's (or as its encoder's)."""
    wavelengths: tuple[Wavelength, ...] | None = None
    """Centres in nanometres of the input channels of a bare .safetensors file. null: three are red,
    green and blue; any other number must be that of the network's channels, in their order."""
    max_distance: Annotated[float, Field(ge=0)] = 200.0
    """Nanometres between a channel and the nearest one of the source; beyond, it starts from the
    mean of the source's channels of its kind."""
    trained: Literal["all", "decoder"] | Positive = "all"
    """What is trained: all; the decoder and the last layer, over a frozen encoder; or the last
    layer and so many blocks before it, over a frozen rest."""
    rate_factor: Factor = 1.0
    """Factor of the learning rate of weights that were carried over; new ones have 1."""
    depth_factor: Factor = 1.0
    """Further factor of their rate for each block between them and the last layer."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.run is not None and self.source is not None:
            raise ValueError(
                f"run {self.run} and source {self.source} both name weights; keep one of them"
            )
        bare = self.source is not None and self.source.suffix == ".safetensors"
        if self.wavelengths is not None and not bare:
            raise ValueError(
                "wavelengths: only a bare .safetensors file needs them, network.json tells those "
                "of a folder; remove them, or name the file as source"
            )
        return self


def check_transfer(transfer: Transfer, network: UNet | LibraryNetwork, prefix: str = "") -> None:
    """Check that what is to be frozen or slowed down has weights worth keeping.

    Args:
        transfer: The section.
        network: The network that it is for.
        prefix: What stands before the fields' names in messages, such as ``models.0.``.

    Raises:
        ValueError: Naming the field, its value, the rule and the fix.
    """
    named = f"{transfer.run or transfer.source or ''}"
    library = network.weights if isinstance(network, LibraryNetwork) else None
    if named and library:
        raise ValueError(
            f"{prefix}network.weights: {library} would be replaced by those of {named}; set "
            f"{prefix}network.weights to null, or remove {prefix}transfer.run and source"
        )
    fix = f"name {prefix}transfer.run or {prefix}transfer.source"
    if isinstance(network, LibraryNetwork):
        fix += f", or {prefix}network.weights"
    if not named and not library:
        if transfer.trained != "all":
            raise ValueError(
                f"{prefix}transfer.trained: {transfer.trained} freezes weights, but nothing says "
                f"where trained ones come from; {fix}, or set it to all"
            )
        for field in ("rate_factor", "depth_factor"):
            if getattr(transfer, field) != 1:
                raise ValueError(
                    f"{prefix}transfer.{field}: {getattr(transfer, field):g} is for weights that "
                    f"are carried over, but there are none; {fix}, or set it to 1"
                )
    if isinstance(network, UNet) and isinstance(transfer.trained, int):
        _check_blocks(transfer.trained, 2 * network.depth - 1, prefix)


def _check_blocks(trained: int, blocks: int, prefix: str) -> None:
    """A U-Net of depth d has d blocks down and d - 1 up (fewer where channels enter lower)."""
    if trained >= blocks:
        raise ValueError(
            f"{prefix}transfer.trained: {trained} leaves none of the network's {blocks} blocks "
            "frozen; set it to all, or lower it"
        )
