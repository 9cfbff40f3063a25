"""Memory that mapped files take: pages that were read count until they are let go of."""

from __future__ import annotations

import mmap
from typing import Any

from numpy.typing import NDArray

from pipeline.imagery.tiles import TiledScene


def let_go(scene: TiledScene) -> None:
    """Give back the memory that a scene's mapped arrays take; they are read again when needed.

    Nothing changes but where their bytes are: the system still holds them while it has room.
    """
    for group in scene.groups.values():
        _drop_pages(group.pixels)
    _drop_pages(scene.mask)


def _drop_pages(array: NDArray[Any]) -> None:
    """Give back the pages of an array, if it is a mapped file's."""
    mapped = getattr(array, "_mmap", None)
    if isinstance(mapped, mmap.mmap):
        mapped.madvise(mmap.MADV_DONTNEED)
