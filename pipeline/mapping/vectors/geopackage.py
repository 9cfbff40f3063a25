"""Polygons of a GeoPackage, an SQLite file, read without changing it.

The layout follows OGC 12-128r19 (GeoPackage 1.4), clauses 1.1.3 and 2.1.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from pipeline.config.dataset import ClassRow
from pipeline.errors import ScoringError
from pipeline.imagery.polygon_binary import polygons_of_wkb
from pipeline.mapping.vectors.features import Columns, Entry, code_of, columns_of, scene_of

_MAGIC: Final = b"GP"
_HEADER: Final = 8
_ENVELOPES: Final = (0, 32, 48, 48, 64)
"""Bytes of an envelope by its code."""
_LAYER: Final = """
    SELECT g.table_name, g.column_name, g.srs_id FROM gpkg_geometry_columns AS g
    JOIN gpkg_contents AS c ON c.table_name = g.table_name
    JOIN sqlite_master AS m ON m.name = g.table_name AND m.type = 'table'
    WHERE c.data_type = 'features'
"""
_VIEWS: Final = """
    SELECT name FROM sqlite_master WHERE type <> 'table' AND lower(name) IN
    ('gpkg_geometry_columns', 'gpkg_contents', 'gpkg_spatial_ref_sys')
"""
_MOST_BYTES: Final = 2**28
"""Longest geometry, bytes: what a table's field may have at most."""
_SYSTEM: Final = """
    SELECT organization, organization_coordsys_id FROM gpkg_spatial_ref_sys WHERE srs_id = ?
"""


def read_geopackage(path: Path, classes: Sequence[ClassRow], scene: str) -> Iterator[Entry]:
    """Polygons by scene and class, in that order; those of one scene are held at a time.

    Args:
        path: GeoPackage with one layer of polygons.
        classes: Classes that may occur, by code or name.
        scene: Scene of all features, if no column names it.

    Raises:
        ScoringError: If the file is no such GeoPackage, naming what is wrong.
    """
    try:
        with closing(_opened(path)) as base:
            layer, geometry, number = _layer(path, base)
            columns = columns_of(path, _columns(base, layer))
            system = _system(base, number)
            yield from _entries(
                path, classes, _features(base, layer, geometry, columns), scene, system
            )
    except (sqlite3.Error, UnicodeDecodeError, OverflowError) as fault:
        raise ScoringError(
            f"{path}: no GeoPackage that can be read ({fault}); write it anew"
        ) from None


def _opened(path: Path) -> sqlite3.Connection:
    """A connection that can't write, run what the file defines, or wait for other processes."""
    if not path.is_file():
        raise ScoringError(f"{path}: no such file; put it there or correct its name")
    log = path.with_name(f"{path.name}-wal")
    if log.is_file() and log.stat().st_size:
        raise ScoringError(
            f"{path}: has changes that lie in {log.name} and not yet in the file; close the "
            "program that has it open, or save the layer anew"
        )
    base = sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1", uri=True)
    for rule in ("trusted_schema = OFF", "query_only = ON", "cell_size_check = ON"):
        base.execute(f"PRAGMA {rule}")
    base.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_BYTES)
    return base


def _layer(path: Path, base: sqlite3.Connection) -> tuple[str, str, int]:
    """Table, geometry column and number of the coordinate system of the only layer."""
    # A view is a program, which need not end.
    views = base.execute(_VIEWS).fetchall()
    if views:
        raise ScoringError(f"{path}: {views[0][0]} is a view, not a table; write the file anew")
    layers = base.execute(_LAYER).fetchall()
    if len(layers) != 1:
        names = ", ".join(repr(str(row[0])[:40]) for row in layers[:10]) or "none"
        raise ScoringError(
            f"{path}: has {len(layers)} layers of features ({names}); keep the one whose polygons "
            "are to be scored"
        )
    table, column, number = layers[0]
    return str(table), str(column), int(number)


def _columns(base: sqlite3.Connection, layer: str) -> list[str]:
    rows = base.execute("SELECT name FROM pragma_table_info(?)", (layer,))
    return [str(name) for (name,) in rows]


def _system(base: sqlite3.Connection, number: int) -> str | None:
    """Name of a coordinate system; None of those that are undefined."""
    row = base.execute(_SYSTEM, (number,)).fetchone()
    return None if row is None or number <= 0 else f"{row[0]}:{row[1]}".upper()


def _features(
    base: sqlite3.Connection, layer: str, geometry: str, columns: Columns
) -> Iterator[tuple[Any, Any, Any]]:
    """Scene, class and geometry of the features, by scene."""
    code, shape, table = map(_quoted, (columns.code, geometry, layer))
    scene = "NULL" if columns.scene is None else f"CAST(t.{_quoted(columns.scene)} AS TEXT)"
    # Names can't be parameters; they are quoted as SQL quotes names, and belong to the table, or
    # else SQLite takes a name that is no column for a text.
    query = f"SELECT {scene}, t.{code}, t.{shape} FROM {table} AS t ORDER BY 1, t.rowid"  # noqa: S608
    return base.execute(query)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _entries(
    path: Path,
    classes: Sequence[ClassRow],
    features: Iterator[tuple[Any, Any, Any]],
    only: str,
    system: str | None,
) -> Iterator[Entry]:
    """Features of one scene and class as one entry each."""
    for name, group in groupby(features, key=lambda feature: feature[0]):
        scene = only if name is None else scene_of(str(path), name)
        blobs: dict[int, list[bytes]] = {}
        for _, value, blob in group:
            code = code_of(f"{path}, scene {scene}", value, classes)
            found = blobs.setdefault(code, [])
            if blob is not None:
                found.append(blob)
        for code in sorted(blobs):
            place = f"{path}, scene {scene}, class {code}"
            yield Entry(place, scene, code, partial(_polygons, blobs[code]), system)


def _polygons(blobs: Sequence[Any]) -> Any:
    return polygons_of_wkb([text for blob in blobs if (text := _wkb(blob)) is not None])


def _wkb(blob: Any) -> bytes | None:
    """Well-known binary of a GeoPackage geometry; None of one that is empty.

    Raises:
        ValueError: If it is no such geometry.
    """
    if not isinstance(blob, bytes) or len(blob) < _HEADER or blob[:2] != _MAGIC:
        raise ValueError("a geometry is no GeoPackage geometry; write the layer anew")
    flags = struct.unpack_from("B", blob, 3)[0]
    envelope, extended, empty = flags >> 1 & 7, flags >> 5 & 1, flags >> 4 & 1
    if extended or envelope >= len(_ENVELOPES):
        raise ValueError("a geometry is of an extended kind; write the layer as polygons")
    return None if empty else blob[_HEADER + _ENVELOPES[envelope] :]
