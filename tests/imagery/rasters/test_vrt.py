from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import rasterio.shutil
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import ImageryError
from pipeline.imagery.rasters import vrt_document
from pipeline.imagery.rasters.description import describe
from pipeline.imagery.rasters.raster import open_raster, read_header
from tests.imagery.rasters.raster_files import UTM, group, read_all, write

PIXELS = np.arange(2 * 4 * 6, dtype=np.uint16).reshape(2, 4, 6)
RECTANGLES = '<{0}Rect xOff="{1}" yOff="{2}" xSize="{3}" ySize="{4}"/>'


def piece(
    file: str, band: int | str = 1, at: str = "", inner: str = "", kind: str = "Simple"
) -> str:
    """A source; ``at`` is its column and row in the file, in the band, and its size."""
    boxes = ""
    if at:
        x, y, column, row, width, height = at.split()
        boxes = RECTANGLES.format("Src", x, y, width, height)
        boxes += RECTANGLES.format("Dst", column, row, width, height)
    return (
        f'<{kind}Source><SourceFilename relativeToVRT="1">{file}</SourceFilename>'
        f"<SourceBand>{band}</SourceBand>{boxes}{inner}</{kind}Source>"
    )


def vrt(path: Path, *bands: str, shape: tuple[int, int] = (4, 6), dtype: str = "UInt16") -> Path:
    """A virtual raster of bands that hold these sources."""
    rows = "".join(
        f'<VRTRasterBand dataType="{dtype}" band="{number}">{band}</VRTRasterBand>'
        for number, band in enumerate(bands, start=1)
    )
    path.write_text(
        f'<VRTDataset rasterXSize="{shape[1]}" rasterYSize="{shape[0]}">{rows}</VRTDataset>'
    )
    return path


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


REFUSED = {
    "address": (piece("http://example.org/a.tif"), "'http://example.org/a.tif', which is no file"),
    "gdal": (piece("/vsicurl/http://example.org/a.tif"), "which is no file of the dataset"),
    "subdataset": (piece("GTIFF_DIR:1:a.tif"), "'GTIFF_DIR:1:a.tif', which is not there"),
    "nothing": (piece(""), "names '', which is no file"),
    "missing": (piece("b.tif"), "'b.tif', which is not there"),
    "above": (piece("../outside.tif"), "lies outside of the dataset's folder"),
    "absolute": (piece("{outside}"), "lies outside of the dataset's folder"),
    "link": (piece("link.tif"), "lies outside of the dataset's folder"),
    "text": (piece("notes.txt"), r"notes\.txt: can't be read as a whole image"),
    "band": (piece("a.tif", 3), "names band 3 of a.tif, which has none"),
    "band zero": (piece("a.tif", 0), "SourceBand '0', which is no whole number"),
    "type": (piece("bytes.tif"), "which holds uint8, for uint16"),
    "scaled": (
        piece(
            "a.tif",
            inner=RECTANGLES.format("Src", 0, 0, 3, 2) + RECTANGLES.format("Dst", 0, 0, 6, 4),
        ),
        "shows 2 x 3 pixels as 4 x 6",
    ),
    "one rectangle": (piece("a.tif", inner=RECTANGLES.format("Src", 0, 0, 3, 2)), "but one of"),
    "outside": (piece("a.tif", 1, "3 0 0 0 6 4"), "pixels of .*a.tif that lie outside of it"),
    "before": (piece("a.tif", 1, "-1 0 0 0 6 4"), "that lie outside of it"),
    "empty": (piece("a.tif", 1, "0 0 0 0 0 4"), "without a pixel"),
    "no number": (piece("a.tif", 1, "0 0 x 0 6 4"), "without four numbers"),
    "infinite": (piece("a.tif", 1, "0 0 nan 0 6 4"), "past all bounds"),
    "numbers changed": (piece("a.tif", inner="<ScaleRatio>2</ScaleRatio>"), "changes values"),
    "table of values": (piece("a.tif", inner="<LUT>0:1</LUT>"), "holds <LUT> in a <SimpleSource>"),
    "options": (piece("a.tif", inner="<OpenOptions/>"), "holds <OpenOptions>"),
    "averaged": ("<AveragedSource/>", "holds <AveragedSource>"),
    "function": ("<PixelFunctionType>x</PixelFunctionType>", "holds <PixelFunctionType>"),
    "no source": ("", "names no file"),
}


@pytest.mark.parametrize("case", sorted(REFUSED))
def test_what_is_refused(tmp_path: Path, case: str) -> None:
    source, message = REFUSED[case]
    outside = write(tmp_path / "outside.tif", PIXELS)
    folder = tmp_path / "data"
    write(folder / "a.tif", PIXELS)
    write(folder / "bytes.tif", PIXELS.astype(np.uint8))
    (folder / "notes.txt").write_text("<VRTDataset/>")
    (folder / "link.tif").symlink_to(outside)
    path = vrt(folder / "a.vrt", source.replace("{outside}", str(outside)))
    with pytest.raises(ImageryError, match=message):
        read_header(group(path, bands=1))


BODY = (
    '<VRTRasterBand band="1" dataType="UInt16"><SimpleSource><SourceFilename relativeToVRT="1">'
    "a.tif</SourceFilename></SimpleSource></VRTRasterBand>"
)
HEAD = '<VRTDataset rasterXSize="6" rasterYSize="4"'


def of_kind(kind: str) -> str:
    """A document whose band is of another kind."""
    band = BODY.replace("<VRTRasterBand", f'<VRTRasterBand subClass="{kind}"', 1)
    return f"{HEAD}>{band}</VRTDataset>"


DOCUMENTS = {
    "good": (f"{HEAD}>{BODY}</VRTDataset>", None),
    "declared": (f'<?xml version="1.0" encoding="latin-1"?>{HEAD}>{BODY}</VRTDataset>', None),
    "entities": (
        f'<!DOCTYPE x [<!ENTITY a "b">]>{HEAD}>{BODY}</VRTDataset>',
        "declares a document",
    ),
    "cut": (f"{HEAD}>{BODY}", "is no whole XML"),
    "no XML": ("\0\1", "is no whole XML"),
    "other": ("<GDALTileIndexDataset/>", "is no virtual raster"),
    "warped": (f'{HEAD} subClass="VRTWarpedDataset">{BODY}</VRTDataset>', "is a VRTWarpedDataset"),
    "computed": (of_kind("VRTDerivedRasterBand"), "is a VRTDerivedRasterBand"),
    "raw": (of_kind("VRTRawRasterBand"), "is a VRTRawRasterBand"),
    "algorithm": (f"{HEAD}><ProcessingSteps/>{BODY}</VRTDataset>", "holds <ProcessingSteps>"),
    "groups": (f"{HEAD}><Group/>{BODY}</VRTDataset>", "holds <Group>"),
    "no bands": (f"{HEAD}></VRTDataset>", "has no bands"),
    "no size": (f'<VRTDataset rasterXSize="6">{BODY}</VRTDataset>', "no whole number above 0"),
    "control points": (
        f"{HEAD}><GCPList/>{BODY}</VRTDataset>",
        "by ground control points alone.*gdalwarp",
    ),
    "transform": (
        f"{HEAD}><GeoTransform>1,2,3</GeoTransform>{BODY}</VRTDataset>",
        "<GeoTransform> without six numbers",
    ),
    "flat": (
        f"{HEAD}><GeoTransform>1,0,0,1,0,0</GeoTransform>{BODY}</VRTDataset>",
        "gives pixels no area",
    ),
    "mask": (
        f"{HEAD}>{BODY}<MaskBand>{BODY}</MaskBand></VRTDataset>",
        "makes its mask of other bands",
    ),
}


@pytest.mark.parametrize("case", sorted(DOCUMENTS))
def test_documents(tmp_path: Path, case: str) -> None:
    text, message = DOCUMENTS[case]
    write(tmp_path / "a.tif", PIXELS)
    (tmp_path / "a.vrt").write_text(text)
    files = group(tmp_path / "a.vrt", bands=1)
    if message is None:
        np.testing.assert_array_equal(read_all(files)[0], PIXELS[:1])
        return
    with pytest.raises(ImageryError, match=message):
        read_header(files)


def test_long_documents_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "a.tif", PIXELS)
    path = vrt(tmp_path / "a.vrt", piece("a.tif"))
    monkeypatch.setattr(vrt_document, "MAX_TEXT", 100)
    with pytest.raises(ImageryError, match="is longer than 100 bytes"):
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
