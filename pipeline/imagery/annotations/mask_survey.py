"""What a label mask looks like, for a configuration that is being written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.imagery.annotations.mask_legend import colour_of, packed
from pipeline.imagery.annotations.mask_names import names_of
from pipeline.imagery.annotations.masks import open_lossless
from pipeline.imagery.transform import Shape

MOST_PIXELS: Final = 2**22
MOST_VALUES: Final = 256
"""A raster with more values is no mask."""
_STRIPS: Final = 64
_BINARY: Final = ({0, 1}, {0, 255}, {1}, {255}, {0})


@dataclass(frozen=True)
class MaskSurvey:
    """What a mask looks like.

    Attributes:
        path: The file.
        shape: (H, W) in pixels.
        dtype: Type of its values.
        bands: Number of bands, that of opacity included.
        code: The ``labels.code`` that fits.
        counts: Number of pixels by value, most first: by number, by colour as ``#rrggbb``, or, of
            one band per class, by the band's number those that are not 0. Empty if there are more
            values than a mask can have.
        palette: Colour by number, of a file with a colour table.
        names: Name by number that the file gives its values.
        binary: Whether the only values are 0 and one other, 1 or 255.
        nodata: Value that the file itself marks as without data.
        pixels: Number of pixels that were looked at.
    """

    path: Path
    shape: Shape
    dtype: str
    bands: int
    code: Literal["index", "bands", "colours"]
    counts: Mapping[int | str, int]
    palette: Mapping[int, str]
    names: Mapping[int, str]
    binary: bool
    nodata: float | None
    pixels: int


def survey_mask(path: Path, limit: int = MOST_PIXELS, root: Path | None = None) -> MaskSurvey:
    """Look at a mask.

    Args:
        path: A TIFF, PNG or JPEG 2000 file, or a virtual raster.
        limit: Number of pixels to look at: of a larger file, strips of rows spread over it.
        root: The dataset's folder; None for that of the file.

    Raises:
        LabelError: If the file is a JPEG.
        ImageryError: If it can't be read.
    """
    with open_lossless(path, path.parent if root is None else root) as source:
        opaque = [number for number, band in enumerate(source.bands, 1) if band.colour != "alpha"]
        windows = list(_windows(source.shape, limit))
        strips = [source.read(opaque, *window).reshape(len(opaque), -1) for window in windows]
        pixels = np.concatenate(strips, axis=1)
        code = _code(pixels)
        counts = _counts(pixels, code, opaque)
        palette = {
            value: colour_of(red << 16 | green << 8 | blue)
            for value, (red, green, blue, _) in sorted((source.colours or {}).items())
            if value in counts
        }
        return MaskSurvey(
            path=path,
            shape=source.shape,
            dtype=source.bands[0].dtype,
            bands=len(source.bands),
            code=code,
            counts=counts,
            palette=palette,
            names=names_of(path),
            binary=code == "index" and set(counts) in _BINARY,
            nodata=source.bands[0].nodata,
            pixels=pixels.shape[1],
        )


def _windows(shape: Shape, limit: int) -> Iterator[tuple[slice, slice]]:
    """The whole, or strips of rows that are spread over it, of no more than so many pixels."""
    height, width = shape
    if height * width <= limit:
        yield slice(0, height), slice(0, width)
        return
    columns = slice(0, min(width, limit))
    rows = max(1, limit // columns.stop)
    strips = min(_STRIPS, rows)
    depth = rows // strips
    for top in np.linspace(0, height - depth, strips).astype(int).tolist():
        yield slice(top, top + depth), columns


def _code(pixels: NDArray[Any]) -> Literal["index", "bands", "colours"]:
    """Coding of pixels (C, n) without opacity."""
    if len(pixels) == 1 or (pixels[1:] == pixels[:1]).all():
        return "index"
    if len(pixels) != 3 or pixels.dtype != np.uint8 or pixels.max() <= 1:
        return "bands"
    return "colours"


def _counts(
    pixels: NDArray[Any], code: Literal["index", "bands", "colours"], bands: list[int]
) -> dict[int | str, int]:
    """Number of pixels by value; nothing of what is no mask."""
    if code == "bands":
        found = dict(zip(bands, np.count_nonzero(pixels, axis=1).tolist(), strict=True))
        return dict(sorted(found.items(), key=lambda pair: -pair[1]))
    numbers = packed(pixels[:, None])[0] if code == "colours" else pixels[0]
    values, counts = np.unique(numbers, return_counts=True)
    if len(values) > MOST_VALUES or (values != np.trunc(values)).any():
        return {}
    order = np.argsort(-counts, kind="stable")
    named = colour_of if code == "colours" else int
    return {named(int(values[place])): int(counts[place]) for place in order}
