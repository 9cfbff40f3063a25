"""GeoJSON of objects: by hand, and back."""

import json
from pathlib import Path

import numpy as np
import pytest
import shapely
from affine import Affine

from pipeline.config.dataset import ClassRow
from pipeline.errors import ArtifactError
from pipeline.mapping.geojson import (
    ClassObjects,
    read_geojson,
    read_objects,
    to_geojson,
    write_geojson,
)
from pipeline.mapping.polygons import trace

MASK = np.array([[1, 1, 1, 0], [1, 0, 1, 0], [1, 1, 1, 0], [0, 0, 0, 1]], bool)


def objects(code: int, name: str) -> ClassObjects:
    parts = trace(MASK)
    areas = shapely.area(parts)
    return ClassObjects(ClassRow(code=code, name=name), parts, areas / 10, areas * 4)


def test_there_and_back(tmp_path: Path) -> None:
    to_map = Affine(1 / 3, 0, 0.1, 0, -1 / 7, 0)
    path = tmp_path / "polygons.geojson"
    path.write_text(to_geojson([objects(3, "Ro\u0061d"), objects(7, "W\u00e4sser")], to_map))
    back = read_geojson(path)
    assert set(back) == {3, 7}
    wanted = shapely.MultiPolygon(list(trace(MASK)))
    for whole in back.values():
        assert whole.is_valid
        assert whole.area == pytest.approx(9 / 21)
        on_grid = shapely.transform(whole, lambda xy: (xy - [0.1, 0]) * [3, -7])
        assert shapely.equals_exact(shapely.normalize(on_grid), wanted.normalize(), 1e-9)


def test_properties_and_orientation() -> None:
    text = to_geojson([objects(3, "Road")], Affine.scale(1, -1))
    features = json.loads(text)["features"]
    found = sorted((feature["properties"]["area_m2"] for feature in features), reverse=True)
    assert found == [32.0, 4.0]
    assert features[0]["properties"]["code"] == 3
    assert features[0]["properties"]["class"] == "Road"
    for feature in features:
        outer, *holes = feature["geometry"]["coordinates"]
        assert shapely.is_ccw(shapely.linearrings(outer))
        assert not any(shapely.is_ccw(shapely.linearrings(hole)) for hole in holes)


def test_no_objects(tmp_path: Path) -> None:
    path = tmp_path / "polygons.geojson"
    path.write_text(to_geojson([], Affine.identity()))
    assert read_geojson(path) == {}


def test_damaged(tmp_path: Path) -> None:
    text = to_geojson([objects(3, "Road")], Affine.identity())
    for broken in ('{"features": [{}]}', "", text[:-3], text.replace("code", "kind"), text[1:]):
        (tmp_path / "x.geojson").write_text(broken)
        with pytest.raises(ArtifactError, match="no polygons of ours"):
            read_geojson(tmp_path / "x.geojson")
        with pytest.raises(ArtifactError, match="no polygons of ours"):
            read_objects(tmp_path / "x.geojson")


def test_objects_with_what_is_known_of_them(tmp_path: Path) -> None:
    """A ring of eight pixels and a single one."""
    path = tmp_path / "polygons.geojson"
    path.write_text(to_geojson([objects(3, "Road")], Affine.scale(2, -2)))
    found = read_objects(path)
    assert list(found) == [3]
    assert found[3].area.tolist() == [32, 4]
    assert found[3].probability.tolist() == [0.8, 0.1]
    assert shapely.area(found[3].parts).tolist() == [32, 4]
    assert shapely.bounds(found[3].parts[1]).tolist() == [6, -8, 8, -6]


def test_a_file_holds_the_text(tmp_path: Path) -> None:
    found = [objects(3, "Road"), objects(7, "W\u00e4sser")]
    write_geojson(tmp_path / "a", found, Affine.scale(1, -1))
    assert (tmp_path / "a").read_text() == to_geojson(found, Affine.scale(1, -1))
