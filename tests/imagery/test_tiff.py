from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.errors import ImageryError
from pipeline.imagery import tiff
from pipeline.imagery.tiff import read_group, read_header
from tests.contest_folder import write_tiff

PIXELS = np.arange(3 * 40 * 50, dtype=np.uint16).reshape(3, 40, 50)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
def test_reads_what_was_written(tmp_path: Path, dtype: str) -> None:
    pixels = (PIXELS % 251).astype(dtype)
    write_tiff(tmp_path / "a.tif", pixels)
    read = read_group(tmp_path / "a.tif", 3)
    assert read.dtype == dtype
    np.testing.assert_array_equal(read, pixels)
    assert read_header(tmp_path / "a.tif", 3) == tiff.Header((40, 50), dtype)


def test_single_band_without_its_axis(tmp_path: Path) -> None:
    Image.fromarray(PIXELS[0]).save(tmp_path / "p.tif")
    read = read_group(tmp_path / "p.tif", 1)
    np.testing.assert_array_equal(read, PIXELS[:1])


def test_bands_as_pages(tmp_path: Path) -> None:
    pages = [Image.fromarray(band) for band in PIXELS]
    pages[0].save(tmp_path / "p.tif", save_all=True, append_images=pages[1:])
    np.testing.assert_array_equal(read_group(tmp_path / "p.tif", 3), PIXELS)


def test_pages_of_different_size(tmp_path: Path) -> None:
    pages = [Image.fromarray(PIXELS[0]), Image.fromarray(PIXELS[1][:20])]
    pages[0].save(tmp_path / "p.tif", save_all=True, append_images=pages[1:])
    with pytest.raises(ImageryError, match=r"p\.tif: its pages differ in size"):
        read_group(tmp_path / "p.tif", 2)


@pytest.mark.parametrize("kept", [0, 7, 100, 5_000, -1])
def test_truncated(tmp_path: Path, kept: int) -> None:
    write_tiff(tmp_path / "a.tif", PIXELS)
    data = (tmp_path / "a.tif").read_bytes()
    (tmp_path / "a.tif").write_bytes(data[:kept])
    with pytest.raises(
        ImageryError, match=r"a\.tif: can't be read as a whole TIFF.*fetch it again"
    ):
        read_group(tmp_path / "a.tif", 3)


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(ImageryError, match=r"a\.tif: no such file"):
        read_group(tmp_path / "a.tif", 3)


def test_other_number_of_bands(tmp_path: Path) -> None:
    write_tiff(tmp_path / "a.tif", PIXELS)
    with pytest.raises(ImageryError, match=r"has 3 bands where the configuration lists 8"):
        read_header(tmp_path / "a.tif", 8)


def test_other_type(tmp_path: Path) -> None:
    write_tiff(tmp_path / "a.tif", PIXELS.astype(np.float64))
    with pytest.raises(ImageryError, match="holds float64; convert it to one of uint8"):
        read_header(tmp_path / "a.tif", 3)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite(tmp_path: Path, value: float) -> None:
    pixels = PIXELS.astype(np.float32)
    pixels[1, 2, 3] = value
    write_tiff(tmp_path / "a.tif", pixels)
    with pytest.raises(ImageryError, match=r"band 2, row 2, column 3 .*1 values.*scenes\.nodata"):
        read_group(tmp_path / "a.tif", 3)


def test_absurd_size_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_tiff(tmp_path / "a.tif", PIXELS)
    monkeypatch.setattr(tiff, "MAX_SAMPLES", PIXELS.size - 1)
    with pytest.raises(ImageryError, match=r"claims 3 x 40 x 50 values, more than 5999"):
        read_group(tmp_path / "a.tif", 3)


def test_only_tiff_is_opened(tmp_path: Path) -> None:
    # A virtual raster would make GDAL open whatever it names.
    write_tiff(tmp_path / "a.tif", PIXELS[:1])
    (tmp_path / "b.tif").write_text(
        '<VRTDataset rasterXSize="50" rasterYSize="40"><VRTRasterBand dataType="UInt16" band="1">'
        f"<SimpleSource><SourceFilename>{tmp_path}/a.tif</SourceFilename></SimpleSource>"
        "</VRTRasterBand></VRTDataset>"
    )
    with pytest.raises(ImageryError, match=r"b\.tif: can't be read as a whole TIFF"):
        read_group(tmp_path / "b.tif", 1)
