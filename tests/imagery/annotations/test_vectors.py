"""Polygons of vector files on scenes: classes, cutting, ignored ground."""

import math
from pathlib import Path

import pytest
import shapely
from shapely import MultiPolygon, Polygon

from pipeline.errors import LabelError
from pipeline.imagery.annotations.vectors import read_vectors
from tests.imagery.annotations.vectors import CORNER, UTM, settings, square, write
from tests.test_real_scenes import real_scenes

SCENE = square(0, 0, 100)
FORMATS = ("a.gpkg", "a.geojson", "a.shp", "a.parquet", "a.csv", "semicolon.csv")


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_same_polygons(tmp_path: Path, name: str) -> None:
    shapes = [square(0, 0), square(20, 0, 20), square(95, 50)]
    path = write(tmp_path / name, shapes, {"kind": ["field", "wood", "field"], "n": [1, 2, 3]})
    wanted = settings(column="kind", values={"field": 7, "wood": 3}, crs=UTM)
    found = read_vectors(path, wanted, (3, 7)).on(SCENE, UTM)
    assert list(found.polygons) == [3, 7]
    assert found.polygons[3].equals(square(20, 0, 20))
    assert found.polygons[7].area == 100 + 50, "the last one reaches past the scene by half"
    assert found.ignored.is_empty
    assert found.notes == (), "labels for many scenes are cut at each of them"


@pytest.mark.parametrize("name", FORMATS)
def test_numbers_are_the_same_however_they_are_stored(tmp_path: Path, name: str) -> None:
    shapes = [square(0, 0), square(20, 0), square(40, 0), None]
    path = write(tmp_path / name, shapes, {"kind": [1.0, 2.0, float("nan"), 1.0]})
    wanted = settings(column="kind", values={1: 5, "2.0": 6}, ignore=[""], crs=UTM)
    table = read_vectors(path, wanted, (5, 6))
    found = table.on(SCENE, UTM)
    assert {code: shape.area for code, shape in found.polygons.items()} == {5: 100, 6: 100}
    assert found.ignored.equals(square(40, 0))
    assert len(table.notes) == 1
    assert "no polygon there" in table.notes[0]


def test_class_by_layer(tmp_path: Path) -> None:
    path = tmp_path / "layers.gpkg"
    write(path, [square(0, 0)], layer="water")
    write(path, [square(5, 0), square(50, 0)], layer="flood")
    wanted = settings(values={"water": 1, "flood": 2})
    found = read_vectors(path, wanted, (1, 2)).on(SCENE, UTM).polygons
    assert found[1].intersection(found[2]).area == 50, "classes may overlap"
    only = read_vectors(path, settings(layer="flood", values={"flood": 2}), (1, 2))
    assert list(only.on(SCENE, UTM).polygons) == [2]
    with pytest.raises(LabelError, match=r"no layer 'floods', did you mean 'flood'\?"):
        read_vectors(path, settings(layer="floods", values={"flood": 2}), (1, 2))
    with pytest.raises(LabelError, match=r"layer 'flood': its name is not among .*'flood' \(2 of"):
        read_vectors(path, settings(values={"water": 1}), (1, 2))


def test_only_class_needs_no_values(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gpkg", [square(0, 0), square(5, 0)])
    found = read_vectors(path, settings(), (4,)).on(SCENE, UTM).polygons
    assert found[4].area == 150, "polygons of a class are one multipolygon"
    assert isinstance(found[4], MultiPolygon)
    with pytest.raises(LabelError, match=r"is empty where dataset\.classes lists 2 classes"):
        read_vectors(path, settings(), (4, 5))


def test_class_that_the_configuration_lacks(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gpkg", [square(0, 0)], {"kind": ["field"]})
    with pytest.raises(LabelError, match=r"'field' means class 9, which dataset.classes lacks"):
        read_vectors(path, settings(column="kind", values={"field": 9}), (1, 2))


def test_values_that_are_not_listed(tmp_path: Path) -> None:
    kinds = ["field", "feild", "feild", "rock"]
    shapes = [square(10 * place, 0) for place in range(4)]
    path = write(tmp_path / "a.gpkg", shapes, {"kind": kinds})
    with pytest.raises(LabelError) as error:
        read_vectors(path, settings(column="kind", values={"field": 1}), (1,))
    text = str(error.value)
    assert "layer 'a': column 'kind'" in text
    assert "'feild' (2 of them, first feature 2, did you mean 'field'?)" in text
    assert "'rock' (1 of them, first feature 4)" in text
    assert "listed are 'field'" in text
    for other, ignored in (("background", 0), ("ignore", 300)):
        wanted = settings(column="kind", values={"field": 1}, other=other)
        found = read_vectors(path, wanted, (1,)).on(SCENE, UTM)
        assert found.polygons[1].area == 100
        assert found.ignored.area == ignored
    with pytest.raises(LabelError, match=r"no column 'kinds', did you mean 'kind'\?"):
        read_vectors(path, settings(column="kinds", values={"field": 1}), (1,))


def test_rest_that_was_not_looked_at(tmp_path: Path) -> None:
    shapes = [square(0, 0), square(20, 0), square(40, 0)]
    path = write(tmp_path / "a.gpkg", shapes, {"kind": ["field", "nothing", "cloud"]})
    keys = {"column": "kind", "values": {"field": 1}, "background": ["nothing"]}
    wanted = settings(**keys, ignore=["cloud"], rest="ignore")
    found = read_vectors(path, wanted, (1,)).on(SCENE, UTM)
    assert list(found.polygons) == [1]
    assert found.ignored.equals(SCENE - square(0, 0) - square(20, 0))


def test_ignored_ground_wins_over_ground_that_was_looked_at(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gpkg", [SCENE, square(0, 0)], {"kind": ["field", "cloud"]})
    keys = {"column": "kind", "values": {"field": 1}, "ignore": ["cloud"], "rest": "ignore"}
    found = read_vectors(path, settings(**keys), (1,)).on(SCENE, UTM)
    assert found.ignored.equals(square(0, 0))


def test_labels_that_lie_elsewhere(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gpkg", [square(5_000, 0)])
    found = read_vectors(path, settings(), (1,)).on(SCENE, UTM)
    assert not found.polygons
    assert found.ignored.is_empty
    empty = read_vectors(path, settings(column=None, values={"b": 1}, other="background"), (1,))
    assert empty.bounds(UTM) is None


def test_crossing_outlines_are_made_valid_and_noted(tmp_path: Path) -> None:
    x, y = CORNER
    bow = Polygon([(x, y), (x + 10, y + 10), (x + 10, y), (x, y + 10)])
    path = write(tmp_path / "a.gpkg", [bow, square(20, 0)])
    found = read_vectors(path, settings(), (1,)).on(SCENE, UTM)
    assert found.polygons[1].is_valid
    assert found.polygons[1].area == 50 + 100
    assert found.notes == ("1 label polygons crossed themselves and were made valid",)


def test_heights_are_dropped_and_collections_taken_apart(tmp_path: Path) -> None:
    high = shapely.force_3d(square(0, 0), 7)
    mixed = shapely.GeometryCollection([square(20, 0), shapely.Point(CORNER)])
    path = write(tmp_path / "a.gpkg", [high, mixed, shapely.GeometryCollection()])
    table = read_vectors(path, settings(), (1,))
    found = table.on(SCENE, UTM).polygons[1]
    assert found.area == 200
    assert not found.has_z
    assert "feature 3: no polygon there" in table.notes[0]


def test_points_and_lines_are_refused(tmp_path: Path) -> None:
    shapes = [square(0, 0), shapely.Point(CORNER), shapely.LineString([CORNER, (0, 0)])]
    path = write(tmp_path / "a.gpkg", shapes, {"kind": ["field", "tree", "tree"]})
    with pytest.raises(LabelError, match=r"1 Point, 1 LineString \(features 2, 3\); only polygons"):
        read_vectors(path, settings(), (1,))
    wanted = settings(column="kind", values={"field": 1}, background=["tree"])
    assert read_vectors(path, wanted, (1,)).on(SCENE, UTM).polygons[1].area == 100


def test_real_land_cover_lies_on_its_scene() -> None:
    folder = real_scenes() / "sentinel2_lulc"
    names = ("artificial surface", "cultivated land", "forest", "grassland", "schrubland")
    values = {name: code for code, name in enumerate(names, start=1)}
    wanted = settings(column="LULC_NAME", values=values, ignore=[""])
    table = read_vectors(folder / "labels.gpkg", wanted, tuple(values.values()))
    bounds = table.bounds(UTM)
    assert bounds is not None
    found = table.on(shapely.box(*bounds), UTM)
    assert [len(layer.shapes) for layer in table.layers] == [88]
    assert set(found.polygons) == set(values.values())
    assert found.polygons[3].area == pytest.approx(0.71 * 2_093_569.7, rel=0.01)
    degrees = table.bounds("EPSG:4326")
    assert degrees is not None
    assert degrees == pytest.approx((14.5489, 45.8628, 14.5803, 45.8826), abs=0.03)
    mercator = table.bounds("EPSG:3857")
    assert mercator is not None
    moved = table.on(shapely.box(*mercator), "EPSG:3857").polygons
    stretch = 1 / math.cos(math.radians(45.87)) ** 2
    for code, shape in moved.items():
        assert shape.area == pytest.approx(found.polygons[code].area * stretch, rel=0.02)
