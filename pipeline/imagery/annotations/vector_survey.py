"""What a vector file of labels looks like, for a configuration that is being written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from pipeline.imagery.annotations.coordinates import Bounds
from pipeline.imagery.annotations.layers import Layer, Wanted
from pipeline.imagery.annotations.values import plain_texts
from pipeline.imagery.annotations.vector_readers import read_layers

MOST_FEATURES: Final = 50_000
"""Features of a layer that are looked at."""
MOST_VALUES: Final = 64
"""A column with more values tells no classes."""


@dataclass(frozen=True)
class Share:
    """How much is of one value.

    Attributes:
        features: Number of features.
        area: Share of the area of all polygons of the layer, 0 to 1.
    """

    features: int
    area: float


@dataclass(frozen=True)
class LayerSurvey:
    """What a layer looks like.

    Attributes:
        name: Its name; None where the file has only one and does not name it.
        features: Number of features that were looked at.
        area: Of the polygons, in square units of the file.
        kinds: Number of geometries by kind, as ``Polygon``; ``None`` for those that are missing.
        crs: Coordinate reference system: the file's own, or that which files of its kind have.
        bounds: Left, lower, right and upper edge; None without geometries.
        columns: By column with few values, the share of each value, the largest area first; the
            values as the configuration writes them.
        geometry: Column of a table that holds the geometries, for ``labels.wkt``.
    """

    name: str | None
    features: int
    area: float
    kinds: Mapping[str, int]
    crs: str | None
    bounds: Bounds | None
    columns: Mapping[str, Mapping[str, Share]]
    geometry: str | None


@dataclass(frozen=True)
class VectorSurvey:
    """What a vector file looks like.

    Attributes:
        path: The file.
        layers: Its layers.
    """

    path: Path
    layers: tuple[LayerSurvey, ...]


def survey_vectors(path: Path, most: int = MOST_FEATURES) -> VectorSurvey:
    """Look at a vector file.

    Args:
        path: GeoPackage, GeoJSON, Shapefile, GeoParquet, or CSV with well-known text.
        most: Number of features of each layer that are looked at, the first ones.

    Raises:
        LabelError: If the file can't be read.
    """
    return VectorSurvey(
        path, tuple(_survey(layer) for layer in read_layers(path, Wanted(most=most)))
    )


def _survey(layer: Layer) -> LayerSurvey:
    kinds = Counter("None" if shape is None else shape.geom_type for shape in layer.shapes)
    with np.errstate(all="ignore"):
        areas = np.nan_to_num(shapely.area(layer.shapes), posinf=0.0, neginf=0.0)
        edges = shapely.total_bounds(layer.shapes).tolist()
    columns = {name: _shares(values, areas) for name, values in layer.columns.items()}
    return LayerSurvey(
        name=layer.name,
        features=len(layer.shapes),
        area=float(areas.sum()),
        kinds=dict(kinds.most_common()),
        crs=layer.crs or layer.usual_crs,
        bounds=tuple(edges) if np.isfinite(edges).all() else None,
        columns={name: shares for name, shares in columns.items() if shares},
        geometry=layer.geometry,
    )


def _shares(values: NDArray[Any], areas: NDArray[np.float64]) -> dict[str, Share]:
    """Share of each value of a column; nothing of a column with too many."""
    texts, places, counts = np.unique(
        plain_texts(values).astype(str), return_inverse=True, return_counts=True
    )
    if len(texts) > MOST_VALUES:
        return {}
    sums = np.bincount(places, weights=areas, minlength=len(texts))
    whole = areas.sum() or 1.0
    order = np.argsort(-sums, kind="stable")
    return {
        str(texts[place]): Share(int(counts[place]), float(sums[place] / whole)) for place in order
    }
