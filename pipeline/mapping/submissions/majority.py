"""Ground that a weighted majority of several maps covers, exactly.

Where the boundaries of all maps are laid over each other they part the plane into faces, each of
which a map covers whole or not at all. There are about as many faces as crossings of boundaries,
never as many as there are subsets of maps; one point of each face tells which maps cover it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon, STRtree

from pipeline.imagery.outlines import polygons_of
from pipeline.mapping.submissions.ring_text import Parts

_SLACK = 1e-9


def majority(
    layers: Sequence[MultiPolygon], weights: NDArray[np.float64], share: float
) -> MultiPolygon:
    """Ground where the weight of the layers that cover it is more than a share of the total.

    Args:
        layers: Valid polygons of each map, map units.
        weights: (layers,), not negative.
        share: At least 0, less than 1.
    """
    parts, owners = shapely.get_parts(np.array(layers, object), return_index=True)
    if not len(parts):
        return MultiPolygon()
    one, two = STRtree(parts).query(parts, predicate="intersects")
    is_met = np.zeros(len(parts), bool)
    is_met[one[owners[one] != owners[two]]] = True
    enough = _enough(weights, share)
    alone = parts[~is_met & enough(weights[owners])]
    met = _faces(parts[is_met], owners[is_met], weights, share)
    kept = np.concatenate([alone, shapely.get_parts(met)])
    return shapely.multipolygons(kept) if len(kept) else MultiPolygon()


def _faces(
    parts: Parts, owners: NDArray[np.int_], weights: NDArray[np.float64], share: float
) -> MultiPolygon:
    """The majority's ground among parts that meet parts of other layers."""
    lines = shapely.get_parts(shapely.union_all(shapely.boundary(parts)))
    faces = shapely.get_parts(shapely.polygonize(lines))
    if not len(faces):
        return MultiPolygon()
    points = shapely.point_on_surface(faces)
    face, part = STRtree(parts).query(points, predicate="within")
    covered = np.bincount(face, weights=weights[owners[part]], minlength=len(faces))
    kept = faces[_enough(weights, share)(covered)]
    return polygons_of(shapely.coverage_union_all(kept)) if len(kept) else MultiPolygon()


def _enough(weights: NDArray[np.float64], share: float) -> Any:
    """Whether weights are more than the share; sums of decimals that only seem to be are not."""
    total = float(weights.sum())
    return lambda covered: covered > share * total + _SLACK * total
