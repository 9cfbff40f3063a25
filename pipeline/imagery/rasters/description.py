"""What a file looks like, for a configuration that is being written; no pixel is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from affine import Affine

from pipeline.imagery.rasters.open_source import open_source
from pipeline.imagery.rasters.source import Colours
from pipeline.imagery.transform import Shape


@dataclass(frozen=True)
class FileDescription:
    """What one raster file says of itself.

    Attributes:
        path: The file.
        driver: Its format, as GDAL names it.
        count: Number of bands, that of opacity included; pages of a TIFF count as bands.
        shape: (H, W) in pixels.
        dtype: Type of the first band's values.
        descriptions: Name of each band, or an empty text.
        wavelengths: Centre of each band in nanometres, if told.
        colours: Part of each band in a picture, as ``red``, ``gray``, ``alpha``, ``undefined``.
        palette: Colour as ``#rrggbb`` by value, for a file with a colour table.
        crs: Coordinate reference system, as ``EPSG:32633`` where it has a number.
        to_map: Pixel edges to map units; None for an image without coordinates.
        nodata: Value of pixels without data.
        alpha: Whether a band is one of opacity.
        mask: Whether the file holds a mask of valid pixels beside its bands.
    """

    path: Path
    driver: str
    count: int
    shape: Shape
    dtype: str
    descriptions: tuple[str, ...]
    wavelengths: tuple[float | None, ...]
    colours: tuple[str, ...]
    palette: Mapping[int, str] | None
    crs: str | None
    to_map: Affine | None
    nodata: float | None
    alpha: bool
    mask: bool


def describe(path: Path, root: Path) -> FileDescription:
    """Describe a raster file.

    Args:
        path: The file.
        root: The dataset's folder: what a virtual raster names must lie in it.

    Raises:
        ImageryError: If it can't be opened or is refused.
    """
    with open_source(path, root) as source:
        colours = source.colours
        return FileDescription(
            path=path,
            driver=source.driver,
            count=len(source.bands),
            shape=source.shape,
            dtype=source.bands[0].dtype,
            descriptions=tuple(band.description for band in source.bands),
            wavelengths=tuple(band.nanometres for band in source.bands),
            colours=tuple(band.colour for band in source.bands),
            palette=None if colours is None else _hexadecimal(colours),
            crs=source.place.crs,
            to_map=source.place.to_map,
            nodata=source.bands[0].nodata,
            alpha=any(band.colour == "alpha" for band in source.bands),
            mask=source.masked,
        )


def _hexadecimal(colours: Colours) -> dict[int, str]:
    return {value: f"#{r:02x}{g:02x}{b:02x}" for value, (r, g, b, _) in colours.items()}
