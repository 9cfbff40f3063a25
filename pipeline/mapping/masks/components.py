"""Parts and holes of a plane, judged by their size or by what they hold.

They are those that :mod:`pipeline.mapping.tracing` traces: parts are 4-connected, and a hole is
all that lies inside one ring of one part, other parts in it included.
"""

from __future__ import annotations

from pipeline.mapping.masks.parts import Parts
from pipeline.mapping.masks.planes import Plane, Reader, Strips
from pipeline.mapping.tracing.corners import corners_by_rows
from pipeline.mapping.tracing.drawing import drawn
from pipeline.mapping.tracing.rings import rings_of


def without_small_parts(plane: Plane, strips: Strips, smallest: float) -> Plane:
    """A plane without its parts of less than so many pixels."""
    parts = Parts(plane, strips)
    return parts.kept(parts.areas >= smallest)


def without_small_holes(plane: Plane, strips: Strips, smallest: float) -> Plane:
    """A plane whose holes of less than so many pixels are filled, with all that lies in them."""
    rings = rings_of(corners_by_rows(plane.read, strips.shape))
    holes = rings.take((rings.areas < 0) & (rings.areas > -smallest))
    if not len(holes):
        return plane
    return strips.plane(plane.read(rows) | drawn(holes, strips.shape, rows) for rows in strips)


def with_a_seed(plane: Plane, strips: Strips, seeds: Reader) -> Plane:
    """Parts of a plane that hold a seed.

    Args:
        plane: The plane.
        strips: How it is worked on.
        seeds: Gives rows (h, W) of them.
    """
    parts = Parts(plane, strips)
    return parts.kept(parts.holding(seeds))
