from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import rasterio.shutil
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import ImageryError
from pipeline.imagery.rasters.description import describe
from pipeline.imagery.rasters.raster import open_raster, read_header
from tests.imagery.rasters.raster_files import UTM, group, read_all, write
from tests.imagery.rasters.virtual_rasters import piece, vrt

PIXELS = np.arange(2 * 4 * 6, dtype=np.uint16).reshape(2, 4, 6)


def test_what_gdal_writes_of_a_file(tmp_path: Path) -> None:
    pixels = np.arange(4 * 4 * 6, dtype=np.uint8).reshape(4, 4, 6)
    path = write(tmp_path / "a.tif", pixels, transform=UTM, crs="EPSG:32633", nodata=3)
    rasterio.shutil.copy(path, tmp_path / "a.vrt", driver="VRT")
    for bands in (3, 4):
        file, virtual = (group(tmp_path / name, bands=bands) for name in ("a.tif", "a.vrt"))
        assert read_header(virtual) == read_header(file)
        for one, other in zip(read_all(virtual), read_all(file), strict=True):
            np.testing.assert_array_equal(one, other)
    told, whole = describe(tmp_path / "a.vrt", tmp_path), describe(path, tmp_path)
    assert (told.count, told.colours, told.dtype) == (whole.count, whole.colours, whole.dtype)
    assert told.driver == "VRT"


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 3), st.integers(1, 4), st.integers(0, 5), st.integers(1, 6))
def test_windows_across_pieces(
    tmp_path_factory: pytest.TempPathFactory, top: int, high: int, left: int, wide: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "mosaic.vrt"
    if not path.exists():
        write(path.with_name("west.tif"), PIXELS[:, :, :4])
        write(path.with_name("east.tif"), PIXELS[:, :, 2:])
        vrt(
            path,
            *(
                piece("west.tif", band, "0 0 0 0 4 4") + piece("east.tif", band, "1 0 3 0 3 4")
                for band in (1, 2)
            ),
        )
    rows, columns = slice(top, top + high), slice(left, left + wide)
    with open_raster(group(path, bands=2)) as raster:
        pixels, valid = raster.read(rows, columns)
        assert valid is None
        np.testing.assert_array_equal(pixels, PIXELS[:, rows, columns])


def test_one_file_per_band(tmp_path: Path) -> None:
    for band in (0, 1):
        write(tmp_path / f"B{band}.tif", PIXELS[band : band + 1])
    path = vrt(tmp_path / "a.vrt", piece("B0.tif"), piece("B1.tif"))
    pixels, valid = read_all(group(path, bands=2))
    np.testing.assert_array_equal(pixels, PIXELS)
    assert valid is None
    assert not read_header(group(path, bands=2)).tells_validity


def test_what_no_piece_covers_is_not_valid(tmp_path: Path) -> None:
    write(tmp_path / "a.tif", PIXELS)
    path = vrt(tmp_path / "a.vrt", piece("a.tif", 1, "2 1 1 0 2 2"))
    pixels, valid = read_all(group(path, bands=1))
    expected = np.zeros((4, 6), dtype=bool)
    expected[:2, 1:3] = True
    np.testing.assert_array_equal(valid, expected)
    np.testing.assert_array_equal(pixels[0, :2, :4], [[0, 8, 9, 0], [0, 14, 15, 0]])
    assert read_header(group(path, bands=1)).mask


def test_upper_pieces_show_lower_ones_where_they_have_no_data(tmp_path: Path) -> None:
    write(tmp_path / "low.tif", np.array([[[5, 5, 0]]], dtype=np.uint16))
    write(tmp_path / "up.tif", np.array([[[9, 0, 0]]], dtype=np.uint16))
    nodata = "<NODATA>0</NODATA>"
    sources = piece("low.tif", inner=nodata) + piece("up.tif", inner=nodata, kind="Complex")
    path = vrt(tmp_path / "a.vrt", f"<NoDataValue>0</NoDataValue>{sources}", shape=(1, 3))
    pixels, valid = read_all(group(path, bands=1))
    np.testing.assert_array_equal(pixels[0], [[9, 5, 0]])
    np.testing.assert_array_equal(valid, [[True, True, False]])


def test_opacity_by_coverage(tmp_path: Path) -> None:
    """As gdalbuildvrt -addalpha writes it."""
    write(tmp_path / "a.tif", np.array([[[5, 6]]], dtype=np.uint8))
    at = "0 0 1 0 2 1"
    constant = "<ScaleOffset>255</ScaleOffset><ScaleRatio>0</ScaleRatio>"
    path = vrt(
        tmp_path / "a.vrt",
        piece("a.tif", 1, at),
        "<ColorInterp>Alpha</ColorInterp>" + piece("a.tif", 1, at, constant, "Complex"),
        shape=(1, 3),
        dtype="Byte",
    )
    pixels, valid = read_all(group(path, bands=1))
    np.testing.assert_array_equal(pixels[0], [[0, 5, 6]])
    np.testing.assert_array_equal(valid, [[False, True, True]])


def test_masks_of_files_are_heeded(tmp_path: Path) -> None:
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
        path = write(tmp_path / "a.tif", PIXELS, transform=UTM)
        with rasterio.open(path, "r+") as file:
            file.write_mask(PIXELS[0] % 5 != 0)
    rasterio.shutil.copy(path, tmp_path / "a.vrt", driver="VRT")
    pixels, valid = read_all(group(tmp_path / "a.vrt", bands=2))
    np.testing.assert_array_equal(valid, PIXELS[0] % 5 != 0)
    np.testing.assert_array_equal(pixels, np.where(PIXELS[0] % 5 != 0, PIXELS, 0))


def test_virtual_rasters_of_virtual_rasters(tmp_path: Path) -> None:
    write(tmp_path / "0.tif", PIXELS)
    vrt(tmp_path / "1.vrt", piece("0.tif"))
    for depth in (2, 3):
        vrt(tmp_path / f"{depth}.vrt", piece(f"{depth - 1}.vrt"))
    np.testing.assert_array_equal(read_all(group(tmp_path / "2.vrt", bands=1))[0], PIXELS[:1])
    with pytest.raises(ImageryError, match=r"1\.vrt: is a virtual raster in a virtual raster in a"):
        read_header(group(tmp_path / "3.vrt", bands=1))


def test_a_virtual_raster_that_names_itself(tmp_path: Path) -> None:
    path = vrt(tmp_path / "a.vrt", piece("a.vrt"))
    with pytest.raises(ImageryError, match="is a virtual raster in a virtual raster"):
        read_header(group(path, bands=1))


def test_many_files_are_not_open_at_once(tmp_path: Path) -> None:
    names = [f"{n}.tif" for n in range(40)]
    for n, name in enumerate(names):
        write(tmp_path / name, np.full((1, 1, 1), n, dtype=np.uint16))
    sources = "".join(piece(name, 1, f"0 0 {n} 0 1 1") for n, name in enumerate(names))
    path = vrt(tmp_path / "a.vrt", sources, shape=(1, 40))
    with open_raster(group(path, bands=1)) as raster:
        for _ in itertools.repeat(None, 2):
            assert raster.read(slice(0, 1), slice(0, 40))[0].ravel().tolist() == list(range(40))
        open_files = list(Path("/proc/self/fd").iterdir()) if Path("/proc/self/fd").is_dir() else []
        assert sum(str(file.resolve()).startswith(str(tmp_path)) for file in open_files) <= 32
