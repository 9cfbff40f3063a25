"""Windows of a scene as people see them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from affine import Affine
from PIL import Image

from pipeline.imagery.patches import Window
from pipeline.imagery.tiles import TiledScene, TileGroup
from pipeline.imagery.transform import corners
from pipeline.reporting.picture import Picture

Camera = Callable[[TiledScene, int], Picture]
"""Gives a picture of all of a scene by the pixels of its longer side."""
NEIGHBOURHOOD: Final = 512
"""Working pixels around a window whose brightness and colours decide how it is shown."""


def photographs(
    scene: TiledScene, windows: Sequence[Window], side: int, camera: Camera
) -> Iterator[Picture]:
    """Pictures of windows, each (h, w, 3) uint8.

    Colours are stretched over a neighbourhood, not over the window: what is faint stays faint.

    Args:
        scene: The scene.
        windows: Inside of the scene.
        side: Pixels of a picture's longer side.
        camera: Takes the pictures, each of a neighbourhood as if that were a scene.
    """
    shown: tuple[Window, Picture] | None = None
    for window in windows:
        around = _around(window, scene.shape)
        if shown is None or shown[0] != around:
            zoom = side / max(window.height, window.width)
            longer = max(1, round(zoom * max(around.height, around.width)))
            shown = around, camera(_part(scene, around), longer)
        yield _cut(shown[1], around, window, side)


def _around(window: Window, shape: tuple[int, int]) -> Window:
    """The neighbourhood of a window; all of a small scene."""
    starts, sizes = [], []
    for start, size, whole in zip(
        (window.row, window.col), (window.height, window.width), shape, strict=True
    ):
        wanted = min(max(NEIGHBOURHOOD, size), whole)
        starts.append(min(max(start + size // 2 - wanted // 2, 0), whole - wanted))
        sizes.append(wanted)
    return Window(*starts, *sizes)


def _part(scene: TiledScene, window: Window) -> TiledScene:
    """A part of a scene as a scene of its own, reading no pixels yet."""
    rows, cols = (
        slice(window.row, window.row + window.height),
        slice(window.col, window.col + window.width),
    )
    groups = {name: _group_part(group, window) for name, group in scene.groups.items()}
    shape = (window.height, window.width)
    return replace(scene, shape=shape, groups=groups, mask=scene.mask[rows, cols])


def _group_part(group: TileGroup, window: Window) -> TileGroup:
    """The pixels of a group that a window shows, and one more on each side where there are."""
    move = Affine.translation(-window.col, -window.row)
    to_window = move @ group.to_working
    points = corners(~to_window, (window.height, window.width))
    height, width = group.pixels.shape[1:]
    left, right = _reach([x for x, _ in points], width)
    top, bottom = _reach([y for _, y in points], height)
    pixels = group.pixels[:, top:bottom, left:right]
    return replace(group, pixels=pixels, to_working=to_window @ Affine.translation(left, top))


def _reach(values: Sequence[float], size: int) -> tuple[int, int]:
    """First pixel and the one after the last that lie between values; one at least."""
    first = min(max(math.floor(min(values)) - 1, 0), size - 1)
    return first, max(min(math.ceil(max(values)) + 1, size), first + 1)


def _cut(picture: Picture, around: Window, window: Window, side: int) -> Picture:
    """A window of the picture of its neighbourhood."""
    scale_y, scale_x = picture.shape[0] / around.height, picture.shape[1] / around.width
    left, top = (window.col - around.col) * scale_x, (window.row - around.row) * scale_y
    box = (left, top, left + window.width * scale_x, top + window.height * scale_y)
    zoom = side / max(window.height, window.width)
    size = max(1, round(window.width * zoom)), max(1, round(window.height * zoom))
    cut = Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC, box)
    return np.asarray(cut)
