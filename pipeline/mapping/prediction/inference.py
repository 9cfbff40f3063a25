"""From networks to a scene's probabilities: sliding windows, blended in one pass.

Rows of windows are worked off from top to bottom. Only one row of windows is held as floats; rows
of pixels that no later window can reach are finished and handed on, so memory depends on the
scene's width and the window, not on how many windows there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline.config.models import Combine
from pipeline.imagery.transform import Shape
from pipeline.learning import d4
from pipeline.learning.metrics import to_levels
from pipeline.mapping.prediction.blending import Axis, axis, clip
from pipeline.mapping.prediction.ensemble import of_networks, of_view
from pipeline.workers.lanes import are_open, in_lanes

PARTS: Final = 4
"""Parts of a batch, however many threads there are: its size decides the last bits of float32."""

Cut = Callable[[Sequence[tuple[int, int]]], Tensor]
"""Inputs (N, F, side, side) of windows given by their first (row, column)."""
Forward = Callable[[Tensor], Tensor]
"""Logits (N, K, side, side) of inputs (N, F, side, side)."""


@dataclass(frozen=True)
class Sliding:
    """How windows slide over a scene.

    Attributes:
        side: Pixels of a window's side.
        overlap: Least share of a window that the next one sees again, in [0, 1).
        batch: Windows per forward pass.
        d4: Average the eight views of D4.
        blend: Weight windows smoothly towards their centre; otherwise all pixels alike.
        combine: How networks are joined.
    """

    side: int
    overlap: float = 0.25
    batch: int = 4
    d4: bool = True
    blend: bool = True
    combine: Combine = "mean"

    @property
    def elements(self) -> tuple[int, ...]:
        """The views that are averaged."""
        return d4.ELEMENTS if self.d4 else (d4.IDENTITY,)


def count_windows(shape: Shape, sliding: Sliding) -> int:
    """Number of windows that cover a scene of ``shape`` (H, W)."""
    rows, columns = (axis(length, sliding.side, sliding.overlap, False) for length in shape)
    return len(rows.starts) * len(columns.starts)


def predict_levels(
    shape: Shape,
    cut: Cut,
    forwards: Sequence[Forward],
    sliding: Sliding,
    advance: Callable[[int], None] = lambda _: None,
) -> NDArray[np.uint8]:
    """Probabilities of a whole scene as levels.

    A level is 255 p rounded to the nearest integer (halves to the even one); it stands for
    ``level / 255``, so a probability is kept to within 1/510.

    Args:
        shape: (H, W) of the scene, any size.
        cut: Gives the inputs of windows; it fills what overhangs the scene.
        forwards: Networks that are joined.
        sliding: How windows slide.
        advance: Is told the number of windows done after each batch.

    Returns:
        (K, H, W) uint8.
    """
    levels: NDArray[np.uint8] | None = None
    first = 0
    for strip in predict_strips(shape, cut, forwards, sliding, advance):
        if levels is None:
            levels = np.empty((len(strip), *shape), np.uint8)
        last = first + strip.shape[1]
        levels[:, first:last] = to_levels(strip).cpu().numpy()
        first = last
    if levels is None:
        raise ValueError(f"a scene of shape {shape} has no pixels")
    return levels


def predict_strips(
    shape: Shape,
    cut: Cut,
    forwards: Sequence[Forward],
    sliding: Sliding,
    advance: Callable[[int], None] = lambda _: None,
) -> Iterator[Tensor]:
    """Blended probabilities of a scene, finished rows first.

    Yields:
        (K, rows, W) float32, from the scene's top to its bottom, without gaps.
    """
    rows, columns = (axis(length, sliding.side, sliding.overlap, sliding.blend) for length in shape)
    height, side = shape[0], sliding.side
    open_rows: Tensor | None = None
    ends = [*(max(0, start) for start in rows.starts[1:]), height]
    begins = [max(0, start) for start in rows.starts]
    for index, (begin, end) in enumerate(zip(begins, ends, strict=True)):
        inside, _ = clip(rows.starts[index], side, height)
        band = _row_of_windows(shape[1], rows, index, columns, cut, forwards, sliding, advance)
        band = band[:, inside]
        if open_rows is not None:
            band[:, : open_rows.shape[1]] += open_rows
        finished = end - begin
        yield band[:, :finished]
        open_rows = band[:, finished:]


def _row_of_windows(
    width: int,
    rows: Axis,
    index: int,
    columns: Axis,
    cut: Cut,
    forwards: Sequence[Forward],
    sliding: Sliding,
    advance: Callable[[int], None],
) -> Tensor:
    """Weighted sum of one row of windows, (K, side, W) float32."""
    band: Tensor | None = None
    side = sliding.side
    for part in _batches(len(columns.starts), sliding.batch):
        inputs = cut([(rows.starts[index], columns.starts[column]) for column in part])
        averaged = _averaged(inputs, forwards, sliding)
        down = torch.from_numpy(rows.weights[index]).to(averaged.device)[:, None]
        if band is None:
            band = averaged.new_zeros((averaged.shape[1], side, width))
        for probabilities, column in zip(averaged, part, strict=True):
            across = torch.from_numpy(columns.weights[column]).to(averaged.device)
            inside, target = clip(columns.starts[column], side, width)
            weighted = probabilities[..., inside] * (down * across[inside])
            band[..., target] += weighted
        advance(len(part))
    if band is None:
        raise ValueError("a row without windows")
    return band


def _averaged(inputs: Tensor, forwards: Sequence[Forward], sliding: Sliding) -> Tensor:
    """(N, K, side, side) probabilities, on a processor in parts that have a thread each."""

    def average(part: Tensor) -> Tensor:
        return average_views(part, forwards, sliding.elements, sliding.combine)

    if inputs.device.type != "cpu" or not are_open():
        return average(inputs)
    return torch.cat(in_lanes(average, torch.split(inputs, -(-len(inputs) // PARTS))))


def _batches(count: int, size: int) -> Iterator[range]:
    bounds = [*range(0, count, size), count]
    for first, last in pairwise(bounds):
        yield range(first, last)


@torch.inference_mode()
def average_views(
    inputs: Tensor,
    forwards: Sequence[Forward],
    elements: Sequence[int],
    combine: Combine = "mean",
) -> Tensor:
    """Probability that views and networks agree on.

    Args:
        inputs: (N, F, side, side).
        forwards: Networks, giving logits (N, K, side, side).
        elements: D4 elements to view the inputs by.
        combine: How networks are joined; the views of each are averaged before.

    Returns:
        (N, K, side, side) float32.
    """
    sums: list[Tensor | None] = [None] * len(forwards)
    # Views of inputs with channels last keep that order: convolutions want it, and turning is
    # five times as fast.
    inputs = inputs.contiguous(memory_format=torch.channels_last)
    for element in elements:
        view = d4.apply(element, inputs)
        for index, forward in enumerate(forwards):
            seen = d4.undo(element, of_view(forward(view), combine))
            so_far = sums[index]
            sums[index] = seen if so_far is None else so_far.add_(seen)
    means = [total.div_(len(elements)) for total in sums if total is not None]
    if not means:
        raise ValueError("no view or no network to average")
    return of_networks(means, combine)
