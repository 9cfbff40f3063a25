"""The section ``network``: the U-Net of our own, or a network of the library."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pipeline.config.base import Section


class UNet(Section):
    """The U-Net of our own."""

    kind: Literal["unet"] = "unet"
    width: Annotated[int, Field(ge=2, le=512)] = 16
    """Channels of the first level."""
    growth: Annotated[float, Field(ge=1, le=4)] = 2.0
    """Factor of channels from one level to the next."""
    depth: Annotated[int, Field(ge=1, le=7)] = 4
    """Number of levels; a patch's side must be divisible by 2 ** (depth - 1)."""
    convolutions: Annotated[int, Field(ge=1, le=4)] = 2
    """Convolutions per level."""
    normalisation: Literal["batch", "group", "instance", "none"] = "batch"
    activation: Literal["relu", "leaky_relu", "elu", "silu", "gelu"] = "relu"
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0
    """Probability of dropping a channel after each level."""
    initialisation: Literal["he_uniform", "he_normal", "xavier_uniform", "xavier_normal"] = (
        "he_uniform"
    )

    def coarsest(self) -> int:
        """Pixels per pixel of the lowest level."""
        return 1 << (self.depth - 1)


class LibraryNetwork(Section):
    """A network of segmentation_models_pytorch, by name."""

    kind: Literal["smp"] = "smp"
    architecture: str = "unet"
    """Unet, UnetPlusPlus, FPN, ... in any case."""
    encoder: str = "resnet18"
    weights: str | None = None
    """Pretrained weights of the encoder by the library's name (downloads them); null for none."""

    def coarsest(self) -> int:
        """Pixels per pixel of the lowest level, in nearly all of the library's networks."""
        return 32


Network = Annotated[UNet | LibraryNetwork, Field(discriminator="kind")]
