"""What a GeoPackage must not hold: tables that are programs, which need not end."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final
from urllib.parse import quote

from pipeline.errors import LabelError

_TABLES: Final = ("gpkg_contents", "gpkg_geometry_columns", "gpkg_spatial_ref_sys")
_PROGRAMS: Final = """
    SELECT lower(name) FROM sqlite_master
    WHERE type = 'view' OR (type = 'table' AND lower(sql) LIKE 'create virtual%')
"""


def check_tables(path: Path) -> None:
    """Check that all layers of a GeoPackage are tables and that it is whole.

    Raises:
        LabelError: If a layer is a view, or changes still lie in a log beside the file.
    """
    log = path.with_name(f"{path.name}-wal")
    if log.is_file() and log.stat().st_size:
        raise LabelError(
            f"{path}: has changes that lie in {log.name} and not yet in the file; close the "
            "program that has it open, or save the layer anew"
        )
    address = f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(address, uri=True)) as base:
            base.execute("PRAGMA trusted_schema = OFF")
            programs = {str(name) for (name,) in base.execute(_PROGRAMS)}
            views = programs & set(_TABLES)
            if not views:
                layers = base.execute("SELECT lower(table_name) FROM gpkg_contents")
                views = programs & {str(name) for (name,) in layers}
    except (sqlite3.Error, UnicodeDecodeError) as fault:
        raise LabelError(
            f"{path}: no GeoPackage that can be read ({fault}); write it anew"
        ) from None
    if views:
        raise LabelError(
            f"{path}: {min(views)[:60]!r} is a view, no table; save the layer as a file of its own"
        )
