"""GeoPackage and GeoParquet of a run's polygons."""

from __future__ import annotations

import sqlite3
import warnings
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

import pyogrio
from geopandas import GeoDataFrame

from pipeline.mapping.layers.map_objects import MapObjects

_DATE: Final = "2000-01-01T00:00:00Z"
"""Of all changes, so that the same objects give the same bytes."""
_CARTESIAN: Final = -1
"""GeoPackage's number of an undefined Cartesian system (OGC 12-128r19, 1.1.2.1.2)."""
_STYLES: Final = """
    CREATE TABLE layer_styles (
        id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256),
        f_table_schema TEXT(256), f_table_name TEXT(256), f_geometry_column TEXT(256),
        styleName TEXT(30), styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN,
        description TEXT, owner TEXT(30), ui TEXT(30), update_time DATETIME
    )
"""
_CONTENTS: Final = """
    INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change)
    VALUES ('layer_styles', 'attributes', 'layer_styles', '', ?)
"""
_STYLE: Final = """
    INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column,
        styleName, styleQML, styleSLD, useAsDefault, description, owner, update_time)
    VALUES ('', '', ?, 'geom', ?, ?, '', 1, '', '', ?)
"""


def layer_frame(objects: MapObjects, names: Mapping[int, str], crs: str | None) -> GeoDataFrame:
    """Objects as a table: class, code, area_m2, probability, scene and geometry.

    Args:
        objects: The objects.
        names: Name of each class code.
        crs: Their system; None for none.
    """
    columns: dict[str, Any] = {
        "class": [names[code] for code in objects.code.tolist()],
        "code": objects.code,
        "area_m2": objects.area.round(3),
        "probability": objects.probability.round(4),
        "scene": objects.scene,
    }
    return GeoDataFrame(columns, geometry=objects.parts, crs=crs)


def write_geopackage(path: Path, layers: Mapping[str, GeoDataFrame], style: str) -> None:
    """Write layers of polygons, and the style that QGIS draws each in.

    Args:
        path: File that is not there yet.
        layers: Tables by the name of their layer.
        style: Text of the style.
    """
    with _dated(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "'crs' was not provided", UserWarning)
        for name, frame in layers.items():
            options: dict[str, Any] = {} if frame.crs is not None else {"SRID": _CARTESIAN}
            pyogrio.write_dataframe(
                frame,
                path,
                layer=name,
                driver="GPKG",
                append=path.exists(),
                geometry_type="Polygon",
                **options,
            )
    with closing(sqlite3.connect(path)) as base, base:
        base.execute(_STYLES)
        base.execute(_CONTENTS, (_DATE,))
        base.executemany(_STYLE, [(name, name, style, _DATE) for name in layers])


def write_geoparquet(path: Path, frame: GeoDataFrame) -> None:
    """Write one layer as GeoParquet, with the bounds of each polygon for quick windows."""
    frame.to_parquet(path, index=False, compression="zstd", write_covering_bbox=True)


@contextmanager
def _dated() -> Iterator[None]:
    """Give files that GDAL writes a fixed date."""
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _DATE})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})
