"""Parts of a plane, numbered across its strips.

Strips are labelled one by one; labels that meet at a seam are joined (union-find, by the connected
components of the graph of what meets). A strip is labelled again when its parts are asked for:
that is fast, and keeps no number per pixel.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pipeline.mapping.masks.planes import HeldPlane, Plane, Reader, Strips
from pipeline.mapping.tracing.corners import Mask

Numbers = NDArray[np.int32]
_WITH_CORNERS: Final = 8
_BASE: Final = 1 << 24


class Parts:
    """Connected parts of a plane.

    Args:
        plane: The plane.
        strips: How it is worked on.
        connectivity: 4: pixels of a part share sides; 8: or corners.

    Attributes:
        areas: (parts + 1,) pixels of each part, counted from 1; of none, 0.
    """

    areas: NDArray[np.int64]

    def __init__(self, plane: Plane, strips: Strips, connectivity: Literal[4, 8] = 4) -> None:
        self._plane, self._strips, self._connectivity = plane, strips, connectivity
        self._held: Numbers | None = None
        numbers, areas, pairs = [], [np.zeros(1, np.int64)], []
        above, count = np.zeros(strips.shape[1], np.int32), 1
        for rows in strips:
            labels, pixels = self._labelled(rows)
            number = np.concatenate(([0], np.arange(count, count + len(pixels) - 1)))
            count += len(pixels) - 1
            numbers.append(number.astype(np.int32))
            areas.append(pixels[1:])
            if rows.start:
                pairs.append(self._meeting(above, numbers[-1][labels[0]]))
            above = numbers[-1][labels[-1]]
            if rows == strips.whole:
                self._held = labels
        self._numbers, self.areas = numbers, np.concatenate(areas)
        if pairs:
            self._join(np.concatenate(pairs, axis=1))

    def _labelled(self, rows: slice) -> tuple[Numbers, NDArray[np.int64]]:
        """Labels (h, W) of a strip by itself, and the pixels of each; 0 is none."""
        image = np.ascontiguousarray(self._plane.read(rows)).view(np.uint8)
        _, labels, stats, _ = cv2.connectedComponentsWithStats(
            image, connectivity=self._connectivity
        )
        pixels = stats[:, cv2.CC_STAT_AREA].astype(np.int64)
        pixels[0] = 0
        return labels.astype(np.int32, copy=False), pixels

    def _meeting(self, above: Numbers, below: Numbers) -> Numbers:
        """Pairs (2, n) of numbers on either side of a seam that are one part."""
        pairs = [np.stack((above, below))]
        if self._connectivity == _WITH_CORNERS:
            pairs += [np.stack((above[1:], below[:-1])), np.stack((above[:-1], below[1:]))]
        every = np.concatenate(pairs, axis=1)
        return np.unique(every[:, (every > 0).all(axis=0)], axis=1)

    def _join(self, pairs: Numbers) -> None:
        """Give one number to what meets."""
        size = len(self.areas)
        graph = coo_array((np.ones(pairs.shape[1], np.int8), pairs), shape=(size, size))
        count, joined = connected_components(graph, directed=False)
        self._numbers = [joined[number] for number in self._numbers]  # 0, the first, stays 0
        areas = np.zeros(count, np.int64)
        np.add.at(areas, joined, self.areas)
        self.areas = areas

    def strips(self) -> Iterator[tuple[slice, Numbers, Numbers]]:
        """Rows of each strip, its labels (h, W), and the number of the part of each label."""
        for rows, numbers in zip(self._strips, self._numbers, strict=True):
            if self._held is not None:
                yield rows, self._held, numbers
                continue
            image = np.ascontiguousarray(self._plane.read(rows)).view(np.uint8)
            _, labels = cv2.connectedComponents(image, connectivity=self._connectivity)
            yield rows, np.asarray(labels, np.int32), numbers

    def kept(self, which: NDArray[np.bool_]) -> Plane:
        """The plane of some of the parts, (parts + 1,)."""
        return self._strips.plane(self._masks(which))

    def _masks(self, which: NDArray[np.bool_]) -> Iterator[Mask]:
        for _, labels, numbers in self.strips():
            kept = which[numbers]
            kept[0] = False
            yield kept[labels]

    def holding(self, seeds: Reader) -> NDArray[np.bool_]:
        """(parts + 1,) whether a part has a pixel of a mask; of none, False."""
        found = np.zeros(len(self.areas), np.bool_)
        for rows, labels, numbers in self.strips():
            local = np.zeros(len(numbers), np.bool_)
            local[labels[seeds(rows)]] = True
            found[numbers[local]] = True
        found[0] = False
        return found

    def sums(self, values: Reader) -> NDArray[np.int64]:
        """(parts + 1,) sums over each part's pixels of whole numbers not below 0; of none, any."""
        found = np.zeros(len(self.areas), np.int64)
        for rows, labels, numbers in self.strips():
            np.add.at(found, numbers, _counted(labels, values(rows), len(numbers)))
        return found


def _counted(labels: Numbers, values: NDArray[Any], count: int) -> NDArray[np.int64]:
    """(count,) sums of values (h, W) of each label.

    Sums in double precision are exact up to 2^53: high and low digits are summed apart.
    """
    places = labels.ravel()
    if values.dtype.itemsize == 1:
        return np.bincount(places, values.ravel(), count).astype(np.int64)
    high, low = np.divmod(values.ravel(), _BASE)
    sums = (np.bincount(places, digits, count).astype(np.int64) for digits in (high, low))
    return next(sums) * _BASE + next(sums)


def labelled(mask: Mask) -> tuple[Numbers, NDArray[np.int64]]:
    """4-connected parts of a mask.

    Args:
        mask: (H, W).

    Returns:
        (H, W) number of the part from 1 on, 0 for none; and the pixels of each, by number.
    """
    parts = Parts(HeldPlane(mask), Strips((mask.shape[0], mask.shape[1])))
    return next(parts.strips())[1], parts.areas
