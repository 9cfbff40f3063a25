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
from pipeline.imagery.annotations.layers import Layer, Wanted
from pipeline.imagery.polygon_binary import SIMPLE, check_wkb


def read_geoparquet(path: Path, wanted: Wanted) -> Layer:
    """The only layer of a file, its geometries as well-known binary or as GeoArrow.

    Raises:
        LabelError: If the file is no such GeoParquet or lacks an attribute.
    """
    with _reading(path):
        source = path if wanted.most is None else _beginning(path, wanted.most)
        schema = pq.read_schema(source)
        described = json.loads((schema.metadata or {})[b"geo"])
        geometry = str(described["primary_column"])
        is_binary = described["columns"][geometry]["encoding"] == "WKB"
    columns = wanted.among(str(path), [name for name in schema.names if name != geometry])
    with _reading(path), np.errstate(all="ignore"):
        if is_binary:
            _check(path, pq.read_table(source, columns=[geometry])[geometry])
        table = gpd.read_parquet(source, columns=[geometry, *columns])
        shapes = shapely.force_2d(table[geometry].to_numpy())
        # Without a system in the file's metadata it is longitude and latitude (GeoParquet 1.1); the
        # library fills that in, and null says that there is none.
        crs = None if table.crs is None else table.crs.to_string()
        values = {name: _plain(table[name]) for name in columns}
    return Layer(path, None, crs, np.arange(1, len(table) + 1), values, shapes, "row")


def _beginning(path: Path, most: int) -> pa.BufferReader:
    """The first rows of a file, as a file in memory."""
    with pq.ParquetFile(path) as file:
        batch = next(file.iter_batches(batch_size=most), None)
        rows = pa.Table.from_batches([] if batch is None else [batch], file.schema_arrow)
    sink = pa.BufferOutputStream()
    pq.write_table(rows, sink)
    return pa.BufferReader(sink.getvalue())


def _check(path: Path, blobs: pa.ChunkedArray) -> None:
    """Check well-known binary before it is read."""
    values = (blob for chunk in blobs.chunks for blob in chunk.to_pylist())
    for number, blob in enumerate(values, start=1):
        try:
            if blob is not None:
                check_wkb(blob, SIMPLE)
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
        AttributeError,
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
