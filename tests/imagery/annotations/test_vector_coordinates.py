"""Polygons of one coordinate reference system on scenes of another."""

import math
from pathlib import Path

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import Polygon

from pipeline.errors import LabelError
from pipeline.imagery.annotations.coordinates import moved_shapes
from pipeline.imagery.annotations.vectors import read_vectors
from tests.imagery.annotations.vectors import UTM, settings, square, write

SCENE = square(0, 0, 100)


def test_degrees_on_a_utm_scene(tmp_path: Path) -> None:
    """On the central meridian, easting is 500 km and northing 0.9996 times the meridian's arc.

    Length of the arc by Helmert's series in n, independent of the library that is used: J. R.
    Helmert, Die mathematischen und physikalischen Theorieen der hoeheren Geodaesie (1880).
    """
    low, high = math.radians(45.0), math.radians(45.001)
    third = (1 - math.sqrt(1 - 0.00669437999014)) / (1 + math.sqrt(1 - 0.00669437999014))

    def arc(latitude: float) -> float:
        n = third
        series = (
            (1 + n**2 / 4 + n**4 / 64) * latitude
            - 3 / 2 * (n - n**3 / 8) * math.sin(2 * latitude)
            + 15 / 16 * (n**2 - n**4 / 4) * math.sin(4 * latitude)
            - 35 / 48 * n**3 * math.sin(6 * latitude)
        )
        return 6_378_137.0 / (1 + n) * series

    lower, upper = 0.9996 * arc(low), 0.9996 * arc(high)
    half = 0.001
    degrees = shapely.box(15 - half, 45.0, 15 + half, 45.001)
    path = write(tmp_path / "a.geojson", [degrees], crs="EPSG:4326")
    table = read_vectors(path, settings(), (1,))
    scene = shapely.box(499_000, lower - 1_000, 501_000, upper + 1_000)
    found = table.on(scene, UTM).polygons[1]
    left, bottom, right, top = found.bounds
    across = 0.9996 * 6_378_137.0 / math.sqrt(1 - 0.00669437999014 / 2)
    assert right - 500_000 == pytest.approx(across * math.cos(low) * math.radians(half), abs=0.01)
    assert 500_000 - left == pytest.approx(right - 500_000, abs=1e-3)
    assert bottom == pytest.approx(lower, abs=0.01), "northing comes second"
    # Parallels bend north at the ends: by 79 m * tan(45) * 0.001 degrees / 2 = 0.0007 m.
    assert top == pytest.approx(upper, abs=0.01)
    assert found.area == pytest.approx((right - left) * (top - bottom), rel=1e-4)
    bounds = table.bounds(UTM)
    assert bounds is not None
    np.testing.assert_allclose(bounds, found.bounds, atol=0.01)
    assert table.bounds(None) == degrees.bounds


def test_long_edges_bend_with_the_parallel(tmp_path: Path) -> None:
    """A parallel of half width d leaves its chord by d^2 tan(latitude) / 2R."""
    path = write(tmp_path / "a.geojson", [shapely.box(14.9, 59, 15.1, 60)], crs="EPSG:4326")
    scene = shapely.box(490_000, 6_640_000, 510_000, 6_660_000)
    found = read_vectors(path, settings(), (1,)).on(scene, UTM).polygons[1]
    meridian = shapely.LineString([(500_000, 6_640_000), (500_000, 6_660_000)])
    middle = found.intersection(meridian).bounds[3]
    right, top = max(shapely.get_coordinates(found).tolist(), key=lambda point: point[1])
    half = abs(right - 500_000)
    assert half == pytest.approx(0.9996 * 6_394_209 * 0.5 * math.radians(0.1), abs=1)
    bend = half**2 * math.tan(math.radians(60)) / 2 / 6_378_000
    assert top - middle == pytest.approx(bend, abs=0.05)
    assert bend > 4


@pytest.mark.parametrize("name", ["a.gpkg", "a.csv"])
def test_systems_that_are_known_on_one_side_only(tmp_path: Path, name: str) -> None:
    bare = write(tmp_path / name, [square(0, 0)], crs=None)
    table = read_vectors(bare, settings(), (1,))
    assert table.on(SCENE, None).polygons[1].area == 100, "plain coordinates on both sides"
    with pytest.raises(LabelError, match=r"names no coordinate.* where x.tif has EPSG:32633.*crs"):
        table.on(SCENE, UTM, "x.tif")
    named = read_vectors(bare, settings(crs=UTM), (1,))
    assert named.on(SCENE, UTM).polygons[1].area == 100
    with pytest.raises(
        LabelError, match=r"is in EPSG:32633 where x.tif has no coordinate.*images?"
    ):
        named.on(SCENE, None, "x.tif")


def test_system_of_no_name(tmp_path: Path) -> None:
    path = write(tmp_path / "a.gpkg", [square(0, 0)], crs=None)
    with pytest.raises(LabelError, match="'UTM 33' names no coordinate reference system"):
        read_vectors(path, settings(crs="UTM 33"), (1,))


def test_metres_are_no_degrees(tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    path.write_text(shapely_collection(square(0, 0)))
    with pytest.raises(LabelError, match="which are no degrees of EPSG:4326"):
        read_vectors(path, settings(), (1,))
    assert read_vectors(path, settings(crs=UTM), (1,)).on(SCENE, UTM).polygons[1].area == 100


def shapely_collection(shape: Polygon, more: str = "") -> str:
    """GeoJSON of one feature that names no coordinate system."""
    feature = f'{{"type": "Feature", "properties": {{}}, "geometry": {shapely.to_geojson(shape)}}}'
    return f'{{"type": "FeatureCollection", {more}"features": [{feature}]}}'


def test_old_member_of_geojson_is_honoured(tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    member = '"crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32633"}}, '
    path.write_text(shapely_collection(square(0, 0), member))
    wanted = settings(crs="EPSG:4326")
    assert read_vectors(path, wanted, (1,)).on(SCENE, UTM).polygons[1].area == 100


def test_far_away_polygons_need_no_place_in_the_scenes_system(tmp_path: Path) -> None:
    near = shapely.box(15, 45, 15.001, 45.001)
    world = shapely.box(-180, -90, 180, 90)
    path = write(tmp_path / "a.geojson", [near, shapely.box(-170, -90, -100, -80)], crs="EPSG:4326")
    scene = shapely.box(499_000, 4_982_000, 501_000, 4_984_000)
    assert read_vectors(path, settings(), (1,)).on(scene, UTM).polygons[1].area > 7_000
    path = write(tmp_path / "world.geojson", [world], crs="EPSG:4326")
    assert read_vectors(path, settings(), (1,)).on(scene, UTM).polygons[1].equals(scene)


def test_scene_across_the_antimeridian(tmp_path: Path) -> None:
    halves = [shapely.box(179.99, -18, 180, -17.99), shapely.box(-180, -18, -179.99, -17.99)]
    path = write(tmp_path / "a.geojson", [*halves, shapely.box(0, -18, 1, -17)], crs="EPSG:4326")
    scene = shapely.box(815_000, 8_005_000, 820_000, 8_012_000)
    found = read_vectors(path, settings(), (1,)).on(scene, "EPSG:32760").polygons[1]
    assert found.area == pytest.approx(2 * 1_058.5 * 1_106.8, rel=0.01)


@given(st.floats(-80, 80), st.floats(-179, 179), st.floats(10, 10_000))
def test_there_and_back(latitude: float, longitude: float, side: float) -> None:
    """Polygons of degrees that are moved to UTM keep their area on the ellipsoid."""
    half = side / 2 / 111_320
    wide = half / math.cos(math.radians(latitude))
    box = shapely.box(longitude - wide, latitude - half, longitude + wide, latitude + half)
    zone = f"+proj=tmerc +lon_0={longitude} +k=1 +x_0=500000 +ellps=WGS84 +type=crs"
    (moved,) = moved_shapes(np.array([box]), "EPSG:4326", zone)
    area, _ = pyproj.Geod(ellps="WGS84").geometry_area_perimeter(shapely.segmentize(box, 0.001))
    assert moved.area == pytest.approx(area, rel=1e-4)
    (back,) = moved_shapes(np.array([moved]), zone, "EPSG:4326")
    assert back.hausdorff_distance(box) < 1e-6
