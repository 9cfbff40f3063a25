"""What a network is and costs: layers, weights, multiply-adds, memory, receptive field."""

from __future__ import annotations

import copy
from collections.abc import Container, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.flop_counter import FlopCounterMode

from pipeline.learning.receptive_field import SIDES, receptive_field

ELSEWHERE = "(elsewhere)"
"""Name of the row for weights that no layer used, and for what the network itself multiplies."""


@dataclass(frozen=True)
class LayerRow:
    """A layer.

    Attributes:
        name: Its path in the network, as in the names of its weights.
        kind: Its class, such as ``Conv2d``.
        shape: What it gives for one patch, without the axis N: mostly (C, h, w).
        parameters: Its weights, frozen ones too.
        multiply_adds: Products of convolutions and matrices in one forward pass of one patch.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int
    multiply_adds: int


@dataclass(frozen=True)
class Summary:
    """A network at work on one patch.

    Attributes:
        rows: Its layers in the order in which they work.
        in_channels: Number of input channels.
        side: Side of the patch, pixels.
        parameters: Sum over the rows.
        multiply_adds: Sum over the rows.
        activation_bytes: What a training keeps of one patch between the forward and the backward
            pass, in float32; the input and the places of maxima are among it.
        receptive_field: Side of the square of pixels that a logit depends on; None where that is
            the whole of any patch.
    """

    rows: tuple[LayerRow, ...]
    in_channels: int
    side: int
    parameters: int
    multiply_adds: int
    activation_bytes: int
    receptive_field: int | None


@dataclass(frozen=True)
class Costs:
    """What a network costs.

    Attributes:
        parameters: Its weights, frozen ones too.
        multiply_adds: Products of convolutions and matrices in one forward pass of one patch.
        activation_bytes: As in :class:`Summary`, of one patch.
    """

    parameters: int
    multiply_adds: int
    activation_bytes: int


def costs(network: nn.Module, in_channels: int, side: int) -> Costs:
    """What a network costs; it is not changed, and nothing is computed: it takes milliseconds.

    The network may be on any device, also on ``meta``, where it needs no memory.

    Args:
        network: Gives logits (N, K, h, w) of inputs (N, in_channels, h, w).
        in_channels: Number of input channels.
        side: Side of a patch, which the network can divide, pixels.
    """
    sketch = _sketch(network)
    shape = (in_channels, side, side)
    return Costs(
        parameters=sum(weight.numel() for weight in sketch.parameters()),
        multiply_adds=_counted(sketch, shape).get_total_flops() // 2,
        # What does not grow with the batch, such as the weights, is in both. One patch alone would
        # be too little for a batch norm.
        activation_bytes=_kept_bytes(sketch, 3, shape) - _kept_bytes(sketch, 2, shape),
    )


def summarise(network: nn.Module, in_channels: int, side: int) -> Summary:
    """The summary of a network; it is not changed, and no pixel is computed but for its field.

    Args:
        network: Gives logits (N, K, h, w) of inputs (N, in_channels, h, w).
        in_channels: Number of input channels.
        side: Side of a patch, which the network can divide, pixels.
    """
    whole = costs(network, in_channels, side)
    return Summary(
        rows=_rows(_sketch(network), (in_channels, side, side)),
        in_channels=in_channels,
        side=side,
        parameters=whole.parameters,
        multiply_adds=whole.multiply_adds,
        activation_bytes=whole.activation_bytes,
        receptive_field=receptive_field(network, in_channels),
    )


def summary_text(summary: Summary) -> str:
    """The summary as a table and three lines below it."""
    head = ("layer", "kind", "output", "weights", "multiply-adds")
    table = [head, *(_cells(row) for row in summary.rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(head))]
    lines = ["  ".join(_aligned(row, widths)).rstrip() for row in table]
    lines.insert(1, "-" * (sum(widths) + 2 * len(widths) - 2))
    seen = summary.receptive_field
    reach = f"{seen} x {seen} pixels" if seen else f"the whole patch (more than {SIDES[-1]} pixels)"
    return "\n".join(
        (
            *lines,
            lines[1],
            f"weights: {summary.parameters:,}",
            f"for a patch of {summary.side} x {summary.side} pixels and {summary.in_channels} "
            f"channels: {summary.multiply_adds:,} multiply-adds forward, "
            f"{summary.activation_bytes / 2**20:,.2f} MiB of activations kept by a training",
            f"a logit depends on {reach}",
        )
    )


def _cells(row: LayerRow) -> tuple[str, ...]:
    shape = " x ".join(map(str, row.shape))
    return (row.name, row.kind, shape, f"{row.parameters:,}", f"{row.multiply_adds:,}")


def _aligned(cells: tuple[str, ...], widths: list[int]) -> list[str]:
    """Names to the left, numbers to the right."""
    pairs = enumerate(zip(cells, widths, strict=True))
    return [cell.rjust(width) if n > 2 else cell.ljust(width) for n, (cell, width) in pairs]


def _sketch(network: nn.Module) -> nn.Module:
    """A copy without numbers: all of its tensors have a shape only."""
    tensors = (*network.parameters(), *network.buffers())
    # As if they were copied already: their numbers are not.
    return copy.deepcopy(network, {id(tensor): _bare(tensor) for tensor in tensors})


def _bare(tensor: Tensor) -> Tensor:
    bare = torch.empty_like(tensor, device="meta")
    return nn.Parameter(bare, tensor.requires_grad) if isinstance(tensor, nn.Parameter) else bare


def _rows(sketch: nn.Module, shape: tuple[int, ...]) -> tuple[LayerRow, ...]:
    """Modules that hold weights, multiply, or have no modules inside, as they finish."""
    modules = dict(sketch.named_modules())
    shapes: dict[str, tuple[int, ...]] = {}

    def note(name: str, output: object) -> None:
        if isinstance(output, Tensor):
            shapes[name] = tuple(output.shape[1:])

    handles = [
        module.register_forward_hook(lambda *parts, name=name: note(name, parts[-1]))
        for name, module in modules.items()
        if name and not isinstance(module, nn.Identity)
    ]
    products = _products(sketch, shape)
    for handle in handles:
        handle.remove()
    rows = []
    for name, output in shapes.items():
        module = modules[name]
        weights = sum(weight.numel() for weight in module.parameters(recurse=False))
        if weights or products.get(name) or not any(module.children()):
            kind = type(module).__name__
            rows.append(LayerRow(name, kind, output, weights, products.get(name, 0)))
    weights = sum(weight.numel() for weight in sketch.parameters())
    weights -= sum(row.parameters for row in rows)
    if weights or products[""]:
        rows.append(LayerRow(ELSEWHERE, "", (), weights, products[""]))
    return tuple(rows)


def _products(sketch: nn.Module, shape: tuple[int, ...]) -> Mapping[str, int]:
    """Multiply-adds of one patch by path, each at the innermost module; the network's is empty."""
    counter = _counted(sketch, shape)
    start = f"{type(sketch).__name__}."
    whole = {
        path.removeprefix(start): sum(counts.values()) // 2
        for path, counts in counter.get_flop_counts().items()
        if path.startswith(start)
    }
    own = {"": counter.get_total_flops() // 2} | whole
    for path, count in whole.items():
        own[_around(path, own)] -= count
    return own


def _counted(sketch: nn.Module, shape: tuple[int, ...]) -> FlopCounterMode:
    """Operations of one forward pass of one patch: an addition and a multiplication are two."""
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        sketch.eval()(torch.empty(1, *shape, device="meta"))
    return counter


def _around(path: str, paths: Container[str]) -> str:
    """The innermost of some modules that a module is part of."""
    outer = path.rpartition(".")[0]
    while outer not in paths:
        outer = outer.rpartition(".")[0]
    return outer


def _kept_bytes(sketch: nn.Module, patches: int, shape: tuple[int, ...]) -> int:
    """Bytes that the forward pass of a training keeps for the backward pass, each once."""
    kept: dict[int, Tensor] = {}

    def keep(tensor: Tensor) -> Tensor:
        kept[tensor.untyped_storage()._cdata] = tensor
        return tensor

    with saved_tensors_hooks(keep, lambda tensor: tensor):
        logits = sketch.train()(torch.empty(patches, *shape, device="meta"))
        total = sum(tensor.untyped_storage().nbytes() for tensor in kept.values())
    del logits  # until here the graph kept every tensor alive, so no storage was counted for two
    return total
