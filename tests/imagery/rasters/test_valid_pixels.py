from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from PIL import Image

from pipeline.errors import ImageryError
from pipeline.imagery.rasters.raster import open_raster, read_header
from tests.imagery.rasters.raster_files import UTM, group, read_all, write

RGB = np.array([[[0, 0, 7]], [[0, 5, 7]], [[0, 6, 7]]], dtype=np.uint8)
"""Three bands of one row: all zeros, one zero, none."""


def test_a_pixel_is_without_data_if_all_bands_say_so(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", RGB, nodata=0)
    pixels, valid = read_all(group(path, bands=3))
    np.testing.assert_array_equal(valid, [[False, True, True]])
    np.testing.assert_array_equal(pixels, RGB)
    assert read_header(group(path, bands=3)).nodata == 0
    assert read_header(group(path, bands=3)).tells_validity


def test_the_configured_number_goes_before_that_of_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", RGB, nodata=0)
    pixels, valid = read_all(group(path, bands=3, nodata=7))
    np.testing.assert_array_equal(valid, [[True, True, False]])
    np.testing.assert_array_equal(pixels[:, 0, 2], [0, 0, 0])
    assert read_header(group(path, bands=3, nodata=7)).nodata == 7


def test_only_selected_bands_count(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", RGB, nodata=0)
    _, valid = read_all(group(path, bands=1, select=[1]))
    np.testing.assert_array_equal(valid, [[False, False, True]])


@pytest.mark.parametrize("nodata", [-9999, 0.5, 300, float("nan"), float("inf")])
def test_numbers_that_the_type_has_not(tmp_path: Path, nodata: float) -> None:
    _, valid = read_all(group(write(tmp_path / "a.tif", RGB), bands=3, nodata=nodata))
    assert valid is None


@pytest.mark.parametrize("nodata", [-9999.0, -3.4028234663852886e38, -3.40282347e38, float("nan")])
def test_numbers_of_floats(tmp_path: Path, nodata: float) -> None:
    pixels = np.ones((2, 1, 3), dtype=np.float32)
    with np.errstate(over="ignore"):
        pixels[:, 0, 1] = np.clip(nodata, np.finfo(np.float32).min, None)
    read, valid = read_all(group(write(tmp_path / "a.tif", pixels), bands=2, nodata=nodata))
    np.testing.assert_array_equal(valid, [[True, False, True]])
    np.testing.assert_array_equal(read[:, 0], [[1, 0, 1], [1, 0, 1]])


def test_alpha_is_validity_where_it_is_not_wanted(tmp_path: Path) -> None:
    rgba = np.concatenate([RGB, [[[255, 0, 1]]]]).astype(np.uint8)
    for path in (write(tmp_path / "a.png", rgba), write(tmp_path / "a.tif", rgba)):
        pixels, valid = read_all(group(path, bands=3))
        np.testing.assert_array_equal(valid, [[True, False, True]])
        np.testing.assert_array_equal(pixels[:, 0], [[0, 0, 7], [0, 0, 7], [0, 0, 7]])
        assert read_header(group(path, bands=3)).alpha
        pixels, valid = read_all(group(path, bands=4))
        assert valid is None
        np.testing.assert_array_equal(pixels, rgba)
        assert not read_header(group(path, bands=4)).tells_validity
        _, valid = read_all(group(path, bands=1, select=[2]))
        np.testing.assert_array_equal(valid, [[True, False, True]])
        _, valid = read_all(group(path, bands=2, select=[4, 1]))
        assert valid is None


def test_a_fourth_band_that_is_not_alpha(tmp_path: Path) -> None:
    naip = np.concatenate([RGB, [[[0, 0, 9]]]]).astype(np.uint8)
    path = write(tmp_path / "a.tif", naip, photometric="RGB", alpha="UNSPECIFIED")
    pixels, valid = read_all(group(path, bands=4))
    assert valid is None
    np.testing.assert_array_equal(pixels, naip)
    with pytest.raises(ImageryError, match="has 4 bands where the configuration lists 3"):
        read_header(group(path, bands=3))


def test_mask_of_the_file(tmp_path: Path) -> None:
    mask = np.array([[True, False, True]])
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
        path = write(tmp_path / "a.tif", RGB, transform=UTM)
        with rasterio.open(path, "r+") as file:
            file.write_mask(mask)
    pixels, valid = read_all(group(path, bands=3))
    np.testing.assert_array_equal(valid, mask)
    np.testing.assert_array_equal(pixels[:, 0, 1], [0, 0, 0])
    header = read_header(group(path, bands=3))
    assert header.mask
    assert header.tells_validity


def test_mask_beside_the_file_is_not_looked_for(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", RGB)
    write(tmp_path / "mask.tif", np.zeros((1, 1, 3), dtype=np.uint8)).rename(f"{path}.msk")
    assert read_all(group(path, bands=3))[1] is None


def test_colour_of_a_png_that_is_transparent(tmp_path: Path) -> None:
    Image.fromarray(RGB.transpose(1, 2, 0)).save(tmp_path / "a.png", transparency=(7, 7, 7))
    _, valid = read_all(group(tmp_path / "a.png", bands=3))
    np.testing.assert_array_equal(valid, [[True, True, False]])


def test_colour_table_is_looked_up_for_three_bands(tmp_path: Path) -> None:
    picture = Image.fromarray(np.array([[0, 1, 2, 1]], dtype=np.uint8), mode="P")
    picture.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90])
    picture.save(tmp_path / "a.png", transparency=2)
    pixels, valid = read_all(group(tmp_path / "a.png", bands=3))
    np.testing.assert_array_equal(valid, [[True, True, False, True]])
    np.testing.assert_array_equal(pixels[:, 0], [[10, 40, 0, 40], [20, 50, 0, 50], [30, 60, 0, 60]])
    _, valid = read_all(group(tmp_path / "a.png", bands=3, nodata=1))
    np.testing.assert_array_equal(valid, [[True, True, False, True]], "of colours, not of indices")
    pixels, _ = read_all(group(tmp_path / "a.png", bands=1))
    np.testing.assert_array_equal(pixels[0], [[0, 1, 0, 1]])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite(tmp_path: Path, value: float) -> None:
    pixels = np.ones((3, 40, 50), dtype=np.float32)
    pixels[1, 2, 3] = value
    files = group(write(tmp_path / "a.tif", pixels), bands=3)
    with pytest.raises(ImageryError, match=r"band 2, row 2, column 3 .*1 values.*scenes\.nodata"):
        read_all(files)
    with (
        open_raster(files) as raster,
        pytest.raises(ImageryError, match=r"band 2, row 2, column 3 "),
    ):
        raster.read(slice(1, 5), slice(2, 6))


def test_not_a_number_in_all_bands_is_no_data(tmp_path: Path) -> None:
    pixels = np.ones((2, 1, 3), dtype=np.float32)
    pixels[:, 0, 1] = np.nan
    read, valid = read_all(group(write(tmp_path / "a.tif", pixels), bands=2))
    np.testing.assert_array_equal(valid, [[True, False, True]])
    np.testing.assert_array_equal(read[:, 0], [[1, 0, 1], [1, 0, 1]])


def test_not_a_number_in_a_band_is_no_data_if_that_is_said(tmp_path: Path) -> None:
    pixels = np.ones((2, 1, 3), dtype=np.float32)
    pixels[0, 0, 1] = np.nan
    path = write(tmp_path / "a.tif", pixels, nodata=float("nan"))
    for files in (group(path, bands=2), group(path, bands=2, nodata=float("nan"))):
        read, valid = read_all(files)
        np.testing.assert_array_equal(valid, [[True, False, True]])
        np.testing.assert_array_equal(read[:, 0], [[1, 0, 1], [1, 0, 1]])
    with pytest.raises(ImageryError, match="band 1, row 0, column 1"):
        read_all(group(path, bands=2, nodata=5))


def test_gaps_where_nothing_is_valid_are_no_error(tmp_path: Path) -> None:
    pixels = np.ones((4, 1, 3), dtype=np.float32)
    pixels[0, 0, 1] = np.inf
    pixels[3, 0, 1] = 0
    path = write(tmp_path / "a.tif", pixels, photometric="RGB", alpha="YES")
    read, valid = read_all(group(path, bands=3))
    np.testing.assert_array_equal(valid, [[True, False, True]])
    assert np.isfinite(read).all()


def test_what_32_bits_cannot_hold(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", np.array([[[1e300, 1]]]))
    with pytest.raises(ImageryError, match="band 1, row 0, column 0 is not a finite number"):
        read_all(group(path, bands=1))
