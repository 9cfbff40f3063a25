from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pipeline.errors import ImageryError
from pipeline.imagery.rasters import header
from pipeline.imagery.rasters.header import Header
from pipeline.imagery.rasters.raster import open_raster, read_header
from tests.imagery.rasters.raster_files import UTM, group, read_all, write

PIXELS = np.arange(3 * 40 * 50, dtype=np.uint16).reshape(3, 40, 50)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
def test_reads_what_was_written(tmp_path: Path, dtype: str) -> None:
    pixels = (PIXELS % 251).astype(dtype)
    files = group(write(tmp_path / "a.tif", pixels), bands=3)
    read, valid = read_all(files)
    assert read.dtype == dtype
    assert valid is None
    np.testing.assert_array_equal(read, pixels)
    assert read_header(files) == Header((40, 50), dtype)
    assert not read_header(files).tells_validity


@pytest.mark.parametrize(("stored", "read_as"), [("float64", "float32"), ("int8", "int16")])
def test_types_that_another_holds(tmp_path: Path, stored: str, read_as: str) -> None:
    files = group(write(tmp_path / "a.tif", (PIXELS % 100).astype(stored)), bands=3)
    read, _ = read_all(files)
    assert read.dtype == read_header(files).dtype == read_as
    np.testing.assert_array_equal(read, PIXELS % 100)
    assert read_header(files).notes == (f"a.tif: {stored} is read as {read_as}",)


@pytest.mark.parametrize("name", ["a.png", "a.jp2", "a.tif"])
def test_formats_without_loss(tmp_path: Path, name: str) -> None:
    lossless = {"REVERSIBLE": "YES", "QUALITY": "100"} if name == "a.jp2" else {}
    files = group(write(tmp_path / name, PIXELS, **lossless), bands=3)
    np.testing.assert_array_equal(read_all(files)[0], PIXELS)


def test_jpeg(tmp_path: Path) -> None:
    flat = np.full((3, 16, 16), 90, dtype=np.uint8)
    read, _ = read_all(group(write(tmp_path / "a.jpg", flat), bands=3))
    np.testing.assert_allclose(read, flat, atol=2)


@settings(deadline=None, max_examples=20)
@given(
    st.tuples(st.integers(0, 39), st.integers(1, 40)),
    st.tuples(st.integers(0, 49), st.integers(1, 50)),
)
def test_window_is_a_part_of_the_whole(
    tmp_path_factory: pytest.TempPathFactory, down: tuple[int, int], across: tuple[int, int]
) -> None:
    path = tmp_path_factory.getbasetemp() / "window.tif"
    if not path.exists():
        write(path, PIXELS, tiled=True, blockxsize=16, blockysize=16)
    rows, columns = slice(down[0], sum(down)), slice(across[0], sum(across))
    with open_raster(group(path, bands=3)) as raster:
        np.testing.assert_array_equal(raster.read(rows, columns)[0], PIXELS[:, rows, columns])
        assert raster.header.block == (16, 16)


def test_empty_window_is_a_bug(tmp_path: Path) -> None:
    with (
        open_raster(group(write(tmp_path / "a.tif", PIXELS), bands=3)) as raster,
        pytest.raises(ValueError, match="empty window"),
    ):
        raster.read(slice(40, 50), slice(None))


def test_bands_as_pages(tmp_path: Path) -> None:
    pages = [Image.fromarray(band) for band in PIXELS]
    pages[0].save(tmp_path / "p.tif", save_all=True, append_images=pages[1:])
    files = group(tmp_path / "p.tif", bands=3)
    np.testing.assert_array_equal(read_all(files)[0], PIXELS)
    with open_raster(files) as raster:
        np.testing.assert_array_equal(raster.read(slice(3, 7), slice(2, 5))[0], PIXELS[:, 3:7, 2:5])
    chosen = group(tmp_path / "p.tif", bands=2, select=[3, 1])
    np.testing.assert_array_equal(read_all(chosen)[0], PIXELS[[2, 0]])
    np.testing.assert_array_equal(read_all(group(tmp_path / "p.tif", bands=1))[0], PIXELS[:1])


def test_pages_of_different_size(tmp_path: Path) -> None:
    pages = [Image.fromarray(PIXELS[0]), Image.fromarray(PIXELS[1][:20])]
    pages[0].save(tmp_path / "p.tif", save_all=True, append_images=pages[1:])
    with pytest.raises(ImageryError, match=r"p\.tif: its pages differ in size"):
        read_header(group(tmp_path / "p.tif", bands=2))


@pytest.mark.parametrize("share", [0, 0.01, 0.1, 0.5, 0.95])
@pytest.mark.parametrize("name", ["a.tif", "a.png", "a.jp2"])
def test_truncated(tmp_path: Path, share: float, name: str) -> None:
    path = write(tmp_path / name, PIXELS)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(ImageryError, match=r"can't be read as a whole (TIFF|PNG|JPEG 2000).*again"):
        read_all(group(path, bands=3))


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(ImageryError, match=r"a\.tif: no such file"):
        read_header(group(tmp_path / "a.tif", bands=3))


def test_other_number_of_bands(tmp_path: Path) -> None:
    files = group(write(tmp_path / "a.tif", PIXELS), bands=8)
    with pytest.raises(ImageryError, match=r"has 3 bands where the configuration lists 8"):
        read_header(files)


@pytest.mark.parametrize("dtype", ["int32", "uint32", "complex64"])
def test_other_type(tmp_path: Path, dtype: str) -> None:
    files = group(write(tmp_path / "a.tif", PIXELS.astype(dtype)), bands=3)
    with pytest.raises(ImageryError, match=f"holds {dtype}; convert it to one of uint8"):
        read_header(files)


def test_absurd_sizes_are_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = group(write(tmp_path / "a.tif", PIXELS), bands=3)
    for limit, value, message in (
        ("MAX_SAMPLES", PIXELS.size - 1, r"claims 3 x 40 x 50 values, more than 5999"),
        ("MAX_SIDE", 49, r"than 49 along a side; cut the image"),
        ("MAX_BLOCK", 100, r"blocks of \d+ x 50 pixels.*TILED=YES"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(header, limit, value)
            with pytest.raises(ImageryError, match=message):
                read_header(files)
    assert read_header(files).shape == (40, 50)


def test_only_known_formats_are_opened(tmp_path: Path) -> None:
    # A virtual raster would make GDAL open whatever it names.
    write(tmp_path / "a.tif", PIXELS[:1])
    (tmp_path / "b.tif").write_text(
        '<VRTDataset rasterXSize="50" rasterYSize="40"><VRTRasterBand dataType="UInt16" band="1">'
        f"<SimpleSource><SourceFilename>{tmp_path}/a.tif</SourceFilename></SimpleSource>"
        "</VRTRasterBand></VRTDataset>"
    )
    (tmp_path / "b.bmp").write_bytes(b"BM" + bytes(100))
    with pytest.raises(ImageryError, match=r"b\.tif: can't be read as a whole TIFF"):
        read_header(group(tmp_path / "b.tif", bands=1))
    with pytest.raises(ImageryError, match=r"b\.bmp: can't be read as a whole image"):
        read_header(group(tmp_path / "b.bmp", bands=1))


def test_a_name_is_never_an_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "a.tif", PIXELS)
    Path("GTIFF_DIR:1:b.tif").write_bytes(Path("a.tif").read_bytes())
    read, _ = read_all(group(Path("GTIFF_DIR:1:b.tif"), bands=3))
    np.testing.assert_array_equal(read, PIXELS)


def test_links_of_the_folder_are_followed(tmp_path: Path) -> None:
    write(tmp_path / "elsewhere" / "a.tif", PIXELS)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "b.tif").symlink_to(tmp_path / "elsewhere" / "a.tif")
    np.testing.assert_array_equal(read_all(group(tmp_path / "data" / "b.tif", bands=3))[0], PIXELS)


def test_one_file_per_band(tmp_path: Path) -> None:
    paths = [
        write(tmp_path / f"B{n}.tif", PIXELS[n : n + 1], transform=UTM, crs="EPSG:32633")
        for n in range(3)
    ]
    files = group(*paths, bands=3)
    np.testing.assert_array_equal(read_all(files)[0], PIXELS)
    assert read_header(files) == Header((40, 50), "uint16", UTM, "EPSG:32633")


OTHER = {
    "size": (PIXELS[:1, :20], UTM, "EPSG:32633", "has 20 x 50 pixels"),
    "place": (
        PIXELS[:1],
        UTM @ Affine.translation(1, 0),
        "EPSG:32633",
        r"from \(500010, 5000000\)",
    ),
    "system": (PIXELS[:1], UTM, "EPSG:32634", "in EPSG:32634"),
    "nowhere": (PIXELS[:1], None, None, "no coordinates"),
}


@pytest.mark.parametrize("case", sorted(OTHER))
def test_bands_of_different_footprints(tmp_path: Path, case: str) -> None:
    pixels, to_map, crs, described = OTHER[case]
    one = write(tmp_path / "B1.tif", PIXELS[:1], transform=UTM, crs="EPSG:32633")
    other = write(tmp_path / "B2.tif", pixels, transform=to_map, crs=crs)
    for first, second in itertools.permutations((one, other)):
        with pytest.raises(ImageryError, match="bands of different footprints") as caught:
            read_header(group(first, second, bands=2))
        assert "B1.tif has 40 x 50 pixels from (500000, 5000000) to (500500, 4999600)" in str(
            caught.value
        ).replace("B1.tif: bands of different footprints:", "B1.tif")
        assert "B2.tif" in str(caught.value)
        caught.match(described)


def test_files_of_one_band_each_have_one(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"B{n}.tif", PIXELS[:n]) for n in (1, 2)]
    with pytest.raises(ImageryError, match=r"B2\.tif: has 2 bands where the configuration lists 1"):
        read_header(group(*paths, bands=2))


def test_types_of_bands_differ(tmp_path: Path) -> None:
    one = write(tmp_path / "B1.tif", PIXELS[:1])
    other = write(tmp_path / "B2.tif", PIXELS[:1].astype(np.int16))
    with pytest.raises(ImageryError, match="holds int16, uint16; convert"):
        read_header(group(one, other, bands=2))
