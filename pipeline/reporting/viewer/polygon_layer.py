"""A layer of polygons within a limit of bytes: as fine as that allows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypedDict

import numpy as np

from pipeline.imagery.transform import Shape
from pipeline.reporting.viewer.encoding import Group, encode_group, group_bytes
from pipeline.reporting.viewer.shapes import Shapes, simplified, tidy

_FINENESS: Final = ((8, 0.1), (4, 0.25), (4, 0.5), (2, 1.0), (1, 2.0), (1, 4.0))
"""Units per pixel and tolerance in pixels, from fine to coarse; each starts from the one before."""
_SPARE: Final = 0.9


class LayerRecord(TypedDict):
    """A layer, as JSON."""

    step: int
    groups: list[Group]


@dataclass(frozen=True)
class EncodedLayer:
    """A layer that fits.

    Attributes:
        record: What the viewer reads.
        tolerance: Pixels of the last simplification; outlines have moved by less than twice that.
        left_out: Number of polygons that are not shown for the limit's sake: the smallest.
        dropped: Number of those that are not shown at any limit: broken, empty, or smaller than
            an eighth of a pixel.
    """

    record: LayerRecord
    tolerance: float
    left_out: int = 0
    dropped: int = 0

    @property
    def count(self) -> int:
        """Number of polygons that are shown."""
        return sum(group["count"] for group in self.record["groups"])

    @property
    def size(self) -> int:
        """Bytes of its numbers in the page."""
        return sum(group_bytes(group) for group in self.record["groups"])


def encode_layer(shapes: Iterable[Shapes], shape: Shape, limit: int) -> EncodedLayer:
    """Polygons of a layer in at most so many bytes.

    Args:
        shapes: Polygons of each class, in pixels of the working grid.
        shape: (H, W) of the working grid; what lies outside is cut off.
        limit: Bytes that the numbers may take in the page.
    """
    given = list(shapes)
    rows = [tidy(row, shape) for row in given]
    whole = -1
    for step, tolerance in _FINENESS:
        rows = [simplified(row, tolerance) for row in rows]
        found = _encoded(rows, step, tolerance)
        whole = max(whole, found.count)
        if found.size <= limit:
            break
    while found.size > limit:
        rows = _largest(rows, _SPARE * limit / found.size)
        found = _encoded(rows, step, tolerance)
    wanted = sum(len(row.polygons) for row in given)
    return replace(found, left_out=whole - found.count, dropped=max(0, wanted - whole))


def _encoded(rows: Sequence[Shapes], step: int, tolerance: float) -> EncodedLayer:
    groups = [encode_group(row, step) for row in rows]
    return EncodedLayer(
        {"step": step, "groups": [row for row in groups if row["count"]]}, tolerance
    )


def _largest(rows: Sequence[Shapes], share: float) -> list[Shapes]:
    """The largest polygons of all classes together, so many of them; fewer than there were."""
    areas = np.concatenate([row.areas for row in rows])
    count = min(int(share * len(areas)), len(areas) - 1)
    places = np.argsort(-areas, kind="stable")[:count]
    kept = np.zeros(len(areas), bool)
    kept[places] = True
    parts = np.split(kept, np.cumsum([len(row.polygons) for row in rows])[:-1])
    return [row.taken(part) for row, part in zip(rows, parts, strict=True)]
