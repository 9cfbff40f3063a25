"""Vector files of a few polygons, in every format that is read."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.config.labels import VectorLabels

UTM = "EPSG:32633"
CORNER = (500_000.0, 5_000_000.0)
"""On the central meridian of the zone, where UTM's scale is 0.9996."""


def square(column: float, row: float, side: float = 10.0) -> shapely.Polygon:
    """A square of the ground, by its lower left corner from ``CORNER``, metres."""
    left, lower = CORNER[0] + column, CORNER[1] + row
    return shapely.box(left, lower, left + side, lower + side)


def settings(**keys: Any) -> VectorLabels:
    """Labels of some file."""
    return VectorLabels.model_validate({"kind": "vector", "file": "labels", **keys})


def write(
    path: Path,
    shapes: Sequence[BaseGeometry | None],
    columns: Mapping[str, Sequence[Any]] | None = None,
    crs: str | None = UTM,
    layer: str | None = None,
) -> Path:
    """A vector file of the format that its name says."""
    frame = gpd.GeoDataFrame(dict(columns or {}), geometry=list(shapes), crs=crs)
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    elif path.suffix == ".csv":
        texts = ["" if shape is None else shape.wkt for shape in shapes]
        table = frame.drop(columns="geometry").assign(wkt=texts)
        table.to_csv(path, index=False, sep=";" if "semicolon" in path.stem else ",")
    else:
        options = {} if layer is None else {"layer": layer}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of files that are to name no system
            frame.to_file(path, mode="a" if path.exists() else "w", **options)
    return path
