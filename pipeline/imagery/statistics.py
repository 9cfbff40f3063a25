"""Samples of the channels of cached scenes, for their normalisation."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import DatasetError
from pipeline.imagery.bit_field import unpack
from pipeline.imagery.channels import Channels
from pipeline.imagery.features import Normalisation
from pipeline.imagery.patches import Resampling, Window, cut_with_contrast
from pipeline.imagery.tiles import TiledScene

_SIDE: Final = 256
_PER_SCENE: Final = 20_000
_IN_ALL: Final = 500_000


def measure(
    scenes: Sequence[TiledScene], channels: Channels, resampling: Resampling
) -> Normalisation:
    """Robust statistics of every channel over the valid pixels of some scenes.

    Every scene gives the same number of pixels, drawn by chance under a fixed seed, so that a
    large one counts no more than a small one.

    Raises:
        DatasetError: If there is no valid pixel.
    """
    count = max(1, min(_PER_SCENE, _IN_ALL // max(1, len(scenes))))
    samples = [sample_channels(scene, channels, resampling, count) for scene in scenes]
    if not sum(map(len, samples)):
        raise DatasetError(
            f"none of the {len(scenes)} labelled scenes has a valid pixel; check scenes.nodata"
        )
    return Normalisation.of(np.concatenate(samples))


def sample_channels(
    scene: TiledScene, channels: Channels, resampling: Resampling, count: int
) -> NDArray[np.float32]:
    """Channels (P, F) of at most ``count`` valid pixels of a scene."""
    _, valid = unpack(np.asarray(scene.mask), scene.classes)
    places = np.flatnonzero(valid)
    if len(places) > count:
        places = np.sort(np.random.default_rng(0).choice(places, count, replace=False))
    chosen = np.zeros(scene.shape, dtype=np.bool_)
    chosen.reshape(-1)[places] = True
    names = [group.name for group in channels.groups]
    parts = [np.empty((0, len(channels.names)), dtype=np.float32)]
    for row, col in product(range(0, scene.shape[0], _SIDE), range(0, scene.shape[1], _SIDE)):
        wanted = chosen[row : row + _SIDE, col : col + _SIDE]
        if wanted.any():
            window = Window(row, col, *wanted.shape)
            cut = cut_with_contrast(
                [scene], [window], names, channels.local, channels.scales, resampling
            )
            parts.append(channels(cut)[0].numpy()[:, wanted].T)
    return np.concatenate(parts)
