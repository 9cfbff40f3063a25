"""Which part of a network a tensor belongs to: told by its name, and only here."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final, Literal

from torch import nn

from pipeline.config.network import LibraryNetwork, UNet
from pipeline.learning.blocks import entrances
from pipeline.learning.weights import NetworkRecord

Part = Literal["encoder", "decoder", "head"]

_PREFIXES: Final[dict[str, Part]] = {
    "down.": "encoder",
    "halve.": "encoder",
    "encoder.": "encoder",
    "head.": "head",
    "segmentation_head.": "head",
}
"""Of our own U-Net and of segmentation_models_pytorch; all else is of the decoder."""
_OF_LEVEL = re.compile(r"(down|halve|narrow|up|gate|squeeze)\.(\d+)\.")


def part_of(name: str) -> Part:
    """Part of a network that a tensor belongs to."""
    return next((part for prefix, part in _PREFIXES.items() if name.startswith(prefix)), "decoder")


def distances(network: nn.Module) -> dict[str, int]:
    """Blocks between each parameter and the last layer, which has 0.

    A block of our U-Net is a level on the way down or up, with what leads to it and what weighs
    its features. Of a library's network it is what the library numbers: a stage of an encoder, a
    block of a decoder.

    Returns:
        Distance by name of a parameter.
    """
    blocks: list[str] = []
    places: dict[str, int] = {}
    axes = {name: parameter.ndim for name, parameter in network.named_parameters()}
    wide = {_block(name) for name, ndim in axes.items() if ndim > 1}
    for name in axes:
        block = _block(name)
        # A norm on its own belongs to the layer before it.
        if block not in blocks and (block in wide or not blocks):
            blocks.append(block)
        places[name] = blocks.index(block) if block in blocks else len(blocks) - 1
    return {name: len(blocks) - 1 - place for name, place in places.items()}


def entries(network: nn.Module, record: NetworkRecord) -> dict[str, tuple[int, ...]]:
    """Layers that input channels can enter: positions of their channels, in the filters' order.

    Where features of another level come in, too, they come before the channels.

    Returns:
        Positions by name of a convolution, without ``.weight``.
    """
    count = len(record.channels)
    if isinstance(record.network, LibraryNetwork):
        for name, module in network.named_modules():
            inner = isinstance(module, nn.Conv2d) and part_of(f"{name}.") == "encoder"
            if inner and module.in_channels == count and module.groups == 1:
                return {name: tuple(range(count))}
        return {}
    levels = record.levels or (0,) * count
    return {
        f"down.{place}.{name}": tuple(i for i in range(count) if levels[i] == level)
        for level, (place, made) in enumerate(
            network.get_submodule("down").named_children(), min(levels)
        )
        for name in entrances(made)
    }


def source_entries(
    new: Collection[str], record: NetworkRecord, source: NetworkRecord
) -> dict[str, tuple[int, ...]]:
    """Positions of the source's channels, by the names of the new network's layers."""
    if isinstance(record.network, LibraryNetwork):
        return dict.fromkeys(new, tuple(range(len(source.channels))))
    levels = source.levels or (0,) * len(source.channels)
    first = min(record.levels or (0,))
    return {
        name: tuple(i for i, level in enumerate(levels) if level == first + int(name.split(".")[1]))
        for name in new
    }


def name_in_source(name: str, record: NetworkRecord, source: NetworkRecord) -> str:
    """Name of a tensor's counterpart: of the same level, if both are U-Nets of other depths."""
    match = _OF_LEVEL.match(name)
    if match is None or not (isinstance(record.network, UNet) and isinstance(source.network, UNet)):
        return name
    kind, place = match[1], int(match[2])
    if kind in ("down", "halve"):
        place += min(record.levels or (0,)) - min(source.levels or (0,))
    else:  # numbered from the bottom
        place += source.network.depth - record.network.depth
    return f"{kind}.{place}.{name[match.end() :]}"


def _block(name: str) -> str:
    """Name of the block: up to the first number, else the first two parts."""
    match = _OF_LEVEL.match(name)
    if match is not None:
        kind, place = match[1], int(match[2])
        if kind == "halve":  # leads to the next level down
            return f"down.{place + 1}"
        return f"down.{place}" if kind == "down" else f"up.{place}"
    parts = name.split(".")
    if part_of(name) == "head":
        return parts[0]
    for position, part in enumerate(parts):
        if position and part[-1].isdigit():
            return ".".join(parts[: position + 1])
    return ".".join(parts[:2])
