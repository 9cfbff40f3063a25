"""The section ``network``: the U-Net of our own, or a network of the library."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from pipeline.config.base import Positive, Section

_LARGEST = 512
_NARROWEST = 2


class UNet(Section):
    """The U-Net of our own."""

    kind: Literal["unet"] = "unet"
    width: Annotated[int, Field(ge=_NARROWEST, le=_LARGEST)] = 16
    """Channels of the first level."""
    growth: Annotated[float, Field(ge=1, le=4)] = 2.0
    """Factor of channels from one level to the next."""
    depth: Annotated[int, Field(ge=1, le=7)] = 4
    """Number of levels; a patch's side must be divisible by 2 ** (depth - 1)."""
    convolutions: Annotated[int, Field(ge=1, le=4)] = 2
    """Convolutions per level."""
    block: Literal["plain", "residual", "dense"] = "plain"
    """How a level's convolutions are joined: one after the other, to a sum with what came in, or
    each to all before it."""
    kernel: Literal[1, 3, 5, 7] = 3
    """Side of a level's convolutions, pixels."""
    down: Literal["max", "average", "stride"] = "max"
    """How a level is halved: maxima, means, or a convolution of 2x2 pixels."""
    up: Literal["bilinear", "nearest", "transposed"] = "bilinear"
    """How a level is doubled: interpolation, copies, or a transposed convolution of 2x2 pixels."""
    skip: Literal["concatenate", "sum"] = "concatenate"
    """How the way up is joined to what its counterpart on the way down saw."""
    attention: Literal["none", "gate", "squeeze"] = "none"
    """On the way up: none, a gate on each skip, or a factor per channel of each level."""
    normalisation: Literal["batch", "group", "instance", "none"] = "batch"
    group_size: Positive = 8
    """Channels per group of ``normalisation: group``; must divide the width of every level."""
    activation: Literal["relu", "leaky_relu", "prelu", "elu", "silu", "gelu", "tanh", "sigmoid"] = (
        "relu"
    )
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0
    """Probability of dropping an element or channel after each level."""
    dropout_kind: Literal["element", "channel"] = "channel"
    """What is dropped: single values, or whole channels of a patch."""
    initialisation: Literal["he_uniform", "he_normal", "xavier_uniform", "xavier_normal"] = (
        "he_uniform"
    )
    """Rule of the first weights; its gain is that of the activation that follows."""
    entry: Literal["patch", "depth"] = "patch"
    """Where coarse channels enter: all at the first level, or at the level of their resolution."""

    @model_validator(mode="after")
    def _check_groups(self) -> Self:
        if not self._groups_fit():
            widths = self.widths()
            common = math.gcd(*widths)
            sizes = ", ".join(str(size) for size in range(1, common + 1) if common % size == 0)
            raise ValueError(
                f"group_size {self.group_size} does not divide the widths of all levels "
                f"({', '.join(map(str, widths))}); set it to one of {sizes}, or change width or "
                "growth"
            )
        return self

    def widths(self) -> tuple[int, ...]:
        """Channels of each level, finest first."""
        return tuple(round(self.width * self.growth**level) for level in range(self.depth))

    def new_channels(self, width: int) -> int:
        """Channels that each convolution of a dense level adds: whole groups.

        All of them together are as many as the level's width, or somewhat more.

        Args:
            width: Channels of the level.
        """
        group = self.group_size if self.normalisation == "group" else 1
        return math.ceil(width / (self.convolutions * group)) * group

    def coarsest(self) -> int:
        """Pixels per pixel of the lowest level."""
        return 1 << (self.depth - 1)

    def rescaled(self, capacity: float) -> UNet:
        """The same network with about ``capacity`` times as many weights.

        A convolution's weights grow with the square of the width, so the width is multiplied by
        the root of ``capacity`` and rounded to the nearest one that ``group_size`` allows.

        Args:
            capacity: Factor of the number of weights, above 0.

        Raises:
            ValueError: If ``capacity`` is not above 0, or no width is allowed.
        """
        if not (math.isfinite(capacity) and capacity > 0):
            raise ValueError(f"capacity: {capacity} is no factor; set it above 0")
        wanted = max(self.width * math.sqrt(capacity), float(_NARROWEST))
        if round(wanted) > _LARGEST:
            raise ValueError(
                f"capacity: {capacity:g} makes width {self.width} to {wanted:.0f}, above "
                f"{_LARGEST}; set it to at most {(_LARGEST / self.width) ** 2:g}"
            )
        widths = range(_NARROWEST, _LARGEST + 1)
        for width in sorted(widths, key=lambda width: abs(width - wanted)):
            changed = self.model_copy(update={"width": width})
            if changed._groups_fit():
                return changed
        raise ValueError(
            f"group_size: {self.group_size} divides all levels at no width; lower it, or set "
            "growth to 1 or 2"
        )

    def _groups_fit(self) -> bool:
        """Whether every level's channels make whole groups, where there are groups."""
        group = self.group_size if self.normalisation == "group" else 1
        return all(width % group == 0 for width in self.widths())


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
KINDS: Final = tuple(part.model_fields["kind"].default for part in (UNet, LibraryNetwork))
"""What ``network.kind`` may be."""


def check_sizes(
    network: UNet | LibraryNetwork,
    patch: int,
    window: int,
    batch: int,
    prefix: str | Callable[[str], str] = "",
) -> None:
    """Check that a network can work on patches, windows and batches of these sizes.

    Args:
        network: The network.
        patch: Side of a training patch, pixels.
        window: Side of a prediction window, pixels.
        batch: Patches in one forward pass of the training.
        prefix: What stands before the fields' names in messages, such as ``models.0.``; or the
            function from a section's name to where it stands, such as ``models.0.augment``.

    Raises:
        ValueError: Naming the field, its value, the rule and the fix.
    """

    def at(field: str) -> str:
        section, _, key = field.partition(".")
        return f"{prefix}{field}" if isinstance(prefix, str) else f"{prefix(section)}.{key}"

    sides = ((at("augment.patch"), patch), (at("predict.window"), window))
    step = network.coarsest()
    for field, side in sides:
        if side % step:
            raise ValueError(
                f"{field}: {side} is not divisible by {step}, as the network needs; "
                f"set it to {max(step, round(side / step) * step)}"
            )
    norm = _statistics(network)
    for field, side in sides:
        if norm == "instance" and side == step:
            raise ValueError(
                f"{at('network.normalisation')}: instance (or group with group_size 1) needs more "
                f"than one pixel, but {field} {side} has only one on the lowest level; set it to "
                f"{2 * step}, or lower {at('network.depth')}"
            )
    if norm == "batch" and batch == 1 and patch == step:
        raise ValueError(
            f"{at('train.batch')}: batch normalisation needs more than one value, but one patch of "
            f"{at('augment.patch')} {patch} has only one on the lowest level; set "
            f"{at('train.batch')} to 2 or more, or {at('augment.patch')} to {2 * step}"
        )


def _statistics(network: UNet | LibraryNetwork) -> str:
    """What a network's norms take their statistics of; a group of one channel is an instance."""
    if isinstance(network, LibraryNetwork):
        return "batch"
    if network.normalisation == "group" and network.group_size == 1:
        return "instance"
    return network.normalisation
