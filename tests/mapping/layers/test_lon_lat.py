"""Polygons in longitude and latitude, as RFC 7946 wants them."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from pipeline.mapping.layers.ground_area import ground_areas
from pipeline.mapping.layers.lon_lat import to_lon_lat

AROUND_POLE = shapely.box(-50_000, -50_000, 50_000, 50_000)


def place(longitude: float, latitude: float, crs: str) -> tuple[float, float]:
    x, y = Transformer.from_crs("OGC:CRS84", crs, always_xy=True).transform(longitude, latitude)
    return float(x), float(y)


def square(x: float, y: float, side: float) -> shapely.Polygon:
    return shapely.box(x - side / 2, y - side / 2, x + side / 2, y + side / 2)


def check(part: shapely.Polygon, crs: str, share: float = 1e-5) -> list[shapely.Polygon]:
    """The polygon's pieces: valid, within the world, rounded, turned right, of the same area."""
    (whole,) = to_lon_lat(np.array([part]), crs)
    pieces = list(shapely.get_parts(whole))
    points = shapely.get_coordinates(whole)
    assert shapely.is_valid(whole)
    assert (np.abs(points) <= (180, 90)).all()
    assert (np.round(points, 7) == points).all()
    assert all(piece.exterior.is_ccw for piece in pieces)
    assert not any(hole.is_ccw for piece in pieces for hole in piece.interiors)
    area = ground_areas(np.array(pieces), "OGC:CRS84").sum()
    assert area == pytest.approx(ground_areas(np.array([part]), crs)[0], rel=share)
    return pieces


def test_utm_by_hand() -> None:
    """On the middle meridian of zone 33, 15 degrees east; its northing 0 is the equator."""
    (piece,) = check(shapely.box(500_000, 0, 600_000, 100_000), "EPSG:32633")
    assert piece.bounds[:2] == (15, 0)
    assert piece.bounds[3] == pytest.approx(100_000 / 0.9996 / 110_574, abs=1e-3)


def test_both_sides_of_the_antimeridian() -> None:
    x, y = place(180, 65, "EPSG:32601")
    pieces = check(square(x, y, 10_000).difference(square(x, y, 2000)), "EPSG:32601")
    west, east = sorted(piece.bounds for piece in pieces)
    assert west[0] == -180
    assert west[2] < -179.8
    assert east[2] == 180
    assert east[0] > 179.8
    (aside,) = check(square(x + 50_000, y, 10_000), "EPSG:32601")
    assert aside.bounds[2] < 0


def test_longitudes_past_180() -> None:
    assert {piece.bounds for piece in check(shapely.box(170, 0, 190, 10), "EPSG:4326")} == {
        (170, 0, 180, 10),
        (-180, 0, -170, 10),
    }
    (piece,) = check(shapely.box(190, 0, 200, 10), "EPSG:4326")
    assert piece.bounds == (-170, 0, -160, 10)
    (world,) = check(shapely.box(-180, -60, 180, 60), "EPSG:4326")
    assert world.bounds == (-180, -60, 180, 60)


@pytest.mark.parametrize(("crs", "pole"), [("EPSG:3413", 90), ("EPSG:3031", -90)])
def test_around_a_pole(crs: str, pole: float) -> None:
    (cap,) = check(AROUND_POLE, crs, share=1e-3)
    assert pole in cap.bounds
    (ring,) = check(AROUND_POLE.difference(square(0, 0, 40_000)), crs, share=1e-3)
    assert pole not in ring.bounds
    aside = AROUND_POLE.difference(shapely.box(-20_000, -20_000, -10_000, 20_000))
    check(aside, crs, share=1e-3)


def test_rounding_makes_nothing_invalid() -> None:
    """A centimetre is the last digit: a neck of a millimetre closes, a sliver goes."""
    neck = shapely.Polygon([(0, 0), (2, 0), (1.0000000001, 1), (2, 2), (0, 2), (0.9999999999, 1)])
    sliver = shapely.box(5, 5, 5.000000001, 6)
    one, other = to_lon_lat(np.array([neck, sliver]), "EPSG:4326")
    assert shapely.is_valid(one)
    assert one.area == pytest.approx(2)
    assert other.is_empty


@settings(max_examples=15, deadline=None)
@given(
    st.floats(-180, 180),
    st.floats(-75, 75),
    st.lists(st.tuples(st.floats(1, 90_000), st.floats(0.05, 0.95)), min_size=3, max_size=8),
)
def test_stars_anywhere(
    longitude: float, latitude: float, spokes: list[tuple[float, float]]
) -> None:
    zone = min(int((longitude + 180) // 6) + 1, 60)
    crs = f"EPSG:{(32600 if latitude >= 0 else 32700) + zone}"
    x, y = place(longitude, latitude, crs)
    angles = (np.arange(len(spokes)) + [share for _, share in spokes]) * 2 * np.pi / len(spokes)
    reach = np.array([length for length, _ in spokes]) + 100
    star = shapely.Polygon(
        np.column_stack((x + reach * np.cos(angles), y + reach * np.sin(angles)))
    )
    if star.is_valid and star.area > 1e4:
        check(star, crs, share=1e-3)


def test_nothing() -> None:
    assert len(to_lon_lat(np.empty(0, object), "EPSG:4326")) == 0
