"""A mask (H, W) of one bit per pixel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class BitRows:
    """Packed rows, unpacked where they are asked for.

    Attributes:
        bits: (H, ceil(W / 8)) uint8, the first pixel in the highest bit.
        width: W.
    """

    bits: NDArray[np.uint8]
    width: int

    @classmethod
    def of(cls, mask: NDArray[np.bool_]) -> BitRows:
        """A mask (H, W), packed."""
        return cls(np.packbits(mask, axis=1), mask.shape[1])

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W)."""
        return self.bits.shape[0], self.width

    def __getitem__(self, rows: slice) -> NDArray[np.bool_]:
        """Rows (h, W) as bool."""
        unpacked = np.unpackbits(self.bits[rows], axis=1, count=self.width)
        return unpacked.view(np.bool_)
