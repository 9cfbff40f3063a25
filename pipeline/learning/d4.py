"""The dihedral group D4: the eight symmetries of the square, defined once.

Augmentation (training) and test-time averaging (prediction) both use these functions. Element
``k`` is: mirror left-right if ``k >= 4``, then ``k % 4`` quarter turns counter-clockwise. The
order and the group table follow from r^4 = m^2 = (m r)^2 = 1.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import torch

ELEMENTS = tuple(range(8))
IDENTITY = 0

Array = TypeVar("Array", np.ndarray, torch.Tensor)


def apply(element: int, array: Array) -> Array:
    """Transform the last two axes of an array.

    Args:
        element: Group element, 0 to 7.
        array: Array or tensor (..., H, W) of any dtype.

    Returns:
        (..., H, W), or (..., W, H) for odd elements; a view where the library can make one.

    Raises:
        ValueError: If the element is not one of the eight.
    """
    if element not in ELEMENTS:
        raise ValueError(f"D4 element {element} is not in 0..7")
    mirror, turns = divmod(element, 4)
    if isinstance(array, torch.Tensor):
        mirrored = array.flip(-1) if mirror else array
        return torch.rot90(mirrored, turns, (-2, -1)) if turns else mirrored
    mirrored = array[..., ::-1] if mirror else array
    return np.rot90(mirrored, turns, (-2, -1)) if turns else mirrored


def inverse(element: int) -> int:
    """Element that undoes ``element``: a turn by the opposite angle, or the mirror itself."""
    if element not in ELEMENTS:
        raise ValueError(f"D4 element {element} is not in 0..7")
    return element if element >= 4 else (-element) % 4


def undo(element: int, array: Array) -> Array:
    """Apply the inverse of ``element`` to the last two axes."""
    return apply(inverse(element), array)
