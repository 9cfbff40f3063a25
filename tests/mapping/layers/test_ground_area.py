"""Areas on the ellipsoid, against what geodesy says of the same ground."""

import numpy as np
import pytest
import shapely
from pyproj import Geod, Transformer

from pipeline.errors import DatasetError
from pipeline.mapping.layers.ground_area import ground_areas, west_and_east

EARTH = Geod(ellps="WGS84")
FIELD = shapely.Polygon([(500_000, 7_000_000), (501_000, 7_000_700), (500_000, 7_002_000)])
YARD = shapely.box(0, 0, 1, 1).difference(shapely.box(0.2, 0.2, 0.7, 0.7))


def geodesic(part: shapely.Polygon, crs: str, step: float) -> float:
    """Area between geodesics over short steps along the outline."""
    to_globe = Transformer.from_crs(crs, "OGC:CRS84", always_xy=True)
    fine = shapely.segmentize(part, step)
    globe = shapely.transform(
        fine, lambda points: np.column_stack(to_globe.transform(points[:, 0], points[:, 1]))
    )
    return abs(float(EARTH.geometry_area_perimeter(shapely.orient_polygons(globe))[0]))


@pytest.mark.parametrize(
    ("part", "crs", "step", "share"),
    [
        (FIELD, "EPSG:32633", 50, 1e-6),
        (shapely.box(200_000, 7_000_000, 250_000, 7_050_000), "EPSG:32601", 100, 1e-6),
        (shapely.box(1e6, 8e6, 1.01e6, 8.01e6), "EPSG:3857", 100, 1e-7),
        (shapely.box(10, 60, 10.5, 60.3), "EPSG:4326", 0.002, 1e-7),
        (YARD, "EPSG:4326", 0.002, 1e-7),
        (shapely.box(179.9, 60, 180.1, 60.1), "EPSG:4326", 0.002, 1e-7),
        (shapely.box(-50_000, -50_000, 50_000, 50_000), "EPSG:3413", 100, 1e-6),
        (shapely.box(1_000_000, -5000, 1_010_000, 5000), "EPSG:3031", 100, 1e-6),
    ],
)
def test_area_is_that_of_the_ground(
    part: shapely.Polygon, crs: str, step: float, share: float
) -> None:
    assert ground_areas(np.array([part]), crs)[0] == pytest.approx(
        geodesic(part, crs, step), rel=share
    )


def test_a_map_square_is_no_square_on_the_ground() -> None:
    """In the middle of a UTM zone lengths are 0.9996 of the ground's."""
    square = shapely.box(499_990, 5_000_000, 500_010, 5_000_020)
    assert ground_areas(np.array([square]), "EPSG:32633")[0] == pytest.approx(400 / 0.9996**2)


def test_parts_are_told_apart() -> None:
    parts = np.array([shapely.box(0, 0, 0.1, 0.1), YARD, shapely.box(0, 50, 0.1, 50.1)])
    together = ground_areas(parts, "EPSG:4326")
    alone = [ground_areas(parts[[row]], "EPSG:4326")[0] for row in range(3)]
    assert together == pytest.approx(alone, rel=1e-12)
    assert ground_areas(parts[:0], "EPSG:4326").shape == (0,)


def test_coordinates_of_another_system() -> None:
    with pytest.raises(DatasetError, match=r"EPSG:32633 has no ground.*dataset\.crs"):
        ground_areas(np.array([shapely.box(1e9, 1e12, 2e9, 2e12)]), "EPSG:32633")


@pytest.mark.parametrize(
    ("spans", "wanted"),
    [
        ([(10, 20), (-5, 3)], (-5, 20)),
        ([(179, 180), (-180, -178)], (179, 182)),
        ([(-180, 180)], (-180, 180)),
        ([(-180, 180), (-180, -179)], (-180, 180)),
    ],
)
def test_bounds_take_the_shorter_way(
    spans: list[tuple[float, float]], wanted: tuple[float, float]
) -> None:
    west, east = np.array(spans, float).T
    assert west_and_east(west, east) == wanted
