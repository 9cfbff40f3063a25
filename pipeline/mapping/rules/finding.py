"""``index``: a spectral index as another source of a class."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pipeline.config.rules import IndexRow
from pipeline.mapping.masks.planes import Plane
from pipeline.mapping.rules.ground import Ground, Planes
from pipeline.mapping.tracing.corners import Mask


def from_index(masks: Planes, row: IndexRow, ground: Ground) -> dict[int, Plane]:
    """A class as the index finds it; nothing is found where there is no answer.

    Args:
        masks: Of every class, by code.
        row: The rule.
        ground: The scene.

    Returns:
        The plane of ``row.of``, by code.
    """
    raster = ground.index(row.index)

    def pieces() -> Iterator[Mask]:
        for rows in ground.strips:
            values = raster[rows]
            found = ground.answered(rows) & ~np.isnan(values)
            if row.above is not None:
                found &= values > row.above
            if row.below is not None:
                found &= values < row.below
            mask = masks[row.of].read(rows)
            yield {"replace": found, "add": mask | found, "within": mask & found}[row.how]

    return {row.of: ground.strips.plane(pieces())}
