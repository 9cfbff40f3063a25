"""Planes of classes from the roles of a mask's pixels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import LabelError
from pipeline.imagery.annotations.mask_legend import UNKNOWN
from pipeline.imagery.annotations.values import IGNORED

_SHOWN: Final = 10


@dataclass(frozen=True)
class MaskPlanes:
    """What a window of a mask shows.

    Attributes:
        planes: (K, h, w) bool, classes in the configuration's order; a pixel may be of several.
        ignored: (h, w) bool, pixels of which nothing is known, whatever their classes.
    """

    planes: NDArray[np.bool_]
    ignored: NDArray[np.bool_]


def planes_of(roles: NDArray[np.int16], classes: int) -> MaskPlanes:
    """Planes of pixels (h, w) of one role each."""
    planes = roles == np.arange(classes, dtype=np.int16)[:, None, None]
    return MaskPlanes(planes, roles == IGNORED)


def check_known(
    path: Path,
    pixels: NDArray[Any],
    roles: NDArray[np.int16],
    corner: tuple[int, int],
    told: Callable[[Any], str],
    listed: str,
) -> None:
    """Check that all values are listed.

    Args:
        path: The mask.
        pixels: (h, w) values of a window.
        roles: (h, w) what they mean.
        corner: Row and column of the window's first pixel.
        told: Text of a value.
        listed: The values that are listed, as text.

    Raises:
        LabelError: Naming those that aren't, how many pixels have them, and where the first is.
    """
    unknown = roles == UNKNOWN
    if not unknown.any():
        return
    values, counts = np.unique(pixels[unknown], return_counts=True)
    rows = []
    for place in np.argsort(-counts, kind="stable")[:_SHOWN]:
        row, column = np.argwhere(unknown & (pixels == values[place]))[0] + corner
        rows.append(
            f"{told(values[place].item())} ({counts[place]} pixels, first in row {row}, column "
            f"{column})"
        )
    more = f" and {len(values) - _SHOWN} more" if len(values) > _SHOWN else ""
    raise LabelError(
        f"{path}: holds what dataset.labels doesn't list: {'; '.join(rows)}{more}; listed are "
        f"{listed}. List it under labels.values with its class, under labels.background or "
        "labels.ignore, or set labels.other"
    )
