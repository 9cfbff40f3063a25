"""Vector files that are broken, that lie about themselves, or that mean harm."""

import json
import sqlite3
import struct
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from pipeline.errors import LabelError
from pipeline.imagery.annotations.vectors import read_vectors
from tests.imagery.annotations.vectors import UTM, settings, square, write

COLLECTION = {"type": "FeatureCollection", "features": []}


def refusal(path: Path) -> str:
    """What is said of a file that is refused."""
    with pytest.raises(LabelError) as error:
        read_vectors(path, settings(), (1,))
    assert str(path) in str(error.value)
    return str(error.value)


def test_missing_and_unknown_files(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "a.gpkg")
    path = tmp_path / "a.kml"
    path.write_text("<kml/>")
    assert ".kml is none of .gpkg, .geojson" in refusal(path)


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".shp", ".parquet", ".csv"])
@pytest.mark.parametrize("content", [b"", b"\0", b"{}", b"SQLite format 3\0", b"PAR1PAR1"])
def test_files_that_are_not_what_they_say(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(content)
    assert refusal(path)


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".shp", ".parquet"])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_files_that_are_cut_short(tmp_path: Path, suffix: str, share: float) -> None:
    shapes = [square(20 * place, 0) for place in range(200)]
    path = write(tmp_path / f"a{suffix}", shapes)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    assert refusal(path)


def test_shapefile_without_its_parts(tmp_path: Path) -> None:
    path = write(tmp_path / "a.shp", [square(0, 0)], {"kind": ["field"]})
    path.with_suffix(".dbf").unlink()
    with pytest.raises(LabelError, match="no column 'kind'"):
        read_vectors(path, settings(column="kind", values={"field": 1}), (1,))


def test_program_in_a_json_file_is_not_run(tmp_path: Path) -> None:
    """GDAL takes such a file for a list of commands, whatever its name is."""
    secret = write(tmp_path / "secret.gpkg", [square(0, 0)])
    path = tmp_path / "a.geojson"
    command = f"gdal vector pipeline ! read {secret} ! filter --bbox 0,0,1e9,1e9"
    path.write_text(json.dumps({"type": "gdal_streamed_alg", "command_line": command}))
    assert "is no GeoJSON file" in refusal(path)


def test_other_json_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    arcs = {"type": "Topology", "objects": {}, "arcs": []}
    path.write_text(json.dumps(arcs))
    assert refusal(path)


def test_view_in_a_geopackage_is_not_read(tmp_path: Path) -> None:
    """A view is a program, and this one never ends."""
    path = write(tmp_path / "a.gpkg", [square(0, 0)], layer="fields")
    with closing(sqlite3.connect(path)) as base, base:
        for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            base.execute(f'DROP TRIGGER "{name}"')
        base.execute("ALTER TABLE fields RENAME TO old")
        base.execute(
            "CREATE VIEW fields AS WITH RECURSIVE n(fid) AS "
            "(SELECT 1 UNION ALL SELECT fid + 1 FROM n) SELECT fid, NULL AS geom FROM n"
        )
    assert "'fields' is a view, no table" in refusal(path)


def test_geopackage_with_changes_in_a_log(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gpkg", [square(0, 0)])
    path.with_name("a.gpkg-wal").write_bytes(b"changes")
    assert "changes that lie in a.gpkg-wal" in refusal(path)


@pytest.mark.parametrize("number", [-1, 0])
def test_undefined_system_of_a_geopackage_is_none(tmp_path: Path, number: int) -> None:
    path = write(tmp_path / "a.gpkg", [square(0, 0)])
    with closing(sqlite3.connect(path)) as base, base:
        for table in ("gpkg_geometry_columns", "gpkg_contents"):
            base.execute(f"UPDATE {table} SET srs_id = ?", (number,))
    assert read_vectors(path, settings(), (1,)).layers[0].crs is None


def write_parquet(path: Path, blobs: list[bytes]) -> Path:
    """GeoParquet with well-known binary that no library has checked."""
    column = {"encoding": "WKB", "geometry_types": []}
    geo = {"version": "1.0.0", "primary_column": "shape", "columns": {"shape": column}}
    table = pa.table({"shape": pa.array(blobs, pa.binary())})
    pq.write_table(table.replace_schema_metadata({"geo": json.dumps(geo)}), path)
    return path


@pytest.mark.parametrize("kind", [6, 7])
def test_geometries_nested_without_end(tmp_path: Path, kind: int) -> None:
    """They would overflow the stack of the library that reads them."""
    deep = struct.pack("<BII", 1, kind, 1) * 100_000 + shapely.to_wkb(square(0, 0))
    path = write_parquet(tmp_path / "a.parquet", [shapely.to_wkb(square(0, 0)), deep])
    assert "row 2: a geometry holds" in refusal(path)


def test_counts_that_promise_more_than_there_is(tmp_path: Path) -> None:
    blob = struct.pack("<BIII", 1, 3, 1, 2**32 - 1)
    assert "promises more points" in refusal(write_parquet(tmp_path / "a.parquet", [blob]))


def test_parquet_of_no_system_is_in_degrees(tmp_path: Path) -> None:
    """GeoParquet 1.1: without ``crs`` it is OGC:CRS84; null says that there is none."""
    near = shapely.to_wkb(shapely.box(15, 45, 15.001, 45.001))
    table = read_vectors(write_parquet(tmp_path / "a.parquet", [near]), settings(), (1,))
    assert table.layers[0].crs == "OGC:CRS84"
    bare = write(tmp_path / "b.parquet", [square(0, 0)], crs=None)
    assert read_vectors(bare, settings(), (1,)).layers[0].crs is None


def test_parquet_with_arrow_geometries_and_missing_values(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    kinds = pd.array([1, None], dtype="Int64")
    frame = gpd.GeoDataFrame({"kind": kinds}, geometry=[square(0, 0), square(20, 0)], crs=UTM)
    frame.to_parquet(path, geometry_encoding="geoarrow", schema_version="1.1.0")
    wanted = settings(column="kind", values={1: 1}, background=[""])
    found = read_vectors(path, wanted, (1,)).on(square(0, 0, 100), UTM)
    assert found.polygons[1].equals(square(0, 0))


def test_parquet_without_geometries(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"kind": [1]}), path)
    assert "is no GeoParquet" in refusal(path)


@pytest.mark.parametrize("number", ["nan", "inf", "1e300"])
@pytest.mark.parametrize("suffix", [".gpkg", ".parquet"])
def test_coordinates_that_are_no_place(tmp_path: Path, number: str, suffix: str) -> None:
    with np.errstate(all="ignore"):
        far = shapely.Polygon([(0, 0), (1, 0), (float(number), 1)])
        path = write(tmp_path / f"a{suffix}", [square(0, 0), far])
    assert " 2: a coordinate is not finite" in refusal(path)


def test_table_with_long_fields_and_byte_order_mark(tmp_path: Path) -> None:
    angles = np.linspace(0, 2 * np.pi, 20_000)
    ring = np.column_stack([500_050 + 40 * np.cos(angles), 5_000_050 + 40 * np.sin(angles)])
    circle = shapely.Polygon(ring)
    path = tmp_path / "a.csv"
    path.write_text(f'\ufeffkind;WKT\nfield;"{circle.wkt}"\nnone;""\n', encoding="utf-8")
    assert path.stat().st_size > 2**17, "longer than what Python's csv takes by itself"
    table = read_vectors(path, settings(crs=UTM), (1,))
    found = table.on(square(0, 0, 100), UTM).polygons[1]
    assert found.area == pytest.approx(circle.area)
    assert "row 3: no polygon there" in table.notes[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kind,shape\na,b\n", r"has no column 'wkt' with the polygons .*'kind', 'shape'"),
        ('kind,wkt\na,"POINT (1 2)"\n', r"row 2: 'POINT \(1 2\)' is no POLYGON or MULTIPOLYGON"),
        ("kind,wkt\na,b,c\n", "is no CSV table"),
        ('kind,wkt\na,"POLYGON ((0 0, 1 0"\n', "row 2: .*is no well-known text"),
        ('kind,wkt\na,"POLYGON ((0 0, 1 0, 1 1e400, 0 0))"\n', "row 2: .*not finite"),
        ('kind,wkt\na,"POLYGON ((0 0, 1 0', "is no CSV table"),
        ("", "is no CSV table"),
        ("kind,wkt\na,\xff", "row 2: .* is no POLYGON"),
    ],
)
def test_tables_that_hold_no_polygons(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(LabelError, match=message):
        read_vectors(path, settings(), (1,))


def test_table_in_another_encoding(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("kind,wkt\nGr\xfcnland,POLYGON EMPTY\n".encode("latin-1"))
    assert "no table in UTF-8" in refusal(path)


def test_curves_become_lines(tmp_path: Path) -> None:
    """A circle of radius 1 as GeoPackage stores curves."""
    path = write(tmp_path / "a.gpkg", [square(0, 0)], crs=None)
    points = [(0, 0), (1, 1), (2, 0), (1, -1), (0, 0)]
    ring = struct.pack("<BII", 1, 8, 5) + b"".join(struct.pack("<dd", *point) for point in points)
    blob = b"GP" + struct.pack("<BBi", 0, 1, 0) + struct.pack("<BII", 1, 10, 1) + ring
    with closing(sqlite3.connect(path)) as base, base:
        for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            base.execute(f'DROP TRIGGER "{name}"')
        base.execute("UPDATE gpkg_geometry_columns SET geometry_type_name = 'GEOMETRY'")
        base.execute("UPDATE a SET geom = ?", (blob,))
    found = read_vectors(path, settings(), (1,)).on(shapely.box(-5, -5, 5, 5), None).polygons[1]
    assert found.area == pytest.approx(np.pi, rel=2e-3)
