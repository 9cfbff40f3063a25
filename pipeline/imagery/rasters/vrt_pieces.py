"""Pieces of virtual rasters: which pixels of which file stand where."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element

from pipeline.errors import ImageryError
from pipeline.imagery.transform import Shape

_IDLE: Final = {
    *("OverviewList", "BlockXSize", "BlockYSize", "GCPList", "HideNoDataValue", "UnitType"),
    *("Offset", "Scale", "CategoryNames", "Histograms", "GDALRasterAttributeTable", "Overview"),
}
"""Parts that change no pixel at full size; they are not looked at."""
_OF_PIECE: Final = {
    *("SourceFilename", "SourceBand", "SourceProperties", "SrcRect", "DstRect", "NODATA"),
    *("UseMaskBand", "ScaleOffset", "ScaleRatio"),
}


@dataclass(frozen=True)
class Piece:
    """A part of a file that stands somewhere in a band.

    Attributes:
        file: The file, as the virtual raster names it.
        band: Its band, from 1; 0 for its mask.
        start: Row and column of the part in the file.
        place: Row and column of the part in the band.
        shape: (H, W) of the part; None for the whole file on the whole band.
        nodata: Value that leaves what lies below, if any.
        constant: What the part's pixels all are, in place of the file's.
    """

    file: str
    band: int
    start: tuple[int, int]
    place: tuple[int, int]
    shape: Shape | None
    nodata: float | None
    constant: float | None


def refused(path: Path, why: str) -> ImageryError:
    """The error for a virtual raster that does more than place pixels."""
    return ImageryError(
        f"{path}: {why}; only virtual rasters that put pixels of files side by side are read: make "
        "a file of it, as with: gdal_translate old.vrt new.tif"
    )


def check_plain(path: Path, element: Element, allowed: set[str]) -> None:
    """Refuse an element with parts that may do more than place pixels."""
    plain = "VRTSourcedRasterBand" if element.tag == "VRTRasterBand" else ""
    kind = element.get("subClass", plain)
    if kind != plain:
        raise refused(path, f"is a {kind[:40]}")
    for part in element:
        if part.tag not in allowed | _IDLE:
            raise refused(path, f"holds <{part.tag[:40]}>")


def pieces_of(path: Path, row: Element, allowed: set[str]) -> Iterator[Piece]:
    """Pieces of a band, in order."""
    check_plain(path, row, allowed | {"SimpleSource", "ComplexSource"})
    for part in row:
        if part.tag in ("SimpleSource", "ComplexSource"):
            for detail in part:
                if detail.tag not in _OF_PIECE:
                    raise refused(path, f"holds <{detail.tag[:40]}> in a <{part.tag}>")
            yield _piece(path, part)


def _piece(path: Path, part: Element) -> Piece:
    file = (part.findtext("SourceFilename") or "").strip()
    told = (part.findtext("SourceBand") or "1").strip()
    band = 0 if told in ("mask", "mask,1") else whole(path, told, "SourceBand")
    source, target = part.find("SrcRect"), part.find("DstRect")
    if (source is None) != (target is None):
        raise refused(path, "has a piece with but one of <SrcRect> and <DstRect>")
    start, place, shape = (0, 0), (0, 0), None
    if source is not None and target is not None:
        start, taken = _rectangle(path, source)
        place, shape = _rectangle(path, target)
        if taken != shape:
            raise refused(path, f"shows {taken[0]} x {taken[1]} pixels as {shape[0]} x {shape[1]}")
    ratio, offset = number(path, part, "ScaleRatio"), number(path, part, "ScaleOffset") or 0.0
    constant = offset if ratio == 0 else None
    if ratio not in (None, 0.0, 1.0) or (constant is None and offset != 0):
        raise refused(path, "changes values by <ScaleOffset> and <ScaleRatio>")
    return Piece(file, band, start, place, shape, number(path, part, "NODATA"), constant)


def _rectangle(path: Path, element: Element) -> tuple[tuple[int, int], Shape]:
    """(row, column) and (H, W), whole pixels: the nearest, as GDAL takes them."""
    keys = ("yOff", "xOff", "ySize", "xSize")
    try:
        numbers = [float(element.get(key, "")) for key in keys]
    except ValueError:
        raise refused(path, f"has a <{element.tag}> without four numbers") from None
    if not all(abs(number) < 2**31 for number in numbers):
        raise refused(path, f"has a <{element.tag}> past all bounds")
    row, column, height, width = (math.floor(number + 0.5) for number in numbers)
    if height < 1 or width < 1:
        raise refused(path, f"has a <{element.tag}> without a pixel")
    return (row, column), (height, width)


def whole(path: Path, text: str, what: str) -> int:
    """A whole number above 0."""
    if not re.fullmatch(r"0{0,9}[1-9][0-9]{0,8}", text):
        raise refused(path, f"has {what} {text[:20]!r}, which is no whole number above 0")
    return int(text)


def number(path: Path, element: Element, tag: str) -> float | None:
    """The number that a part of an element holds; None without that part."""
    text = element.findtext(tag)
    if text is None:
        return None
    try:
        return float(text)
    except ValueError:
        raise refused(path, f"has a <{tag}> that is no number ({text[:20]!r})") from None
