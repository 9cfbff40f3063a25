"""Layers of GeoPackage, GeoJSON and Shapefile, read by GDAL from files that nobody has checked."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError, FieldError, GeometryError
from shapely.errors import ShapelyError

from pipeline.errors import LabelError
from pipeline.imagery.annotations.geopackage_views import check_tables
from pipeline.imagery.annotations.layers import Layer, close_to

DRIVERS: Final = {
    ".gpkg": "GPKG",
    ".geojson": "GeoJSON",
    ".json": "GeoJSON",
    ".shp": "ESRI Shapefile",
}
_STARTS: Final = {
    "GPKG": rb"SQLite format 3\0",
    "GeoJSON": rb"(\xef\xbb\xbf)?\s*\{",
    "ESRI Shapefile": rb"\0\0\x27\x0a",
}
_HEAD: Final = 2**16
_PROGRAM: Final = b"gdal_streamed_alg"
"""Marks a JSON file whose commands GDAL would run, whatever the file's name."""
_CRS_MEMBER: Final = re.compile(rb'"crs"\s*:\s*[{n]')


def read_gdal(path: Path, wanted: str | None, column: str | None) -> list[Layer]:
    """Layers of a file that hold geometries.

    Args:
        path: GeoPackage, GeoJSON or Shapefile, by its extension.
        wanted: The only layer to read; None for all.
        column: Attribute to read; None for none.

    Raises:
        LabelError: If the file is not what its extension says, lacks the layer or the attribute,
            or can't be read.
    """
    names = layer_names(path)
    if wanted is not None and wanted not in names:
        raise LabelError(
            f"{path}: has no layer {wanted!r}{close_to(wanted, names)}; correct "
            "dataset.labels.layer"
        )
    return [_layer(path, name, column) for name in names if wanted in {None, name}]


def layer_names(path: Path) -> list[str]:
    """Names of the layers of a checked file that hold geometries.

    Raises:
        LabelError: As :func:`read_gdal`.
    """
    _check_start(path)
    with _reading(path):
        names = [str(name) for name, kind in pyogrio.list_layers(path) if kind is not None]
        driver = pyogrio.read_info(path, layer=names[0])["driver"] if names else None
    if not names:
        raise LabelError(f"{path}: has no layer with geometries; save the polygons anew")
    if driver != DRIVERS[path.suffix.lower()]:
        raise LabelError(f"{path}: holds {driver}, not what its extension says; rename the file")
    return names


def layer_info(path: Path, name: str) -> dict[str, Any]:
    """What GDAL tells of a layer without reading its features.

    Raises:
        LabelError: If the file can't be read.
    """
    with _reading(path):
        found: dict[str, Any] = pyogrio.read_info(path, layer=name)
    return found


def _layer(path: Path, name: str, column: str | None) -> Layer:
    fields = [str(field) for field in layer_info(path, name)["fields"]]
    if column is not None and column not in fields:
        raise LabelError(
            f"{path}, layer {name!r}: has no column {column!r}{close_to(column, fields)}; correct "
            "dataset.labels.column"
        )
    with _reading(path):
        meta, numbers, texts, columns = pyogrio.raw.read(
            path, layer=name, columns=[column or ""], return_fids=True, force_2d=True
        )
        shapes = shapely.force_2d(shapely.from_wkb(texts))
    values = None if column is None else columns[0]
    usual = "EPSG:4326" if DRIVERS[path.suffix.lower()] == "GeoJSON" else None
    return Layer(path, name, _system(path, meta["crs"]), numbers, values, shapes, usual_crs=usual)


def _system(path: Path, found: str | None) -> str | None:
    """The coordinate system that a file names; GDAL gives one to GeoJSON that names none, too."""
    if DRIVERS[path.suffix.lower()] == "GeoJSON" and found == "EPSG:4326":
        with path.open("rb") as file:
            named = any(_CRS_MEMBER.search(block) for block in iter(lambda: file.read(_HEAD), b""))
        return found if named else None
    return found


def _check_start(path: Path) -> None:
    """Check that a file begins as its extension promises, before GDAL looks at it.

    Raises:
        LabelError: If it doesn't.
    """
    if not path.is_file():
        raise LabelError(f"{path}: no such file; put it there or correct dataset.labels.file")
    driver = DRIVERS[path.suffix.lower()]
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not re.match(_STARTS[driver], head) or _PROGRAM in head:
        raise LabelError(f"{path}: is no {driver} file though its name says so; write it anew")
    if driver == "GPKG":
        check_tables(path)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Errors of the libraries as errors of the file; their warnings of lost M are not news."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except (
            DataSourceError,
            DataLayerError,
            FieldError,
            GeometryError,
            ShapelyError,
            UnicodeDecodeError,
            ValueError,
        ) as fault:
            raise LabelError(
                f"{path}: can't be read ({str(fault)[:200]}); open it in a GIS and save it anew"
            ) from None
