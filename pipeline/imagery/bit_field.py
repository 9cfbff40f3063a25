"""Masks of all classes as one unsigned integer per pixel.

Bit k is the class of row k of the configuration, the bit after the last class marks the pixel as
invalid. An invalid pixel of a class is one whose imagery is there, but of which the labels say
nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def bit_field_type(classes: int) -> np.dtype[Any]:
    """Smallest unsigned integer that holds ``classes`` bits and the invalid bit."""
    for bits in (8, 16, 32, 64):
        if classes < bits:
            return np.dtype(f"uint{bits}")
    raise ValueError(f"{classes} classes; a bit field holds at most 63")


def pack(
    masks: NDArray[np.bool_],
    valid: NDArray[np.bool_],
    ignored: NDArray[np.bool_] | None = None,
) -> NDArray[Any]:
    """Bit field (H, W) of masks (K, H, W), the valid mask (H, W) and pixels of unknown class.

    The latter are taken out of the masks; they have imagery where they are valid.
    """
    kind = bit_field_type(len(masks))
    field = np.zeros(valid.shape, kind)
    for bit, mask in enumerate(masks):
        field |= (mask & valid).astype(kind) << kind.type(bit)
    invalid = kind.type(1) << kind.type(len(masks))
    field[~valid] = invalid
    if ignored is not None:
        field[ignored & valid] = invalid | kind.type(1)
    return field


def unpack(field: NDArray[Any], classes: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Masks (K, H, W) and valid mask (H, W) of a bit field (H, W)."""
    kind = field.dtype.type
    bits = np.arange(classes).astype(field.dtype)
    valid = field < kind(1) << kind(classes)
    planes = (field[None] >> bits[:, None, None]) & kind(1) != 0
    planes &= valid
    return planes, valid


def seen(field: NDArray[Any], classes: int) -> NDArray[np.bool_]:
    """Pixels (H, W) of a bit field that have imagery, whatever is known of their class."""
    kind = field.dtype.type
    found: NDArray[np.bool_] = field != kind(1) << kind(classes)
    return found
