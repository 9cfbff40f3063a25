from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import ImageryError
from pipeline.imagery.rasters import vrt_document
from pipeline.imagery.rasters.raster import read_header
from tests.imagery.rasters.raster_files import group, read_all, write
from tests.imagery.rasters.virtual_rasters import RECTANGLES, piece, vrt

PIXELS = np.arange(2 * 4 * 6, dtype=np.uint16).reshape(2, 4, 6)

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
    "type": (
        f"{HEAD}>{BODY.replace('UInt16', 'CFloat32')}</VRTDataset>",
        "has a band of type 'CFloat32'",
    ),
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
