"""What can be measured of a patch that is shown, for its class."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Mask = NDArray[np.bool_]
_RING = 4
"""Pixels around missed ground that it is compared with."""
_COMPARED = 9
"""Pixels that it takes to compare."""
_EVEN = 2.0
"""Standard deviation of bytes that all look the same."""
_FAR = 3
"""Pixels that a class is moved by at most, to see whether it is shifted."""


@dataclass(frozen=True)
class Joined:
    """Parts of a mask that lie several in one part of another.

    Attributes:
        parts: How many these are.
        wholes: In how many they lie.
        between: (h, w) ground of the wholes that no part has.
    """

    parts: int
    wholes: int
    between: Mask


@dataclass(frozen=True)
class Patch:
    """A patch as its class sees it.

    Attributes:
        truth: (K, h, w) what is true of all classes.
        found: (K, h, w) what the run says.
        valid: (h, w), False where nothing is known; both masks are False there.
        place: Position of the class.
        names: (K,) names of the classes.
        probability: (h, w) of the class, 0 to 1.
        threshold: Least probability that is of the class; above 1 where none is.
        picture: (h, w, 3) uint8, the patch as people see it.
        metres: Side of a pixel.
        margins: Pixels from the patch's top, left, bottom and right to the scene's border.
    """

    truth: Mask
    found: Mask
    valid: Mask
    place: int
    names: tuple[str, ...]
    probability: NDArray[np.float32]
    threshold: float
    picture: NDArray[np.uint8]
    metres: float
    margins: tuple[int, int, int, int]

    @cached_property
    def true(self) -> Mask:
        """(h, w) ground of the class."""
        own: Mask = self.truth[self.place]
        return own

    @cached_property
    def said(self) -> Mask:
        """(h, w) ground that is said to be of the class."""
        own: Mask = self.found[self.place]
        return own

    @cached_property
    def missed(self) -> Mask:
        """(h, w) false negatives."""
        return self.true & ~self.said

    @cached_property
    def false(self) -> Mask:
        """(h, w) false positives."""
        return self.said & ~self.true

    @cached_property
    def taken_away(self) -> Mask:
        """(h, w) missed ground that the threshold would have kept."""
        return self.missed & (self.probability >= self.threshold)

    @cached_property
    def added(self) -> Mask:
        """(h, w) false ground that the threshold would have left out."""
        return self.false & (self.probability < self.threshold)

    @cached_property
    def wrong(self) -> int:
        """Wrong pixels, at least 1."""
        return max(int((self.true ^ self.said).sum()), 1)

    def share(self, mask: Mask) -> float:
        """Part of the wrong ground that lies in a mask (h, w), 0 to 1."""
        return int((mask & (self.true ^ self.said)).sum()) / self.wrong

    def area(self, pixels: float) -> float:
        """Square metres."""
        return pixels * self.metres**2

    def mean(self, mask: Mask) -> float:
        """Mean probability in a mask (h, w); 0 if that is empty."""
        return float(self.probability[mask].mean()) if mask.any() else 0.0

    def near_outline(self, pixels: int) -> Mask:
        """(h, w) ground within so many pixels of an outline of the true ground."""
        padded = np.pad(self.true, 1, mode="edge")
        edge = np.zeros_like(self.true)
        for axis in (0, 1):
            for step in (-1, 1):
                edge |= np.roll(padded, step, axis)[1:-1, 1:-1] != self.true
        # Pixels on both sides of an outline are the first of their side.
        near: Mask = ndimage.binary_dilation(edge, iterations=pixels - 1) if pixels > 1 else edge
        return near

    def near_border(self, pixels: int) -> Mask:
        """(h, w) ground within so many pixels of the scene's border."""
        height, width = self.true.shape
        rows, cols = np.ogrid[:height, :width]
        top, left, bottom, right = self.margins
        near: Mask = (
            (rows + top < pixels)
            | (cols + left < pixels)
            | (height - 1 - rows + bottom < pixels)
            | (width - 1 - cols + right < pixels)
        )
        return near

    def other(self, masks: Mask, ground: Mask) -> tuple[str, float]:
        """The other class with most of some ground (h, w), and its part, by masks (K, h, w)."""
        counts = (masks & ground).sum(axis=(1, 2))
        counts[self.place] = 0
        most = int(counts.argmax())
        return self.names[most], int(counts[most]) / max(int(ground.sum()), 1)

    @property
    def shift_gain(self) -> float:
        """Part of what Jaccard lacks that is gained if what is said is moved back."""
        row, col, jaccard = self.shift
        before = self._moved_back(0, 0)
        return (jaccard - before) / (1 - before) if row or col else 0.0

    @cached_property
    def shift(self) -> tuple[int, int, float]:
        """Pixels down and right that what is said lies off what is true, and Jaccard without that.

        Ground that enters from outside when it is moved back is left out. Of equals the least.
        """
        steps = range(-_FAR, _FAR + 1)
        ways = sorted(((r, c) for r in steps for c in steps), key=lambda way: (np.hypot(*way), way))
        found = [(row, col, self._moved_back(row, col)) for row, col in ways]
        return max(found, key=lambda way: way[2])

    def _moved_back(self, row: int, col: int) -> float:
        inner = (slice(_FAR, -_FAR), slice(_FAR, -_FAR))
        said = np.roll(self.said, (-row, -col), axis=(0, 1))[inner]
        true = self.true[inner]
        return int((true & said).sum()) / max(int((true | said).sum()), 1)

    @cached_property
    def objects(self) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """True objects: (h, w) their numbers from 1 on, 0 between; (n,) their pixels."""
        numbers, count = ndimage.label(self.true, np.ones((3, 3)))
        return numbers, np.bincount(numbers.ravel(), minlength=count + 1)[1:]

    def of_size(self, pixels: int) -> Mask:
        """(h, w) true objects of at most so many pixels."""
        numbers, sizes = self.objects
        ground: Mask = np.concatenate(([False], sizes <= pixels))[numbers]
        return ground

    @cached_property
    def merged(self) -> Joined:
        """True objects that are found as one, and false ground of these."""
        return _joined(self.said, self.true, self.false)

    @cached_property
    def split(self) -> Joined:
        """What is found of objects in several parts, and missed ground of these."""
        return _joined(self.true, self.said, self.missed)

    @cached_property
    def thin(self) -> Mask:
        """(h, w) true ground that is nowhere three pixels wide."""
        padded = np.pad(self.true, 1, mode="edge")
        wide = ndimage.binary_opening(padded, np.ones((3, 3)))[1:-1, 1:-1]
        narrow: Mask = self.true & ~wide
        return narrow

    @cached_property
    def contrast(self) -> float:
        """How far missed ground differs from what lies around it, in its clearest colour.

        The median, over its pixels, of the difference from the mean around over the standard
        deviation around; infinite where there is nothing to compare.
        """
        around = ndimage.binary_dilation(self.missed, iterations=_RING) & ~self.true & self.valid
        if self.missed.sum() < _COMPARED or around.sum() < _COMPARED:
            return float("inf")
        inside, outside = (self.picture[mask].astype(np.float64) for mask in (self.missed, around))
        spread = np.maximum(outside.std(axis=0), _EVEN)
        return float(np.median((np.abs(inside - outside.mean(axis=0)) / spread).max(axis=1)))


def _joined(large: Mask, small: Mask, between: Mask) -> Joined:
    wholes, parts = (ndimage.label(mask)[0] for mask in (large, small))
    both = large & small
    pairs = np.unique(np.column_stack((wholes[both], parts[both])), axis=0)
    numbers, counts = np.unique(pairs[:, 0], return_counts=True)
    several = counts > 1
    ground = between & np.isin(wholes, numbers[several])
    return Joined(int(counts[several].sum()), int(several.sum()), ground)
