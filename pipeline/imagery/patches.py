"""Windows of cached scenes as tensors on the working grid.

A group's pixels are first averaged over whole blocks where the group is finer than the working
grid (so nothing is skipped), then interpolated at the centres of the working pixels, with the
group's full transform. Blocks are counted from the scene's corner: a window cut anywhere gives the
numbers that the whole scene gives there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import grid_sample

from pipeline.imagery.bit_field import unpack
from pipeline.imagery.contrast import Contrast
from pipeline.imagery.scene import Pixels
from pipeline.imagery.tiles import TiledScene

Resampling = Literal["bilinear", "bicubic"]
TAPS: Final[Mapping[Resampling, int]] = {"bilinear": 2, "bicubic": 4}
"""Neighbouring blocks that an interpolated value is made of, along one axis."""
_CPU = torch.device("cpu")


@dataclass(frozen=True)
class Window:
    """A rectangle of working pixels; it may reach past the scene."""

    row: int
    col: int
    height: int
    width: int


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
    return cut_with_contrast(scenes, windows, groups, Contrast((), False), {}, resampling, device)


def cut_with_contrast(
    scenes: Sequence[TiledScene],
    windows: Sequence[Window],
    groups: Sequence[str],
    contrast: Contrast,
    scales: Mapping[str, float],
    resampling: Resampling = "bilinear",
    device: torch.device = _CPU,
) -> Tensor:
    """Bands as :func:`cut_batch` gives them, followed by their local contrasts.

    Args:
        scenes: N cached scenes.
        windows: N windows of h x w working pixels.
        groups: Names of the band groups.
        contrast: Which contrasts to make, of S sides.
        scales: Per group the number that means reflectance 1.
        resampling: Interpolation.
        device: Where to resample.

    Returns:
        (N, C + S * C, h, w) float32: all bands, then for each group and side its bands' contrasts.
    """
    sizes = [len(scenes[0].groups[name].pixels) for name in groups]
    known, sides = sum(sizes), len(contrast.sides)
    shape = (len(scenes), known * (1 + sides), windows[0].height, windows[0].width)
    batch = torch.empty(shape, dtype=torch.float32, device=device)
    for out, scene, window in zip(batch, scenes, windows, strict=True):
        first, end = 0, known
        for name, count in zip(groups, sizes, strict=True):
            blocks = _read_group(scene, name, window, contrast, resampling, device)
            values = blocks.values
            if sides:
                made = contrast(values, scales[name], blocks.metres)
                values = torch.cat((values, made))
            sampled = blocks.interpolated(values, resampling)
            out[first : first + count] = sampled[:count]
            out[end : end + sides * count] = sampled[count:]
            first += count
            end += sides * count
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
    kind = scene.mask.dtype.type
    outside = kind(1) << kind(scene.classes)
    return unpack(_cut_plane(scene.mask, window, outside), scene.classes)


def cut_target(
    scene: TiledScene, window: Window, classes: Sequence[int]
) -> NDArray[np.float32] | None:
    """What a training aims at in a window, where that is not the mask.

    Args:
        scene: Cached scene.
        window: Working pixels.
        classes: Positions of K' classes.

    Returns:
        (K', h, w) float32 in [0, 1], 0 past the scene; None where the target is the mask.
    """
    if scene.target is None:
        return None
    planes = [_cut_plane(scene.target[place], window, np.uint8(0)) for place in classes]
    return np.stack(planes).astype(np.float32) * np.float32(1 / 255)


def _cut_plane(plane: NDArray[Any], window: Window, outside: Any) -> NDArray[Any]:
    """A window (h, w) of a plane (H, W), filled with one value past it."""
    height, width = plane.shape
    top, left = max(window.row, 0), max(window.col, 0)
    bottom = max(min(window.row + window.height, height), top)
    right = max(min(window.col + window.width, width), left)
    cut: NDArray[Any] = np.full((window.height, window.width), outside, dtype=plane.dtype)
    if bottom > top and right > left:
        row, col = top - window.row, left - window.col
        cut[row : row + bottom - top, col : col + right - left] = plane[top:bottom, left:right]
    return cut


@dataclass(frozen=True)
class _Extent:
    """Blocks ``first`` to ``stop`` of ``block`` pixels each, along one axis."""

    first: int
    stop: int
    block: int

    @classmethod
    def around(
        cls, edges: NDArray[np.float64], size: int, block: int, taps: int, margin: int
    ) -> _Extent:
        """Blocks that interpolation reads.

        Args:
            edges: (h, w) edge coordinates in group pixels, linear along both axes; an axis
                along which they don't vary may have length 1.
            size: Number of group pixels along the axis.
            block: Group pixels per block.
            taps: Number of neighbours that the interpolation weighs, along one axis.
            margin: Further blocks on both sides.
        """
        corners = [float(edges[row, col]) / block for row in (0, -1) for col in (0, -1)]
        blocks = math.ceil(size / block)
        low = math.floor(min(corners) - 0.5) - taps // 2 - margin
        high = math.floor(max(corners) - 0.5) + taps // 2 + 2 + margin
        first = min(max(low, 0), blocks - 1)
        return cls(first, max(min(high, blocks), first + 1), block)

    def normalised(self, edges: NDArray[np.float64]) -> NDArray[np.float64]:
        """Edge coordinates on -1 ... 1 from the first edge of the blocks to the last."""
        return (edges / self.block - self.first) * (2 / (self.stop - self.first)) - 1


@dataclass(frozen=True)
class _Blocks:
    """A group's pixels around a window, averaged over blocks, and where the window lies in them.

    Attributes:
        values: (C, blocks, blocks) float32.
        grid: (h, w, 2) float32, the working pixels' centres on -1 ... 1, x first.
        metres: Metres per block.
    """

    values: Tensor
    grid: Tensor
    metres: float

    def interpolated(self, values: Tensor, resampling: Resampling) -> Tensor:
        """Values (F, blocks, blocks) at the window's working pixels, (F, h, w)."""
        return grid_sample(
            values[None],
            self.grid[None],
            mode=resampling,
            padding_mode="border",
            align_corners=False,
        )[0]


def _read_group(
    scene: TiledScene,
    name: str,
    window: Window,
    contrast: Contrast,
    resampling: Resampling,
    device: torch.device,
) -> _Blocks:
    """Read what one group needs for a window and its contrasts."""
    group = scene.groups[name]
    a, b, c, d, e, f = (~group.to_working)[:6]
    columns = window.col + 0.5 + np.arange(window.width)
    lines = window.row + 0.5 + np.arange(window.height)[:, None]
    # Without rotation a coordinate varies along one axis only, and costs next to nothing.
    x = a * columns[None] + c if b == 0 else a * columns + b * lines + c
    y = e * lines + f if d == 0 else d * columns + e * lines + f
    taps = TAPS[resampling]
    step_x, step_y = math.hypot(a, d), math.hypot(b, e)
    block_x, block_y = max(1, round(step_x)), max(1, round(step_y))
    metres = scene.metres * block_x / step_x
    margin = max(contrast.radii(metres), default=0)
    x_extent = _Extent.around(x, group.pixels.shape[2], block_x, taps, margin)
    y_extent = _Extent.around(y, group.pixels.shape[1], block_y, taps, margin)
    grid = np.empty((window.height, window.width, 2), dtype=np.float32)
    grid[..., 0], grid[..., 1] = x_extent.normalised(x), y_extent.normalised(y)
    return _Blocks(
        _read_blocks(group.pixels, y_extent, x_extent, device),
        torch.from_numpy(grid).to(device),
        metres,
    )


def _read_blocks(pixels: Pixels, rows: _Extent, cols: _Extent, device: torch.device) -> Tensor:
    """Means (C, blocks, blocks) float32 over blocks of pixels."""
    top, left = rows.first * rows.block, cols.first * cols.block
    height = (rows.stop - rows.first) * rows.block
    width = (cols.stop - cols.first) * cols.block
    part = _array(pixels[:, top : top + height, left : left + width], device)
    short = (height - part.shape[1], width - part.shape[2])
    if any(short):
        part = np.pad(part, ((0, 0), (0, short[0]), (0, short[1])), mode="edge")
    tensor = torch.from_numpy(part).to(device).to(torch.float32)
    if rows.block > 1:
        tensor = _mean_of_rows(tensor, rows.block)
    return _mean_of_columns(tensor, cols.block) if cols.block > 1 else tensor


def _array(pixels: Pixels, device: torch.device) -> NDArray[Any]:
    """A copy in memory: as numbers of the device's arithmetic, or as few bytes to send there."""
    if device.type == "cpu":
        return pixels.astype(np.float32)
    return np.array(pixels, order="C")


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
