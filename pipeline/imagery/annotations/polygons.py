"""From the features of a layer to valid polygons: what may be mended is, the rest is refused."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from pipeline.errors import LabelError
from pipeline.imagery.annotations.layers import Layer
from pipeline.imagery.outlines import made_valid, polygons_of
from pipeline.imagery.polygon_text import is_measurable

_POLYGONAL: Final = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)
_COLLECTION: Final = shapely.GeometryType.GEOMETRYCOLLECTION


@dataclass(frozen=True, eq=False)
class Cleaned:
    """Polygons of a layer.

    Attributes:
        shapes: (n,) valid polygons and multipolygons, or something without polygons.
        there: (n,) bool, which of them have polygons.
        mended: (n,) bool, which had to be made valid.
        notes: What was left out.
    """

    shapes: NDArray[Any]
    there: NDArray[np.bool_]
    mended: NDArray[np.bool_]
    notes: tuple[str, ...]


def valid_polygons(layer: Layer) -> Cleaned:
    """Valid polygons of a layer's features.

    Polygons are taken out of collections, and those that cross themselves are made valid.

    Raises:
        LabelError: If there are points or lines, or coordinates that are not finite.
    """
    shapes = layer.shapes.copy()
    empty = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    _check_kinds(layer, shapes, ~empty)
    _check_finite(layer, shapes)
    mixed = shapely.get_type_id(shapes) == _COLLECTION
    for place in np.flatnonzero(mixed & ~empty):
        shapes[place] = polygons_of(shapes[place])
    empty |= shapely.is_empty(shapes)
    wrong = ~empty & ~shapely.is_valid(shapes)
    for place in np.flatnonzero(wrong):
        shapes[place] = made_valid(shapes[place])
    notes = []
    if empty.any():
        notes.append(f"{layer.place}: {layer.places(empty)}: no polygon there, left out")
    return Cleaned(shapes, ~empty & ~shapely.is_empty(shapes), wrong, tuple(notes))


def _check_kinds(layer: Layer, shapes: NDArray[Any], there: NDArray[np.bool_]) -> None:
    kinds = shapely.get_type_id(shapes)
    wrong = there & ~np.isin(kinds, (*_POLYGONAL, _COLLECTION))
    if not wrong.any():
        return
    names = Counter(shape.geom_type for shape in shapes[wrong]).most_common()
    counts = ", ".join(f"{count} {name}" for name, count in names)
    raise LabelError(
        f"{layer.place}: holds {counts} ({layer.places(wrong)}); only polygons cover ground: "
        "choose dataset.labels.layer, list their value under labels.background, or turn them into "
        "polygons (buffer)"
    )


def _check_finite(layer: Layer, shapes: NDArray[Any]) -> None:
    points, owners = shapely.get_coordinates(shapes, return_index=True)
    wrong = np.zeros(len(shapes), dtype=np.bool_)
    wrong[owners[~is_measurable(points)]] = True
    if wrong.any():
        raise LabelError(
            f"{layer.place}: {layer.places(wrong)}: a coordinate is not finite, or so large that "
            "no area can be computed; correct it or remove the feature"
        )
