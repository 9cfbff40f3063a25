from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from PIL import Image

from pipeline.errors import ImageryError
from pipeline.imagery.rasters import gdal_source
from pipeline.imagery.rasters.description import FileDescription, describe
from tests.imagery.rasters.raster_files import UTM, write


def test_all_that_a_file_tells(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.tif",
        np.zeros((4, 2, 3), dtype=np.uint16),
        transform=UTM,
        crs="EPSG:32633",
        nodata=7,
        photometric="RGB",
        alpha="YES",
    )
    with rasterio.open(path, "r+") as file:
        file.descriptions = ("red 665 nm", "green", "blue", None)
    assert describe(path, tmp_path) == FileDescription(
        path=path,
        driver="GTiff",
        count=4,
        shape=(2, 3),
        dtype="uint16",
        descriptions=("red 665 nm", "green", "blue", ""),
        wavelengths=(665.0, None, None, None),
        colours=("red", "green", "blue", "alpha"),
        palette=None,
        crs="EPSG:32633",
        to_map=UTM,
        nodata=7,
        alpha=True,
        mask=False,
    )


def test_palette(tmp_path: Path) -> None:
    picture = Image.fromarray(np.array([[0, 1]], dtype=np.uint8), mode="P")
    picture.putpalette([255, 0, 0, 0, 128, 255])
    picture.save(tmp_path / "a.png")
    palette = describe(tmp_path / "a.png", tmp_path).palette
    assert palette is not None
    assert (palette[0], palette[1]) == ("#ff0000", "#0080ff")


def test_pages_count_as_bands(tmp_path: Path) -> None:
    pages = [Image.fromarray(np.zeros((2, 3), dtype=np.uint16)) for _ in range(5)]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    told = describe(tmp_path / "a.tif", tmp_path)
    assert (told.count, len(told.descriptions), told.shape) == (5, 5, (2, 3))


def test_text_of_a_file_that_is_none(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", np.zeros((1, 2, 3), dtype=np.uint16), transform=UTM)
    with rasterio.open(path, "r+") as file:
        file.update_tags(1, wavelength="665xxxxx")
        file.descriptions = ("described",)
    path.write_bytes(
        path.read_bytes()
        .replace(b"665xxxxx", b"665\xff\xfe\xfdxx")
        .replace(b"described", b"\xff" * 9)
    )
    assert describe(path, tmp_path).count == 1


def test_absurd_number_of_bands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.tif", np.zeros((3, 2, 3), dtype=np.uint16))
    monkeypatch.setattr(gdal_source, "MAX_BANDS", 2)
    with pytest.raises(ImageryError, match="claims 3 bands, more than 2"):
        describe(path, tmp_path)
