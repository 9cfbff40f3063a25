"""Windows of cached scenes as tensors on the working grid.

A group's pixels are first averaged over whole blocks where the group is finer than the working
grid (so nothing is skipped), then interpolated at the centres of the working pixels, with the
group's full transform. Blocks are counted from the scene's corner: a window cut anywhere gives the
numbers that the whole scene gives there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from affine import Affine
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import grid_sample

from pipeline.imagery.scene import Pixels
from pipeline.imagery.tiles import TiledScene, unpack

Resampling = Literal["bilinear", "bicubic"]
_CPU = torch.device("cpu")


@dataclass(frozen=True)
class Window:
    """A rectangle of working pixels; it may reach past the scene."""

    row: int
    col: int
    height: int
    width: int

    def grown(self, margin: int) -> Window:
        """The window with ``margin`` more pixels on each of its four sides."""
        return Window(
            self.row - margin, self.col - margin, self.height + 2 * margin, self.width + 2 * margin
        )


def whole(scene: TiledScene) -> Window:
    """The window that covers a scene."""
    return Window(0, 0, *scene.shape)


def cut_batch(
    scenes: Sequence[TiledScene],
    windows: Sequence[Window],
    groups: Sequence[str],
    resampling: Resampling = "bilinear",
    device: torch.device = _CPU,
) -> Tensor:
    """Bands of one window per scene; all windows have one size.

    Args:
        scenes: N cached scenes; one may stand there several times.
        windows: N windows of h x w working pixels.
        groups: Names of the band groups, in the order of the channels.
        resampling: Interpolation between (block-averaged) pixels.
        device: Where to resample, and where the result lies.

    Returns:
        (N, C, h, w) float32, the numbers of the files; past a group's border its edge repeats.
    """
    channels = sum(len(scenes[0].groups[name].pixels) for name in groups)
    shape = (len(scenes), channels, windows[0].height, windows[0].width)
    batch = torch.empty(shape, dtype=torch.float32, device=device)
    for bands, scene, window in zip(batch, scenes, windows, strict=True):
        first = 0
        for name in groups:
            group = scene.groups[name]
            count = len(group.pixels)
            bands[first : first + count] = _resample(
                group.pixels, ~group.to_working, window, resampling, device
            )
            first += count
    return batch


def cut_bands(
    scene: TiledScene,
    window: Window,
    groups: Sequence[str],
    resampling: Resampling = "bilinear",
    device: torch.device = _CPU,
) -> Tensor:
    """Bands (C, h, w) of one window, as :func:`cut_batch` gives them."""
    return cut_batch([scene], [window], groups, resampling, device)[0]


def cut_mask(scene: TiledScene, window: Window) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Masks and validity of a window.

    Returns:
        Masks (K, h, w) bool and valid (h, w) bool; past the scene nothing is valid or labelled.
    """
    height, width = scene.shape
    top, left = max(window.row, 0), max(window.col, 0)
    bottom = max(min(window.row + window.height, height), top)
    right = max(min(window.col + window.width, width), left)
    kind = scene.mask.dtype.type
    field: NDArray[Any] = np.full(
        (window.height, window.width), kind(1) << kind(scene.classes), dtype=kind
    )
    if bottom > top and right > left:
        inside = scene.mask[top:bottom, left:right]
        row, col = top - window.row, left - window.col
        field[row : row + bottom - top, col : col + right - left] = inside
    return unpack(field, scene.classes)


@dataclass(frozen=True)
class _Extent:
    """Blocks ``first`` to ``stop`` of ``block`` pixels each, along one axis."""

    first: int
    stop: int
    block: int

    @classmethod
    def around(cls, edges: NDArray[np.float64], size: int, step: float, taps: int) -> _Extent:
        """Blocks that interpolation reads.

        Args:
            edges: (h, w) edge coordinates in group pixels, linear along both axes.
            size: Number of group pixels along the axis.
            step: Group pixels per working pixel.
            taps: Number of neighbours that the interpolation weighs, along one axis.
        """
        block = max(1, round(step))
        corners = edges[:: max(1, len(edges) - 1), :: max(1, edges.shape[1] - 1)] / block
        blocks = math.ceil(size / block)
        first = min(max(math.floor(corners.min() - 0.5) - taps // 2, 0), blocks - 1)
        stop = min(math.floor(corners.max() - 0.5) + taps // 2 + 2, blocks)
        return cls(first, max(stop, first + 1), block)

    def normalised(self, edges: NDArray[np.float64]) -> NDArray[np.float64]:
        """Edge coordinates on -1 ... 1 from the first edge of the blocks to the last."""
        return (edges / self.block - self.first) * (2 / (self.stop - self.first)) - 1


def _resample(
    pixels: Pixels, to_group: Affine, window: Window, resampling: Resampling, device: torch.device
) -> Tensor:
    """One group's (C, H, W) pixels at the centres of a window's working pixels, (C, h, w)."""
    a, b, c, d, e, f = to_group[:6]
    columns = window.col + 0.5 + np.arange(window.width)
    lines = window.row + 0.5 + np.arange(window.height)[:, None]
    x, y = a * columns + b * lines + c, d * columns + e * lines + f
    taps = 2 if resampling == "bilinear" else 4
    x_extent = _Extent.around(x, pixels.shape[2], math.hypot(a, d), taps)
    y_extent = _Extent.around(y, pixels.shape[1], math.hypot(b, e), taps)
    grid = np.stack((x_extent.normalised(x), y_extent.normalised(y)), axis=-1)
    blocks = _read_blocks(pixels, y_extent, x_extent, device)
    return grid_sample(
        blocks[None],
        torch.from_numpy(grid.astype(np.float32))[None].to(device),
        mode=resampling,
        padding_mode="border",
        align_corners=False,
    )[0]


def _read_blocks(pixels: Pixels, rows: _Extent, cols: _Extent, device: torch.device) -> Tensor:
    """Means (C, blocks, blocks) float32 over blocks of pixels."""
    top, left = rows.first * rows.block, cols.first * cols.block
    height = (rows.stop - rows.first) * rows.block
    width = (cols.stop - cols.first) * cols.block
    part = np.array(pixels[:, top : top + height, left : left + width], order="C")
    short = (height - part.shape[1], width - part.shape[2])
    if any(short):
        part = np.pad(part, ((0, 0), (0, short[0]), (0, short[1])), mode="edge")
    tensor = torch.from_numpy(part).to(device).to(torch.float32)
    if rows.block > 1:
        tensor = _mean_of_rows(tensor, rows.block)
    return _mean_of_columns(tensor, cols.block) if cols.block > 1 else tensor


def _mean_of_rows(tensor: Tensor, block: int) -> Tensor:
    """Mean (C, H / block, W) over runs of rows; sums of slices are the fastest way on a CPU."""
    total = tensor[:, ::block].clone()
    for offset in range(1, block):
        total += tensor[:, offset::block]
    return total.div_(block)


def _mean_of_columns(tensor: Tensor, block: int) -> Tensor:
    """Mean (C, H, W / block) over runs of columns."""
    total = tensor[:, :, ::block].clone()
    for offset in range(1, block):
        total += tensor[:, :, offset::block]
    return total.div_(block)
