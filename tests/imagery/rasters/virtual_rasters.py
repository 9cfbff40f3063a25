"""Virtual rasters, written by code."""

from __future__ import annotations

from pathlib import Path

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
