"""Polygons in GeoParquet, whose bytes are checked before they become geometries."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray
from pyproj.exceptions import CRSError
from shapely.errors import ShapelyError

from pipeline.errors import LabelError
from pipeline.imagery.annotations.layers import Layer, close_to
from pipeline.imagery.polygon_binary import SIMPLE, check_wkb


def read_geoparquet(path: Path, column: str | None) -> Layer:
    """The only layer of a file.

    Args:
        path: GeoParquet, its geometries as well-known binary or as GeoArrow.
        column: Attribute to read; None for none.

    Raises:
        LabelError: If the file is no such GeoParquet or lacks the attribute.
    """
    geometry, names = columns_of(path)
    if column is not None and column not in names:
        raise LabelError(
            f"{path}: has no column {column!r}{close_to(column, names)}; correct "
            "dataset.labels.column"
        )
    with _reading(path):
        stored = pq.read_table(path, columns=[geometry])[geometry]
        if pa.types.is_binary(stored.type) or pa.types.is_large_binary(stored.type):
            _check(path, stored)
        table = gpd.read_parquet(path, columns=[geometry, *([column] if column else [])])
        shapes = shapely.force_2d(table[geometry].to_numpy())
        # Without a system in the file's metadata it is longitude and latitude (GeoParquet 1.1);
        # the library fills that in, and null says that there is none.
        crs = None if table.crs is None else table.crs.to_string()
    values = None if column is None else _plain(table[column])
    return Layer(path, None, crs, np.arange(1, len(table) + 1), values, shapes, "row")


def columns_of(path: Path) -> tuple[str, list[str]]:
    """Name of the column of geometries of a file, and of the others.

    Raises:
        LabelError: If the file is no GeoParquet.
    """
    if not path.is_file():
        raise LabelError(f"{path}: no such file; put it there or correct dataset.labels.file")
    with _reading(path):
        schema = pq.read_schema(path)
        described = json.loads((schema.metadata or {})[b"geo"])
        geometry = str(described["primary_column"])
        encoding = str(described["columns"][geometry]["encoding"])
        stored = schema.field(geometry).type
    binary = pa.types.is_binary(stored) or pa.types.is_large_binary(stored)
    if binary != (encoding == "WKB"):
        raise LabelError(
            f"{path}: says that {geometry!r} is {encoding[:40]} where it is {stored}; write the "
            "file anew"
        )
    return geometry, [name for name in schema.names if name != geometry]


def _check(path: Path, blobs: pa.ChunkedArray) -> None:
    """Check well-known binary before it is read."""
    number = 0
    for chunk in blobs.chunks:
        for number, blob in enumerate(chunk.to_pylist(), start=number + 1):
            try:
                check_wkb(blob, SIMPLE) if blob is not None else None
            except ValueError as fault:
                raise LabelError(f"{path}, row {number}: a geometry {fault}") from None


def _plain(column: Any) -> NDArray[Any]:
    """Values of a column, None for those that are missing, whichever way."""
    found: NDArray[Any] = column.astype(object).where(column.notna(), None).to_numpy()
    return found


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Errors of the libraries as errors of the file."""
    try:
        yield
    except (
        pa.ArrowException,
        OSError,
        ShapelyError,
        CRSError,
        ValueError,
        KeyError,
        TypeError,
        RecursionError,
    ) as fault:
        raise LabelError(
            f"{path}: is no GeoParquet that can be read ({str(fault)[:200]}); write it anew, as "
            "geopandas or GDAL do"
        ) from None
