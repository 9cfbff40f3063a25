from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS
from rasterio.control import GroundControlPoint
from rasterio.rpc import RPC

from pipeline.errors import ImageryError
from pipeline.imagery.rasters.ground import ground_metres
from pipeline.imagery.rasters.group_files import WebTile
from pipeline.imagery.rasters.header import Header
from pipeline.imagery.rasters.place import crs_text
from pipeline.imagery.rasters.raster import read_header
from pipeline.imagery.rasters.web_tiles import tile_transform
from tests.imagery.rasters.raster_files import UTM, group, write

PIXELS = np.zeros((1, 4, 6), dtype=np.uint8)
WORLD = "10\n0\n0\n-10\n500005\n4999995\n"
"""That of ``UTM``: the centre of the first pixel is half a pixel from its edge."""
ESRI = (
    'PROJCS["WGS_1984_UTM_Zone_33N",GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",'
    'SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],'
    'UNIT["Degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],'
    'PARAMETER["False_Easting",500000.0],PARAMETER["False_Northing",0.0],'
    'PARAMETER["Central_Meridian",15.0],PARAMETER["Scale_Factor",0.9996],'
    'PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]'
)


@pytest.mark.parametrize(
    "to_map",
    [
        UTM,
        UTM @ Affine.rotation(30),
        Affine(10, 0, 5, 0, 10, 7),
        Affine(-1, 0, 5, 0, -1, 7),
    ],
)
def test_axes_of_any_direction(tmp_path: Path, to_map: Affine) -> None:
    path = write(tmp_path / "a.tif", PIXELS, transform=to_map, crs="EPSG:32633")
    header = read_header(group(path, bands=1))
    np.testing.assert_allclose(header.to_map[:6] if header.to_map else (), to_map[:6])
    assert header.crs == "EPSG:32633"


def test_no_coordinates(tmp_path: Path) -> None:
    assert read_header(group(write(tmp_path / "a.tif", PIXELS), bands=1)) == Header((4, 6), "uint8")


def test_system_without_a_number(tmp_path: Path) -> None:
    own = CRS.from_proj4("+proj=laea +lat_0=12.3 +lon_0=45.6 +ellps=WGS84 +units=m").to_wkt()
    path = write(tmp_path / "a.tif", PIXELS, transform=UTM, crs=own)
    crs = read_header(group(path, bands=1)).crs
    assert crs is not None
    assert CRS.from_user_input(crs).coordinate_operation == CRS.from_wkt(own).coordinate_operation


@pytest.mark.parametrize("text", ["", " ", "nonsense", 'PROJCS["a"]', ESRI.replace("]]", "[]")])
def test_text_that_is_no_system(text: str) -> None:
    assert crs_text(text) is None


def test_local_system_ties_to_no_place(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", PIXELS, transform=UTM, crs='LOCAL_CS["x",UNIT["metre",1]]')
    header = read_header(group(path, bands=1))
    assert header.to_map == UTM
    assert header.crs is None


def test_control_points_alone(tmp_path: Path) -> None:
    points = [
        GroundControlPoint(row, col, col, -row) for row, col in ((0, 0), (0, 6), (4, 0), (4, 6))
    ]
    path = write(tmp_path / "a.tif", PIXELS, gcps=points, crs="EPSG:32633")
    with pytest.raises(ImageryError, match=r"by ground control points alone.*gdalwarp -t_srs"):
        read_header(group(path, bands=1))


def test_camera_model_alone(tmp_path: Path) -> None:
    ones = [1.0] + [0.0] * 19
    rpc = RPC(1, 1, 1, 1, ones, ones, 1, 1, 1, 1, ones, ones, 1, 1)
    path = write(tmp_path / "a.tif", PIXELS, rpcs=rpc)
    with pytest.raises(ImageryError, match=r"by a camera model \(RPC\) alone.*gdalwarp"):
        read_header(group(path, bands=1))


@pytest.mark.parametrize(
    ("image", "world"),
    [
        ("a.png", "a.pgw"),
        ("a.png", "a.pngw"),
        ("a.png", "a.wld"),
        ("a.tif", "a.tfw"),
        ("a.jpg", "a.jgw"),
        ("a.jp2", "a.j2w"),
    ],
)
def test_world_files(tmp_path: Path, image: str, world: str) -> None:
    path = write(tmp_path / image, np.zeros((1, 40, 60), dtype=np.uint8))
    (tmp_path / world).write_text(WORLD)
    header = read_header(group(path, bands=1))
    assert (header.to_map, header.crs) == (UTM, None)
    (tmp_path / "a.prj").write_text(ESRI)
    assert read_header(group(path, bands=1)).crs == "EPSG:32633"


def test_world_files_do_not_move_what_has_a_place(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", PIXELS, transform=UTM, crs="EPSG:32633")
    (tmp_path / "a.tfw").write_text("1\n0\n0\n-1\n0\n0\n")
    (tmp_path / "a.tif.aux.xml").write_text("<!DOCTYPE not looked at")
    assert read_header(group(path, bands=1)).to_map == UTM


def test_notes_of_gdal(tmp_path: Path) -> None:
    path = write(tmp_path / "a.png", PIXELS)
    (tmp_path / "a.png.aux.xml").write_text(
        f"<PAMDataset><SRS>{CRS('EPSG:32633').to_wkt()}</SRS>"
        "<GeoTransform>500000,10,0,5000000,0,-10</GeoTransform>"
        '<PAMRasterBand band="1"><NoDataValue>0</NoDataValue></PAMRasterBand></PAMDataset>'
    )
    header = read_header(group(path, bands=1))
    assert header == Header((4, 6), "uint8", UTM, "EPSG:32633")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.pgw", "1 2 3 4 5", r"a\.pgw: is no world file of six numbers"),
        ("a.pgw", "a b c d e f", r"a\.pgw: is no world file of six numbers"),
        ("a.pgw", "nan 0 0 1 0 0", "gives pixels no area"),
        ("a.pgw", "0 0 0 0 0 0", "gives pixels no area"),
        ("a.pgw", "1" * 100_000, r"a\.pgw: is longer than 65536 bytes"),
        ("a.prj", "\udcff", r"a\.prj: is no text in UTF-8"),
        ("a.png.aux.xml", "<PAMDataset>", r"a\.png\.aux\.xml: is no whole XML"),
        ("a.png.aux.xml", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "declares a document type"),
        ("a.png.aux.xml", "<a><GeoTransform>1,2</GeoTransform></a>", "is not six numbers"),
    ],
)
def test_files_beside_that_cannot_be_read(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    path = write(tmp_path / "a.png", PIXELS)
    (tmp_path / name).write_text(text, errors="surrogateescape")
    with pytest.raises(ImageryError, match=message):
        read_header(group(path, bands=1))


def test_tile_of_a_web_map() -> None:
    """Worked out from OGC's table: at zoom 1 a tile is half the map's width."""
    half = 20037508.342789244
    to_map, crs = tile_transform(WebTile(1, 1, 0), (256, 512))
    assert crs == "EPSG:3857"
    assert to_map @ (0, 0) == pytest.approx((0, half), abs=1e-6)
    assert to_map @ (512, 256) == pytest.approx((half, 0), abs=1e-6)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 30), st.data())
def test_tiles_meet(z: int, data: st.DataObject) -> None:
    x = data.draw(st.integers(0, 2**z - 1))
    y = data.draw(st.integers(0, 2**z - 1))
    to_map, _ = tile_transform(WebTile(z, x, y), (256, 256))
    if x + 1 < 2**z:
        east, _ = tile_transform(WebTile(z, x + 1, y), (256, 256))
        assert to_map @ (256, 0) == pytest.approx(east @ (0, 0), abs=1e-6)
    if y + 1 < 2**z:
        south, _ = tile_transform(WebTile(z, x, y + 1), (256, 256))
        assert to_map @ (0, 256) == pytest.approx(south @ (0, 0), abs=1e-6)


@pytest.mark.parametrize("tile", [(31, 0, 0), (1, 2, 0), (1, 0, 2), (0, -1, 0), (-1, 0, 0)])
def test_tiles_that_no_map_has(tile: tuple[int, int, int]) -> None:
    with pytest.raises(ImageryError, match="is the order of"):
        tile_transform(WebTile(*tile), (256, 256))


def test_tile_places_what_has_no_coordinates(tmp_path: Path) -> None:
    tile = WebTile(18, 69_623, 104_946)
    bare = write(tmp_path / "a.png", PIXELS)
    header = read_header(group(bare, bands=1, tile=tile))
    assert (header.to_map, header.crs) == tile_transform(tile, (4, 6))
    placed = write(tmp_path / "a.tif", PIXELS, transform=UTM, crs="EPSG:32633")
    assert read_header(group(placed, bands=1, tile=tile)).crs == "EPSG:32633"


def test_metres_on_the_ground() -> None:
    """By hand: scale 0.9996 on a zone's middle, and lengths of a degree on WGS 84."""
    middle = Affine(10, 0, 500_000 - 500, 0, -10, 5_000_500)
    assert ground_metres(middle, "EPSG:32633", (100, 100)) == pytest.approx(10 / 0.9996, rel=1e-6)
    turned = middle @ Affine.rotation(37)
    assert ground_metres(turned, "EPSG:32633", (2, 2)) == pytest.approx(10 / 0.9996, rel=1e-5)
    equator = Affine(1e-3, 0, -0.05, 0, -1e-3, 0.05)
    degree = math.sqrt(111_319.4908 * 110_574.2758)
    assert ground_metres(equator, "EPSG:4326", (100, 100)) == pytest.approx(degree / 1e3, rel=1e-6)
    north = Affine(1e-5, 0, 0, 0, -1e-5, 60)
    sides = math.sqrt(55_800.0 * 111_412.2)  # of a degree at 60 degrees north
    assert ground_metres(north, "EPSG:4326", (2, 2)) == pytest.approx(sides / 1e5, rel=1e-4)
    web, crs = tile_transform(WebTile(18, 131_072, 131_071), (256, 256))
    assert ground_metres(web, crs, (256, 256)) == pytest.approx(
        0.597164 * math.sqrt(1 - 0.00669438), rel=1e-5
    )  # a sphere's map of the ellipsoid is too long from south to north
    feet = Affine(1, 0, 984_250, 0, -1, 200_000)  # New York, in US survey feet
    assert ground_metres(feet, "EPSG:2263", (2, 2)) == pytest.approx(0.304801, rel=1e-4)


@pytest.mark.parametrize(
    ("to_map", "crs", "message"),
    [
        (UTM, "EPSG:0", "correct the reference system"),
        (UTM, "nonsense", "correct the reference system"),
        (Affine(1e9, 0, 1e12, 0, -1e9, 1e12), "EPSG:32633", "correct the reference system"),
        (UTM, CRS("EPSG:5714").to_wkt(), "is no reference system of the ground"),
    ],
)
def test_metres_of_no_ground(to_map: Affine, crs: str, message: str) -> None:
    with pytest.raises(ImageryError, match=message):
        ground_metres(to_map, crs, (4, 6))
