"""Polygons of binary masks along pixel edges.

Every vertex is a pixel corner, so drawing the outlines gives back the mask to the pixel. Parts
are 4-connected: pixels that meet in a corner only are two parts that touch in a point, which keeps
every polygon valid.
"""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon

from pipeline.mapping.geometry.simplification import Parts
from pipeline.mapping.masks.parts import Parts as MaskParts
from pipeline.mapping.masks.planes import Plane, Strips
from pipeline.mapping.masks.planes import Reader as RowReader
from pipeline.mapping.tracing.corners import Corners, Mask, Reader, corners_in_windows, corners_of
from pipeline.mapping.tracing.rings import Rings, polygons_of, rings_of


def trace(mask: Mask) -> Parts:
    """Polygons with holes around the 4-connected parts of a mask (H, W).

    Returns:
        Parts in pixel coordinates (column, row), in the order of their first pixels; together
        they form a valid MultiPolygon.
    """
    return polygons_of(rings_of(corners_of(mask)))


def trace_windows(read: Reader, shape: tuple[int, int], side: int) -> Parts:
    """The same polygons, of a mask that is read a window at a time.

    Nothing is cut at the windows' borders: corners are all that is kept of a window, and parts are
    joined from the corners of all.

    Args:
        read: Gives rows and columns of the mask.
        shape: (H, W) of the mask.
        side: Pixels of a window's side.
    """
    corners = Corners.joined(list(corners_in_windows(read, shape, (side, side))))
    return polygons_of(rings_of(corners))


def mean_levels(
    plane: Plane, strips: Strips, levels: RowReader, rings: Rings
) -> NDArray[np.float64]:
    """Mean level of the pixels of each part, (parts,).

    Args:
        plane: The mask.
        strips: How the scene is worked on.
        levels: Gives rows (h, W) of the levels, uint8.
        rings: The mask's.
    """
    # The pixel south-east of a part's first corner is its first; parts follow each other by it.
    first = rings.starts[:-1][rings.outer]
    lines, columns = rings.rows[first], rings.columns[first]
    parts = MaskParts(plane, strips)
    sums, own = parts.sums(levels), np.zeros(len(first), np.int64)
    for rows, labels, numbers in parts.strips():
        here = slice(*np.searchsorted(lines, (rows.start, rows.stop)))
        own[here] = numbers[labels[lines[here] - rows.start, columns[here]]]
    means: NDArray[np.float64] = sums[own] / parts.areas[own]
    return means


def assembled(parts: Parts) -> MultiPolygon:
    """One MultiPolygon of parts; empty if there are none."""
    return shapely.multipolygons(parts) if len(parts) else MultiPolygon()
