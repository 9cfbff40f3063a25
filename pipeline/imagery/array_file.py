"""NumPy files that are written a strip of rows at a time, as they need not fit into memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


class ArrayWriter:
    """An array (..., H, W) whose rows are put in place strip by strip."""

    def __init__(self, file: IO[bytes], shape: tuple[int, ...], dtype: DTypeLike) -> None:
        self._file, self._shape, self._kind = file, shape, np.dtype(dtype)
        header = {"descr": self._kind.str, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_2_0(file, header)
        self._start = file.tell()

    def put(self, first: int, rows: NDArray[Any]) -> None:
        """Write rows (..., h, W) from row ``first`` on, of all planes."""
        height, width = self._shape[-2:]
        planes = rows.reshape(-1, *rows.shape[-2:])
        for number, plane in enumerate(planes):
            place = (number * height + first) * width * self._kind.itemsize
            self._file.seek(self._start + place)
            self._file.write(np.ascontiguousarray(plane, dtype=self._kind).data)


@contextmanager
def writing(path: Path, shape: tuple[int, ...], dtype: DTypeLike) -> Iterator[ArrayWriter]:
    """A new file for an array of ``shape`` (..., H, W)."""
    with path.open("wb") as file:
        yield ArrayWriter(file, shape, dtype)


def opened(path: Path) -> NDArray[Any]:
    """The array in a file, memory-mapped, read-only."""
    array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    return array
