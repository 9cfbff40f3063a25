"""Vector files as other programs write them, made by hand."""

import json
import sqlite3
import struct
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.config.dataset import ClassRow

CLASSES = [ClassRow(code=1, name="Buildings", countable=True), ClassRow(code=7, name="Water")]
Feature = tuple[Any, Any, BaseGeometry | None]
"""Scene, class and geometry."""


def gpkg_blob(geometry: BaseGeometry | bytes, envelope: int = 0, flags: int = 0) -> bytes:
    """A geometry as GeoPackage stores it; ``envelope`` is 0 for none, 1 for two dimensions."""
    bounds = geometry.bounds if isinstance(geometry, BaseGeometry) else (0.0,) * 4
    left, lower, right, upper = bounds
    box = struct.pack("<4d", left, right, lower, upper) if envelope else b""
    body = shapely.to_wkb(geometry) if isinstance(geometry, BaseGeometry) else geometry
    return b"GP" + struct.pack("<BBi", 0, 1 | envelope << 1 | flags, 32633) + box + bytes(body)


def write_gpkg(
    path: Path,
    features: Iterable[tuple[Any, Any, bytes | None]],
    columns: Sequence[str] = ("scene", "class"),
    number: int = 32633,
    table: str = "objects",
) -> Path:
    """A GeoPackage with one layer."""
    quoted = table.replace('"', '""')
    with closing(sqlite3.connect(path)) as base, base:
        base.executescript(
            f"""
            CREATE TABLE gpkg_spatial_ref_sys (
                srs_name TEXT, srs_id INTEGER PRIMARY KEY, organization TEXT,
                organization_coordsys_id INTEGER, definition TEXT);
            INSERT INTO gpkg_spatial_ref_sys VALUES ('', 32633, 'epsg', 32633, '');
            INSERT INTO gpkg_spatial_ref_sys VALUES ('', 4326, 'EPSG', 4326, '');
            INSERT INTO gpkg_spatial_ref_sys VALUES ('', -1, 'NONE', -1, '');
            CREATE TABLE gpkg_contents (table_name TEXT PRIMARY KEY, data_type TEXT);
            CREATE TABLE gpkg_geometry_columns (
                table_name TEXT, column_name TEXT, geometry_type_name TEXT, srs_id INTEGER);
            INSERT INTO gpkg_contents VALUES ('{table}', 'features'), ('notes', 'attributes');
            INSERT INTO gpkg_geometry_columns VALUES ('{table}', 'geom', 'POLYGON', {number});
            CREATE TABLE "{quoted}" (
                fid INTEGER PRIMARY KEY, geom BLOB, "{columns[0]}", "{columns[1]}");
            """
        )
        base.executemany(
            f'INSERT INTO "{quoted}" ("{columns[0]}", "{columns[1]}", geom) VALUES (?, ?, ?)',
            list(features),
        )
    return path


def write_geojson(
    path: Path,
    features: Iterable[Feature],
    columns: Sequence[str] = ("scene", "class"),
    system: str | None = None,
) -> Path:
    """A collection of features; a scene that is None gets no property."""
    found = [
        {
            "type": "Feature",
            "properties": {
                name: value
                for name, value in zip(columns, values, strict=True)
                if value is not None
            },
            "geometry": None if shape is None else shapely.geometry.mapping(shape),
        }
        for *values, shape in features
    ]
    whole: dict[str, Any] = {"type": "FeatureCollection", "features": found}
    if system:
        whole["crs"] = {"type": "name", "properties": {"name": system}}
    path.write_text(json.dumps(whole))
    return path
