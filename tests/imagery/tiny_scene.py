"""Cached scenes in memory for tests of what reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray

from pipeline.imagery.bit_field import pack
from pipeline.imagery.tiles import TiledScene, TileGroup
from pipeline.imagery.transform import Shape


def tiny_scene(
    shape: Shape,
    groups: Mapping[str, tuple[NDArray[Any], Affine]],
    masks: NDArray[np.bool_] | None = None,
    valid: NDArray[np.bool_] | None = None,
    metres: float = 1.0,
) -> TiledScene:
    """A cached scene.

    Args:
        shape: (H, W) of the working grid.
        groups: Pixels (C, H_g, W_g) and transform onto the working grid, by name.
        masks: (K, H, W); one empty class if None.
        valid: (H, W); all valid if None.
        metres: Working resolution.
    """
    masks = np.zeros((1, *shape), dtype=np.bool_) if masks is None else masks
    valid = np.ones(shape, dtype=np.bool_) if valid is None else valid
    return TiledScene(
        id="tiny",
        shape=shape,
        metres=metres,
        to_map=Affine.identity(),
        groups={name: TileGroup(name, *entry) for name, entry in groups.items()},
        mask=pack(masks, valid),
        classes=len(masks),
        labelled=True,
    )
