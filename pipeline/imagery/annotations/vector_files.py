"""Layers of GeoPackage, GeoJSON and Shapefile, read by GDAL from files that nobody has checked."""

from __future__ import annotations

import mmap
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError, FieldError, GeometryError
from shapely.errors import ShapelyError

from pipeline.errors import LabelError
from pipeline.imagery.annotations.geopackage_views import check_tables
from pipeline.imagery.annotations.layers import Layer, Wanted, close_to

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
_SHAPEFILE_HEADER: Final = 100
_PROGRAM: Final = b"gdal_streamed_alg"
"""Marks a JSON file whose commands GDAL would run, whatever the file's name."""
_CRS_MEMBER: Final = re.compile(rb'"crs"\s*:\s*\{')
_UNDEFINED: Final = '"Undefined '
"""Begins the names of GeoPackage's two systems that are none (OGC 12-128r19, clause 1.1.2)."""


def read_gdal(path: Path, wanted: Wanted) -> list[Layer]:
    """Layers of a GeoPackage, GeoJSON or Shapefile that hold geometries.

    Raises:
        LabelError: If the file is not what its extension says, lacks the layer or an attribute,
            or can't be read.
    """
    layers = _described(path)
    if wanted.layer is not None and wanted.layer not in layers:
        raise LabelError(
            f"{path}: has no layer {wanted.layer!r}{close_to(wanted.layer, list(layers))}; correct "
            "dataset.labels.layer"
        )
    return [
        _layer(path, name, fields, wanted)
        for name, fields in layers.items()
        if wanted.layer in {None, name}
    ]


def _described(path: Path) -> dict[str, list[str]]:
    """Attributes of the layers with geometries of a file, by the layer's name.

    Each look at a GeoJSON file reads all of it, so that there are as few as can be.

    Raises:
        LabelError: As :func:`read_gdal`.
    """
    _check_start(path)
    driver = DRIVERS[path.suffix.lower()]
    with _reading(path):
        if driver == "GPKG":
            names = [name for name, kind in pyogrio.list_layers(path) if kind is not None]
            found = [pyogrio.read_info(path, layer=name) for name in names]
        else:
            found = [pyogrio.read_info(path)]
    if not any(info["geometry_type"] for info in found):
        raise LabelError(f"{path}: has no layer with geometries; save the polygons anew")
    if found[0]["driver"] != driver:
        raise LabelError(
            f"{path}: holds {found[0]['driver']}, not what its extension says; rename the file"
        )
    return {str(info["layer_name"]): [str(name) for name in info["fields"]] for info in found}


def _layer(path: Path, name: str, fields: list[str], wanted: Wanted) -> Layer:
    columns = wanted.among(f"{path}, layer {name!r}", fields)
    driver = DRIVERS[path.suffix.lower()]
    with _reading(path):
        meta, numbers, blobs, values = pyogrio.raw.read(
            path,
            layer=name if driver == "GPKG" else None,
            columns=columns,
            return_fids=True,
            force_2d=True,
            max_features=wanted.most,
        )
        shapes = shapely.from_wkb(blobs)
    found = dict(zip((str(field) for field in meta["fields"]), values, strict=True))
    usual = "EPSG:4326" if driver == "GeoJSON" else None
    return Layer(path, name, _system(path, meta["crs"]), numbers, found, shapes, usual_crs=usual)


def _system(path: Path, found: str | None) -> str | None:
    """The coordinate system that a file names itself, of what GDAL takes it to be in."""
    if found is None or _UNDEFINED in found:
        return None
    if DRIVERS[path.suffix.lower()] == "GeoJSON" and found == "EPSG:4326":
        with (
            path.open("rb") as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text,
        ):
            return found if _CRS_MEMBER.search(text) else None
    return found


def _check_start(path: Path) -> None:
    """Check that a file begins as its extension promises, before GDAL looks at it.

    Raises:
        LabelError: If it doesn't.
    """
    driver = DRIVERS[path.suffix.lower()]
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not re.match(_STARTS[driver], head) or _PROGRAM in head:
        raise LabelError(f"{path}: is no {driver} file though its name says so; write it anew")
    if driver == "GPKG":
        check_tables(path)
    if driver == "ESRI Shapefile":
        _check_length(path, head)


def _check_length(path: Path, head: bytes) -> None:
    """Check that a Shapefile is whole: GDAL takes polygons that are cut off for empty ones.

    Its header tells its length in words of 16 bits (ESRI Shapefile Technical Description, 1998).

    Raises:
        LabelError: If it isn't.
    """
    told = 2 * int.from_bytes(head[24:28], "big")
    if path.stat().st_size < max(told, _SHAPEFILE_HEADER):
        raise LabelError(
            f"{path}: is cut short: it has {path.stat().st_size} bytes of {told}; fetch it again"
        )


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
