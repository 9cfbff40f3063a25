"""GeoPackage, GeoParquet and GeoJSON as other programs open them."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import geopandas
import numpy as np
import pyarrow.parquet
import pyogrio
import pytest
import shapely

from pipeline.config.dataset import ClassRow
from pipeline.errors import ArtifactError, DatasetError
from pipeline.mapping.geojson import ClassObjects, to_geojson
from pipeline.mapping.layers.geojson_layer import geojson_lines
from pipeline.mapping.layers.lon_lat import to_lon_lat
from pipeline.mapping.layers.map_objects import MapObjects, read_objects
from pipeline.mapping.layers.reference import is_on_earth, suffixes
from pipeline.mapping.layers.style import qgis_style
from pipeline.mapping.layers.vector_layers import (
    layer_frame,
    write_geopackage,
    write_geoparquet,
)
from pipeline.progress import printable
from tests.mapping.layers.mosaic import TO_MAP, objects

UTM = "EPSG:32633"
HOSTILE = """<script>"../../x' & \\\n]]> ä; DROP TABLE polygons --"""
SITE = (
    'ENGCRS["site",EDATUM["site"],CS[Cartesian,2],AXIS["x",east],AXIS["y",north],'
    'LENGTHUNIT["metre",1]]'
)
NAMES = {3: "Road", 7: HOSTILE}
CLASSES = [
    ClassRow(code=3, name="Road", colour="#777777"),
    ClassRow(code=7, name=HOSTILE, colour="#3366cc"),
]
TWO = MapObjects.joined(
    [
        objects(np.array([shapely.box(500_000, 5_000_000, 500_020, 5_000_010)]), "a"),
        objects(np.array([shapely.box(500_100, 5_000_000, 500_120, 5_000_010)]), "b; c", 7, 0.25),
    ]
)


def geopackage(path: Path, *systems: str | None) -> Path:
    endings = suffixes(systems)
    layers = {f"polygons{endings[crs]}": layer_frame(TWO, NAMES, crs) for crs in systems}
    write_geopackage(path, layers, qgis_style(CLASSES))
    return path


def rows(path: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as base:
        return base.execute(query).fetchall()


def test_geopackage_as_a_map_program_opens_it(tmp_path: Path) -> None:
    path = geopackage(tmp_path / "map.gpkg", UTM)
    frame = pyogrio.read_dataframe(path, layer="polygons")
    assert frame.crs.to_epsg() == 32633
    assert list(frame.columns) == ["class", "code", "area_m2", "probability", "scene", "geometry"]
    assert frame["class"].tolist() == ["Road", HOSTILE]
    assert frame["code"].tolist() == [3, 7]
    assert frame["area_m2"].tolist() == [200, 200]
    assert frame["probability"].tolist() == [0.5, 0.25]
    assert frame["scene"].tolist() == ["a", "b; c"]
    assert shapely.equals(frame.geometry.values, TWO.parts).all()


def test_qgis_finds_its_style(tmp_path: Path) -> None:
    path = geopackage(tmp_path / "map.gpkg", UTM)
    columns = "f_table_catalog, f_table_schema, f_table_name, f_geometry_column, useAsDefault"
    assert rows(path, f"SELECT {columns} FROM layer_styles") == [("", "", "polygons", "geom", 1)]
    (geometry,) = rows(path, "SELECT column_name, srs_id FROM gpkg_geometry_columns")
    assert geometry == ("geom", 32633)
    listed = rows(path, "SELECT table_name, data_type FROM gpkg_contents ORDER BY 1")
    assert listed == [("layer_styles", "attributes"), ("polygons", "features")]
    ((style,),) = rows(path, "SELECT styleQML FROM layer_styles")
    assert style == qgis_style(CLASSES)
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]


def test_layers_of_several_systems(tmp_path: Path) -> None:
    path = geopackage(tmp_path / "map.gpkg", UTM, "EPSG:32634", None)
    names = {name for name, _ in pyogrio.list_layers(path) if name != "layer_styles"}
    assert names == {"polygons_32633", "polygons_32634", "polygons_undefined"}
    numbers = dict(rows(path, "SELECT table_name, srs_id FROM gpkg_geometry_columns"))
    assert numbers == {
        "polygons_32633": 32633,
        "polygons_32634": 32634,
        "polygons_undefined": -1,
    }
    assert len(rows(path, "SELECT 1 FROM layer_styles")) == 3
    undefined = pyogrio.read_dataframe(path, layer="polygons_undefined").crs
    assert "Undefined Cartesian" in str(undefined)


def test_same_objects_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = geopackage(tmp_path / "one.gpkg", UTM, None).read_bytes()
    dates = {
        date for (date,) in rows(tmp_path / "one.gpkg", "SELECT last_change FROM gpkg_contents")
    }
    assert dates == {"2000-01-01T00:00:00Z"}
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert geopackage(tmp_path / "two.gpkg", UTM, None).read_bytes() == one
    for name in ("one", "two"):
        write_geoparquet(tmp_path / f"{name}.parquet", layer_frame(TWO, NAMES, UTM))
    first, second = (tmp_path / f"{name}.parquet" for name in ("one", "two"))
    assert first.read_bytes() == second.read_bytes()


def test_empty_layers(tmp_path: Path) -> None:
    none = MapObjects.joined([])
    frame = layer_frame(none, NAMES, UTM)
    write_geopackage(tmp_path / "map.gpkg", {"polygons": frame}, qgis_style(CLASSES))
    assert len(pyogrio.read_dataframe(tmp_path / "map.gpkg", layer="polygons")) == 0
    write_geoparquet(tmp_path / "map.parquet", frame)
    assert len(geopandas.read_parquet(tmp_path / "map.parquet")) == 0
    assert json.loads("".join(geojson_lines(none, none.parts, NAMES))) == {
        "type": "FeatureCollection",
        "features": [],
    }


def test_geoparquet(tmp_path: Path) -> None:
    path = tmp_path / "map.parquet"
    write_geoparquet(path, layer_frame(TWO, NAMES, UTM))
    frame = geopandas.read_parquet(path)
    assert frame.crs.to_epsg() == 32633
    assert frame["class"].tolist() == ["Road", HOSTILE]
    assert shapely.equals(frame.geometry.values, TWO.parts).all()
    meta = json.loads(pyarrow.parquet.read_schema(path).metadata[b"geo"])
    assert meta["columns"]["geometry"]["covering"]["bbox"]["xmin"] == ["bbox", "xmin"]
    write_geoparquet(path, layer_frame(TWO, NAMES, None))
    assert geopandas.read_parquet(path).crs is None


def test_geojson() -> None:
    shapes = to_lon_lat(TWO.parts, UTM)
    whole = json.loads("".join(geojson_lines(TWO, shapes, NAMES)))
    assert set(whole) == {"type", "bbox", "features"}
    one, other = whole["features"]
    assert one["properties"] == {
        **{"class": "Road", "code": 3, "area_m2": 200.0, "probability": 0.5, "scene": "a"}
    }
    assert other["properties"]["class"] == HOSTILE
    (ring,) = one["geometry"]["coordinates"]
    assert shapely.LinearRing(ring).is_ccw
    points = np.array([*ring, *other["geometry"]["coordinates"][0]])
    west, south, east, north = whole["bbox"]
    assert [west, south] == points.min(axis=0).tolist()
    assert [east, north] == points.max(axis=0).tolist()
    assert west == 15.0  # the middle meridian of the zone
    assert pyogrio.read_dataframe("".join(geojson_lines(TWO, shapes, NAMES)).encode()).crs == 4326


def test_bounds_across_the_antimeridian_and_vanished_parts() -> None:
    parts = np.array([shapely.box(179, 0, 181, 1), shapely.box(5, 5, 5 + 1e-9, 6)])
    two = objects(parts, "a")
    whole = json.loads("".join(geojson_lines(two, to_lon_lat(parts, "EPSG:4326"), NAMES)))
    assert whole["bbox"] == [179, 0, -179, 1]
    (feature,) = whole["features"]
    assert feature["geometry"]["type"] == "MultiPolygon"
    assert len(feature["geometry"]["coordinates"]) == 2


def test_style() -> None:
    tree = ET.fromstring(qgis_style(CLASSES))  # its own text, not read from outside
    categories = tree.findall("./renderer-v2/categories/category")
    assert [(one.get("value"), one.get("label")) for one in categories] == [
        ("3", "Road"),
        ("7", HOSTILE),
    ]
    colours = tree.findall("./renderer-v2/symbols/symbol/layer/Option/Option[@name='color']")
    assert [one.get("value") for one in colours] == ["119,119,119,150", "51,102,204,150"]
    odd = ClassRow(code=1, name="a\x00\x1bb")
    category = ET.fromstring(qgis_style([odd])).find(".//category")
    assert category is not None
    assert category.get("label") == printable(odd.name) == "a??b"


def test_objects_are_read_as_they_were_written(tmp_path: Path) -> None:
    parts = np.array(
        [shapely.box(0, 0, 2, 1), shapely.box(3, 3, 5, 7).difference(shapely.box(4, 4, 4.5, 5))]
    )
    text = to_geojson(
        [ClassObjects(CLASSES[1], parts, np.array([1.0, 1.0]), np.array([2.0, 7.5]))], TO_MAP
    )
    (tmp_path / "polygons.geojson").write_text(text)
    found = read_objects(tmp_path / "polygons.geojson", "a")
    assert found.code.tolist() == [7, 7]
    assert found.probability.tolist() == [1, 1]
    assert found.area.tolist() == [2, 7.5]
    assert shapely.area(found.parts).tolist() == [200, 750]
    (tmp_path / "none.geojson").write_text(to_geojson([], TO_MAP))
    assert len(read_objects(tmp_path / "none.geojson", "a")) == 0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":1},'
        '"geometry":{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}}]}',
    ],
    ids=["empty", "no collection", "no probability"],
)
def test_files_that_are_not_ours(tmp_path: Path, text: str) -> None:
    (tmp_path / "polygons.geojson").write_text(text)
    with pytest.raises(ArtifactError, match=r"polygons\.geojson: no polygons of ours"):
        read_objects(tmp_path / "polygons.geojson", "a")


def test_names_of_systems() -> None:
    assert suffixes([UTM, UTM]) == {UTM: ""}
    assert suffixes([None]) == {None: ""}
    assert suffixes([None, "ESRI:54009", UTM, SITE]) == {
        SITE: "_crs_1",
        UTM: "_32633",
        "ESRI:54009": "_esri_54009",
        None: "_undefined",
    }
    assert is_on_earth(UTM)
    assert not is_on_earth(None)
    assert not is_on_earth(SITE)
    assert is_on_earth("EPSG:32633+5773")
    assert not is_on_earth("IAU_2015:30100"), "the Moon"
    assert not is_on_earth("+proj=ob_tran +o_proj=longlat +o_lon_p=-162 +o_lat_p=39.25"), "turned"
    with pytest.raises(
        DatasetError, match=r"'EPSG:1' is no coordinate reference system.*dataset\.crs"
    ):
        is_on_earth("EPSG:1")
