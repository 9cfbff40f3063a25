"""The same polygons from every kind of file, and files that are made to do harm."""

import gzip
import json
import math
import os
import sqlite3
import struct
import weakref
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import shapely
from shapely import MultiPolygon, Polygon, box

from pipeline.config.dataset import ClassRow
from pipeline.errors import PipelineError, ScoringError
from pipeline.mapping.geojson import ClassObjects, to_geojson
from pipeline.mapping.jaccard import Overlap
from pipeline.mapping.scores.objects import Found
from pipeline.mapping.scores.scoring import score_sources
from pipeline.mapping.vectors.features import Entry
from pipeline.mapping.vectors.sources import Source
from tests.mapping.vectors.files import CLASSES, Feature, gpkg_blob, write_geojson, write_gpkg

HOUSE, YARD = box(0, 0, 2, 2), box(0, 0, 4, 4).difference(box(1, 1, 3, 3))
FEATURES: list[Feature] = [
    ("a", 1, HOUSE),
    ("a", 1, box(5, 5, 6, 6)),
    ("b", 7, MultiPolygon([YARD])),
    ("a", 7, YARD),
]
PARTS = {
    ("a", 1): MultiPolygon([HOUSE, box(5, 5, 6, 6)]),
    ("a", 7): MultiPolygon([YARD]),
    ("b", 7): MultiPolygon([YARD]),
}


def csv_file(folder: Path) -> Path:
    path = folder / "truth.csv"
    rows = [f'{scene},{code},"{shape.wkt}"\n' for (scene, code), shape in PARTS.items()]
    path.write_text("ImageId,ClassType,MultipolygonWKT\n" + "".join(rows))
    return path


def packed_csv(folder: Path) -> Path:
    path = folder / "truth.csv.gz"
    path.write_bytes(gzip.compress(csv_file(folder).read_bytes()))
    return path


def geopackage(folder: Path) -> Path:
    rows = [(scene, code, gpkg_blob(shape, code == 7)) for scene, code, shape in FEATURES if shape]
    return write_gpkg(folder / "truth.gpkg", rows)


def named_geopackage(folder: Path) -> Path:
    names = {row.code: row.name for row in CLASSES}
    rows = [(scene, names[code], gpkg_blob(shape)) for scene, code, shape in FEATURES if shape]
    return write_gpkg(
        folder / "truth.gpkg",
        [*rows, ("a", "Water", None)],
        ("ImageId", "CLASS_NAME"),
        table='ob"jects',
    )


def geojson(folder: Path) -> Path:
    return write_geojson(folder / "truth.geojson", FEATURES)


def folder_of_files(folder: Path) -> Path:
    (folder / "scenes").mkdir()
    of_a = [(None, code, shape) for scene, code, shape in FEATURES if scene == "a"]
    write_geojson(folder / "scenes" / "a.geojson", of_a)
    blob = gpkg_blob(YARD, 1)
    write_gpkg(folder / "scenes" / "b.gpkg", [(None, 7.0, blob)])
    return folder / "scenes"


KINDS = [csv_file, packed_csv, geopackage, named_geopackage, geojson, folder_of_files]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_holds_the_same(tmp_path: Path, kind: Callable[[Path], Path]) -> None:
    source = Source(kind(tmp_path), CLASSES)
    found = {entry.key: entry.geometry() for entry in source.entries()}
    assert {key: shape.normalize() for key, shape in found.items()} == {
        key: shape.normalize() for key, shape in PARTS.items()
    }
    assert source.scenes() == {"a", "b"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("other", KINDS)
def test_every_kind_is_scored_against_every_kind(
    tmp_path: Path, kind: Callable[[Path], Path], other: Callable[[Path], Path]
) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    score = score_sources(kind(tmp_path / "one"), other(tmp_path / "other"), CLASSES)
    assert score.classes == {1: Overlap(5, 0, 0), 7: Overlap(24, 0, 0)}
    assert score.objects == {1: Found(2, 0, 0)}
    assert score.mean("zero") == 1


def test_this_pipelines_own_files_of_a_run(tmp_path: Path) -> None:
    import numpy as np
    from affine import Affine

    found = ClassObjects(CLASSES[1], np.array([YARD], object), np.array([0.5]), np.array([12.0]))
    (tmp_path / "scene-b").mkdir()
    text = to_geojson([found], Affine.identity())
    (tmp_path / "scene-b" / "polygons.geojson").write_text(text)
    for layer in ("map.geojson", "map.gpkg", "published.json"):  # the same again, and a record
        (tmp_path / layer).write_text("{}")
    (entry,) = Source(tmp_path, CLASSES).entries()
    assert entry.key == ("b", 7)
    assert entry.geometry().equals(YARD)


def test_a_scene_whose_file_is_empty_counts(tmp_path: Path) -> None:
    (tmp_path / "true").mkdir()
    write_geojson(tmp_path / "true" / "a.geojson", [])
    write_geojson(tmp_path / "true" / "b.geojson", [(None, 1, HOUSE)])
    predicted = write_geojson(tmp_path / "p.geojson", [("a", 1, HOUSE), ("b", 1, HOUSE)])
    score = score_sources(predicted, tmp_path / "true", CLASSES)
    assert score.classes[1] == Overlap(4, 4, 0)


def test_what_vector_files_leave_out_is_nowhere(tmp_path: Path) -> None:
    predicted = write_geojson(tmp_path / "p.geojson", [("a", 1, HOUSE)])
    score = score_sources(predicted, geojson(tmp_path), CLASSES)
    assert score.classes == {1: Overlap(4, 0, 1), 7: Overlap(0, 0, 24)}


def test_features_that_overlap_are_united(tmp_path: Path) -> None:
    twice = [("a", 1, box(0, 0, 2, 1)), ("a", 1, box(1, 0, 3, 1))]
    path = write_geojson(tmp_path / "p.geojson", twice)
    assert score_sources(path, path, CLASSES).classes[1] == Overlap(3, 0, 0)


def test_nothing_is_written(tmp_path: Path) -> None:
    path = geopackage(tmp_path)
    path.chmod(0o400)
    before = path.read_bytes(), sorted(tmp_path.iterdir())
    score_sources(path, path, CLASSES)
    assert (path.read_bytes(), sorted(tmp_path.iterdir())) == before


def test_two_coordinate_systems(tmp_path: Path) -> None:
    one = write_geojson(tmp_path / "p.json", FEATURES, system="urn:ogc:def:crs:EPSG::4326")
    with pytest.raises(ScoringError, match=r"is in EPSG:4326, but .* in EPSG:32633"):
        score_sources(one, geopackage(tmp_path), CLASSES)
    undefined = [(scene, code, gpkg_blob(shape)) for scene, code, shape in FEATURES if shape]
    path = write_gpkg(tmp_path / "undefined.gpkg", undefined, number=-1)
    assert score_sources(one, path, CLASSES).mean("zero") == 1


def test_polygons_that_lie_apart_altogether(tmp_path: Path) -> None:
    moved = [("a", 1, shapely.affinity.translate(HOUSE, 5e5, 6e6))]
    score = score_sources(write_geojson(tmp_path / "p.geojson", moved), geojson(tmp_path), CLASSES)
    with pytest.raises(ScoringError, match="one coordinate system"):
        score.check_system()
    fine = score_sources(geojson(tmp_path), geojson(tmp_path), CLASSES)
    fine.check_system()


BAD_GEOJSON = {
    "[" * 100_000: "is no JSON",
    "[]": "is no FeatureCollection",
    '{"features": [1]}': "feature 1: is no feature",
    '{"features": [{"properties": {"x": 1}}]}': "no column names the class",
    '{"features": [{"properties": {"class": true}}]}': "class 'True' is not in",
    '{"features": [{"properties": {"class": 2}}]}': "class '2' is not in",
    '{"features": [{"properties": {"class": 1, "scene": "../a"}}]}': "can't be a scene's id",
}


@pytest.mark.parametrize("text", BAD_GEOJSON)
def test_bad_geojson(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.geojson"
    path.write_text(text)
    with pytest.raises(ScoringError) as caught:
        list(Source(path, CLASSES).entries())
    assert BAD_GEOJSON[text] in str(caught.value)


BAD_SHAPES = {
    '{"type": "Point", "coordinates": [0, 0]}': "a geometry is 'Point'",
    '{"type": "Polygon", "coordinates": 1}': "no lists of rings",
    '{"type": "MultiPolygon", "coordinates": 1}': "no lists of rings",
    '{"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]}': "is no list of 4 points",
    '{"type": "Polygon", "coordinates": [[[0], [1, 1], 2, 3]]}': "no list of points",
    '{"type": "Polygon", "coordinates": [[[0,0],[1,0],[1,NaN],[0,0]]]}': "not finite",
    '{"type": "Polygon", "coordinates": [[[0,0],[1,0],[1,"x"],[0,0]]]}': "no list of points",
    "7": "a geometry is 'None'",
}


@pytest.mark.parametrize("shape", BAD_SHAPES)
def test_bad_shapes(tmp_path: Path, shape: str) -> None:
    path = tmp_path / "a.geojson"
    path.write_text(f'{{"features": [{{"properties": {{"class": 1}}, "geometry": {shape}}}]}}')
    (entry,) = Source(path, CLASSES).entries()
    with pytest.raises(ScoringError, match=r"a.geojson, scene a, class 1: ") as caught:
        entry.geometry()
    assert BAD_SHAPES[shape] in str(caught.value)


def nested(depth: int) -> bytes:
    collection = struct.pack("<BII", 1, 7, 1)
    return struct.pack("<BII", 1, 6, 1) + collection * depth + bytes(shapely.to_wkb(HOUSE))


def ring(*numbers: float) -> bytes:
    """A polygon of one ring, whatever its points are."""
    head = struct.pack("<BIII", 1, 3, 1, len(numbers) // 2)
    return head + struct.pack(f"<{len(numbers)}d", *numbers)


@pytest.mark.parametrize(
    ("blob", "message"),
    [
        (b"XX" + bytes(30), "no GeoPackage geometry"),
        (b"GP", "no GeoPackage geometry"),
        ("text", "no GeoPackage geometry"),
        (gpkg_blob(HOUSE, flags=32), "of an extended kind"),
        (gpkg_blob(HOUSE, flags=14), "of an extended kind"),
        (gpkg_blob(shapely.Point(1, 1)), "a geometry of type 1"),
        (gpkg_blob(nested(100_000)), "holds a geometry of type 7"),
        (gpkg_blob(shapely.to_wkb(HOUSE)[:-3]), "more points than it holds"),
        (gpkg_blob(shapely.to_wkb(HOUSE) + b"x"), "is 93 bytes long where 94 are"),
        (gpkg_blob(struct.pack("<BII", 1, 3, 2**32 - 1)), "ends within its 9 bytes"),
        (gpkg_blob(struct.pack("<BIII", 1, 3, 1, 2**32 - 1)), "more points than it holds"),
        (gpkg_blob(b"\x07" + shapely.to_wkb(HOUSE)[1:]), "has no byte order"),
        (gpkg_blob(struct.pack("<BI", 1, 9003)), "a geometry of type 9003"),
        (gpkg_blob(ring(0, 0, 1, math.nan, 1, 1, 0, 0)), "not finite"),
        (gpkg_blob(ring(0, 0, 1, 1)), "no well-known binary"),
    ],
)
def test_bad_geopackage_geometries(tmp_path: Path, blob: bytes, message: str) -> None:
    path = write_gpkg(tmp_path / "a.gpkg", [("a", 1, blob)])
    (entry,) = Source(path, CLASSES).entries()
    with pytest.raises(ScoringError) as caught:
        entry.geometry()
    assert message in str(caught.value)


@pytest.mark.parametrize("has_z", [False, True])
@pytest.mark.parametrize("flavor", ["iso", "extended"])
@pytest.mark.parametrize("order", [0, 1])
def test_all_forms_of_binary(tmp_path: Path, has_z: bool, flavor: str, order: int) -> None:
    shape = shapely.force_3d(MultiPolygon([YARD]), 5) if has_z else MultiPolygon([YARD])
    blob = shapely.to_wkb(shape, flavor=flavor, byte_order=order, output_dimension=3)
    empty = gpkg_blob(shapely.to_wkb(Polygon()), flags=16)
    path = write_gpkg(tmp_path / "a.gpkg", [("a", 7, gpkg_blob(blob)), ("a", 7, empty)])
    (entry,) = Source(path, CLASSES).entries()
    assert entry.geometry().equals(YARD)
    assert not entry.geometry().has_z


def change(path: Path, statement: str) -> Path:
    with closing(sqlite3.connect(path)) as base, base:
        base.execute(statement)
    return path


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("DELETE FROM gpkg_geometry_columns", "has 0 layers"),
        ("DROP TABLE gpkg_contents", "no GeoPackage that can be read"),
        ("ALTER TABLE objects RENAME COLUMN class TO sort", "no column names the class"),
        ("UPDATE objects SET class = 'Trees'", "class 'Trees' is not in"),
        ("UPDATE objects SET scene = '..'", "can't be a scene's id"),
        ("UPDATE gpkg_geometry_columns SET column_name = 'x'", "no GeoPackage that can be read"),
    ],
)
def test_bad_geopackages(tmp_path: Path, statement: str, message: str) -> None:
    path = change(geopackage(tmp_path), statement)
    with pytest.raises(ScoringError) as caught:
        list(Source(path, CLASSES).entries())
    assert message in str(caught.value)


def test_a_layer_that_is_a_view_is_not_run(tmp_path: Path) -> None:
    path = change(geopackage(tmp_path), "ALTER TABLE objects RENAME TO hidden")
    change(path, "CREATE VIEW objects AS SELECT * FROM hidden")
    change(path, "UPDATE gpkg_geometry_columns SET table_name = 'objects'")
    change(path, "UPDATE gpkg_contents SET table_name = 'objects' WHERE data_type = 'features'")
    with pytest.raises(ScoringError, match="has 0 layers"):
        list(Source(path, CLASSES).entries())


def test_files_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "a.gpkg").write_bytes(b"SQLite format 3\x00" + bytes(500))
    for name, message in (
        ("a.gpkg", "no GeoPackage"),
        ("none.gpkg", "no such file"),
        ("none.geojson", "no such file"),
        ("none.csv", "no such table"),
        ("none.csv.gz", "no such table"),
    ):
        with pytest.raises(PipelineError, match=message):
            list(Source(tmp_path / name, CLASSES).entries())
    (tmp_path / "empty").mkdir()
    with pytest.raises(ScoringError, match="put one per scene there"):
        list(Source(tmp_path / "empty", CLASSES).entries())


def test_faults_of_a_packed_table_name_it(tmp_path: Path) -> None:
    path = tmp_path / "x.csv.gz"
    path.write_bytes(gzip.compress(b"ImageId,ClassType,MultipolygonWKT\na,9,POLYGON EMPTY\n"))
    with pytest.raises(ScoringError, match=r"x\.csv\.gz, row 2: class code '9'"):
        list(Source(path, CLASSES).entries())


def test_a_scene_in_two_files(tmp_path: Path) -> None:
    write_geojson(tmp_path / "a.geojson", [(None, 1, HOUSE)])
    write_geojson(tmp_path / "a.json", [(None, 1, HOUSE)])
    with pytest.raises(ScoringError, match="stands in another file"):
        list(Source(tmp_path, CLASSES).entries())


def test_names_that_are_codes_of_other_classes(tmp_path: Path) -> None:
    classes = [ClassRow(code=1, name="7"), ClassRow(code=7, name="Water")]
    path = write_geojson(tmp_path / "a.geojson", [(None, "7", HOUSE)])
    (entry,) = Source(path, classes).entries()
    assert entry.code == 7, "a number is a code before it is a name"
    assert json.loads(path.read_text())["features"][0]["properties"] == {"class": "7"}


def test_packed_tables_are_not_unpacked_onto_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = packed_csv(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    assert Source(path, CLASSES).scenes() == {"a", "b"}
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ScoringError, match=r"truth\.csv\.gz: can't be unpacked"):
        Source(path, CLASSES).scenes()


@pytest.mark.parametrize("kind", [csv_file, packed_csv])
def test_rows_in_the_same_order_are_held_two_at_a_time(
    tmp_path: Path, kind: Callable[[Path], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has been compared is let go: of many rows, no more than two pairs are ever alive."""
    monkeypatch.setattr(
        "tests.mapping.vectors.test_sources.PARTS",
        {(f"s{number}", 1): MultiPolygon([HOUSE]) for number in range(50)},
    )
    path = kind(tmp_path)
    alive: weakref.WeakSet[Entry] = weakref.WeakSet()
    most = 0
    read = Source.entries

    def watched(source: Source) -> Iterator[Entry]:
        nonlocal most
        for entry in read(source):
            alive.add(entry)
            most = max(most, len(alive))
            yield entry

    monkeypatch.setattr(Source, "entries", watched)
    score = score_sources(path, path, CLASSES)
    assert len(score.scenes) == 50
    assert most <= 4


@pytest.mark.parametrize(
    "table", ["gpkg_geometry_columns", "gpkg_contents", "gpkg_spatial_ref_sys"]
)
def test_views_in_place_of_the_tables_of_a_geopackage_are_not_run(
    tmp_path: Path, table: str
) -> None:
    path = change(geopackage(tmp_path), f"ALTER TABLE {table} RENAME TO hidden")
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
    change(path, f"CREATE VIEW {table} AS {endless} SELECT hidden.* FROM hidden, n")
    with pytest.raises(ScoringError, match=f"{table} is a view"):
        list(Source(path, CLASSES).entries())


def test_changes_that_are_not_in_the_geopackage_yet(tmp_path: Path) -> None:
    path = geopackage(tmp_path)
    with closing(sqlite3.connect(path)) as base:
        base.execute("PRAGMA journal_mode = WAL")
        base.execute("DELETE FROM objects")
        base.commit()
        with pytest.raises(ScoringError, match=r"changes that lie in truth\.gpkg-wal"):
            list(Source(path, CLASSES).entries())
    assert list(Source(path, CLASSES).entries()) == []


def test_a_scene_without_a_geometry_is_named_by_either_kind(tmp_path: Path) -> None:
    for path in (
        write_gpkg(tmp_path / "a.gpkg", [("x", 1, None)]),
        write_geojson(tmp_path / "a.geojson", [("x", 1, None)]),
    ):
        (entry,) = Source(path, CLASSES).entries()
        assert (entry.key, entry.geometry().is_empty) == (("x", 1), True)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.geojson")
    with pytest.raises(ScoringError, match="no such file"):
        list(Source(tmp_path / "a.geojson", CLASSES).entries())
