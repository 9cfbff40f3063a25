"""Parts and holes of a mask, counted and changed as pixels.

They are those that :mod:`pipeline.mapping.polygons` traces: parts are 4-connected, and a hole is
all that lies inside one ring of one part, other parts in it included.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
_ENDLESS = sys.maxsize
"""Area of what lies around the image."""


def labelled(mask: Mask) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """4-connected parts of a mask.

    Args:
        mask: (H, W).

    Returns:
        (H, W) number of the part from 1 on, 0 for none; and the pixels of each, by number.
    """
    image = np.ascontiguousarray(mask).view(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(image, connectivity=4)
    return labels.astype(np.int32, copy=False), stats[:, cv2.CC_STAT_AREA].astype(np.int64)


def without_small_parts(mask: Mask, smallest: float) -> Mask:
    """A mask without its parts of less than so many pixels."""
    labels, areas = labelled(mask)
    kept = areas >= smallest
    kept[0] = False
    found: Mask = kept[labels]
    return found


def without_small_holes(mask: Mask, smallest: float) -> Mask:
    """A mask whose holes of less than so many pixels are filled, with all that lies in them.

    Parts, and the gaps between them, are nodes of a graph whose edges join what shares a pixel's
    side. A hole of a part is what hangs together, and not with the outside, once the part is gone.
    """
    padded = np.pad(mask, 1)
    gaps, gap_areas = labelled(~padded)
    parts, part_areas = labelled(padded)
    count = len(gap_areas)
    labels = np.where(padded, parts + count, gaps)
    areas = np.concatenate((gap_areas, part_areas))
    areas[gaps[0, 0]] = _ENDLESS
    small = areas[:count] < smallest
    small[0] = False
    if not small.any():
        return mask
    pairs = _touching(labels, padded)
    around = np.bincount(pairs[:, 0], minlength=count)
    filled = np.zeros(len(areas), np.bool_)
    # Only one part touches most gaps, which are then holes by themselves.
    filled[:count] = small & (around == 1)
    several = np.flatnonzero(small & (around > 1))
    if len(several):
        links, sizes = _links(pairs), areas.tolist()
        for gap in several.tolist():
            for part in links[gap]:
                filled[_enclosed(gap, part, links, sizes, smallest)] = True
    found: Mask = mask | filled[labels][1:-1, 1:-1]
    return found


def _touching(labels: NDArray[np.int32], mask: Mask) -> NDArray[np.int64]:
    """(pairs, 2) numbers of gaps and of the parts that share sides with them."""
    count = int(labels.max()) + 1
    codes = []
    for one, two in (
        ((slice(None), slice(None, -1)), (slice(None), slice(1, None))),
        ((slice(None, -1), slice(None)), (slice(1, None), slice(None))),
    ):
        differ = mask[one] != mask[two]
        first, second = labels[one][differ].astype(np.int64), labels[two][differ]
        # Parts have the larger numbers.
        codes.append(np.minimum(first, second) * count + np.maximum(first, second))
    found = np.unique(np.concatenate(codes))
    return np.stack((found // count, found % count), axis=1)


def _links(pairs: NDArray[np.int64]) -> Mapping[int, Sequence[int]]:
    """Neighbours of each node."""
    links: dict[int, list[int]] = {}
    for gap, part in pairs.tolist():
        links.setdefault(gap, []).append(part)
        links.setdefault(part, []).append(gap)
    return links


def _enclosed(
    start: int,
    wall: int,
    links: Mapping[int, Sequence[int]],
    areas: Sequence[int],
    smallest: float,
) -> list[int]:
    """What hangs together with a gap but for one part, if it is a small hole; else nothing."""
    region, waiting, total = {start}, [start], areas[start]
    while waiting:
        for near in links[waiting.pop()]:
            if near == wall or near in region:
                continue
            total += areas[near]
            if total >= smallest:
                return []
            region.add(near)
            waiting.append(near)
    return list(region)
