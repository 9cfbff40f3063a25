"""Virtual rasters: XML that puts an image together from parts of others, read without GDAL.

GDAL's own reader opens whatever such a file names, with any of its formats, and may run code that
it holds. Here a list of plain pieces is all that can be told: the same pixels at another place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element

from affine import Affine

from pipeline.errors import ImageryError
from pipeline.imagery.rasters.header import Place
from pipeline.imagery.rasters.place import checked, crs_text
from pipeline.imagery.rasters.source import Band, Colours
from pipeline.imagery.rasters.texts import parsed, read_text
from pipeline.imagery.rasters.vrt_pieces import (
    Piece,
    check_plain,
    number,
    pieces_of,
    refused,
    whole,
)
from pipeline.imagery.rasters.wavelengths import wavelength_of
from pipeline.imagery.transform import Shape

MAX_TEXT: Final = 2**25
"""Most bytes of the XML: some 60,000 pieces."""
_TYPES: Final = {
    "Byte": "uint8",
    "Int8": "int8",
    "UInt16": "uint16",
    "Int16": "int16",
    "UInt32": "uint32",
    "Int32": "int32",
    "Float32": "float32",
    "Float64": "float64",
}
_OF_FILE: Final = {"SRS", "GeoTransform", "Metadata", "VRTRasterBand", "MaskBand"}
_OF_BAND: Final = {"Description", "Metadata", "NoDataValue", "ColorInterp", "ColorTable"}


@dataclass(frozen=True)
class Document:
    """What a virtual raster says.

    Attributes:
        shape: (H, W) in pixels.
        place: Where it lies.
        bands: Its bands.
        pieces: Pieces of each band, later ones above earlier ones.
        colours: Colour table of its only band, if any.
        masked: Whether it speaks of masks.
    """

    shape: Shape
    place: Place
    bands: tuple[Band, ...]
    pieces: tuple[tuple[Piece, ...], ...]
    colours: Colours | None
    masked: bool


def read_document(path: Path) -> Document:
    """Read a virtual raster; no file that it names is looked for.

    Raises:
        ImageryError: If it is no XML, or does more than put pieces side by side.
    """
    root = parsed(path, read_text(path, MAX_TEXT))
    if root.tag != "VRTDataset":
        raise ImageryError(f"{path}: is no virtual raster (<{root.tag[:40]}>); fetch it again")
    check_plain(path, root, _OF_FILE)
    rows = [element for element in root if element.tag == "VRTRasterBand"]
    height, width = (whole(path, root.get(f"raster{side}Size", ""), side) for side in "YX")
    if not rows:
        raise refused(path, "has no bands")
    pieces = tuple(tuple(pieces_of(path, row, _OF_BAND)) for row in rows)
    masks = [piece for mask in root.findall("MaskBand") for piece in _mask(path, mask)]
    return Document(
        shape=(height, width),
        place=_place(path, root),
        bands=tuple(_band(path, row) for row in rows),
        pieces=pieces,
        colours=_colours(path, rows[0]) if len(rows) == 1 else None,
        masked=bool(masks) or root.find(".//UseMaskBand") is not None,
    )


def _mask(path: Path, mask: Element) -> Iterator[Piece]:
    """Pieces of the mask: the masks of files, which are heeded wherever a file is read."""
    for row in mask:
        for piece in pieces_of(path, row, set()):
            if piece.band != 0 and piece.constant is None:
                raise refused(path, "makes its mask of other bands than files' masks")
            yield piece


def _band(path: Path, row: Element) -> Band:
    description = (row.findtext("Description") or "").strip()
    kind = row.get("dataType", "Byte")
    if kind not in _TYPES:
        raise refused(path, f"has a band of type {kind[:20]!r}")
    return Band(
        dtype=_TYPES[kind],
        description=description,
        nanometres=wavelength_of(description, _tags(row)),
        nodata=number(path, row, "NoDataValue"),
        colour=(row.findtext("ColorInterp") or "undefined").strip().lower(),
    )


def _tags(row: Element) -> Mapping[str, str]:
    return {
        item.get("key", ""): item.text or ""
        for metadata in row.findall("Metadata")
        for item in metadata.findall("MDI")
    }


def _colours(path: Path, row: Element) -> Colours | None:
    table = row.find("ColorTable")
    if table is None:
        return None
    try:
        return {
            value: (_part(entry, 1), _part(entry, 2), _part(entry, 3), _part(entry, 4))
            for value, entry in enumerate(table.findall("Entry")[: 2**16])
        }
    except ValueError:
        raise refused(path, "has a colour table without numbers") from None


def _part(entry: Element, part: int) -> int:
    return int(entry.get(f"c{part}", "255")) & 255


def _place(path: Path, root: Element) -> Place:
    text = root.findtext("GeoTransform")
    crs = crs_text(root.findtext("SRS") or "")
    if text is None:
        if root.find("GCPList") is not None:
            raise ImageryError(
                f"{path}: lies on the map by ground control points alone; bring it into a map's "
                "grid first, as with: gdalwarp -t_srs EPSG:32633 old.vrt new.tif"
            )
        return Place(None, crs)
    try:
        to_map = Affine.from_gdal(*map(float, text.split(",")))
    except (TypeError, ValueError):
        raise refused(path, "has a <GeoTransform> without six numbers") from None
    return Place(None if to_map.is_identity else checked(path, to_map), crs)
