"""Label masks: rasters of an image's size whose pixels say what they show, read by windows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import rasterio

from pipeline.config.labels import MaskLabels
from pipeline.errors import LabelError
from pipeline.imagery.annotations.mask_codings import Coding, coding_of
from pipeline.imagery.annotations.mask_planes import MaskPlanes
from pipeline.imagery.annotations.values import check_classes
from pipeline.imagery.rasters.open_source import open_source
from pipeline.imagery.rasters.source import Source
from pipeline.imagery.transform import Shape


@dataclass(frozen=True, eq=False)
class Mask:
    """An open mask.

    Attributes:
        path: The file.
        shape: (H, W) in pixels.
    """

    path: Path
    shape: Shape
    _source: Source
    _coding: Coding

    def read(self, rows: slice, columns: slice) -> MaskPlanes:
        """What a window shows.

        Raises:
            LabelError: If it holds values that are not listed and ``other`` says that this is an
                error.
            ImageryError: If the file is damaged there.
        """
        pixels = self._source.read(self._coding.bands, rows, columns)
        return self._coding.planes(pixels, (rows.start, columns.start))


@contextmanager
def open_mask(path: Path, settings: MaskLabels, codes: Sequence[int], root: Path) -> Iterator[Mask]:
    """Open a mask.

    Args:
        path: A TIFF, PNG or JPEG 2000 file, or a virtual raster.
        settings: What its values mean.
        codes: Class codes of the configuration, in the order of the planes.
        root: The dataset's folder: what a virtual raster names must lie in it.

    Raises:
        LabelError: If the file is a JPEG, or its bands don't fit the settings.
        ImageryError: If the file can't be read.
    """
    check_classes(settings.values, codes)
    with open_lossless(path, root) as source:
        yield Mask(path, source.shape, source, coding_of(source, settings, codes))


@contextmanager
def open_lossless(path: Path, root: Path) -> Iterator[Source]:
    """Open a raster whose format keeps its values.

    Raises:
        LabelError: If it doesn't.
        ImageryError: If the file can't be read.
    """
    # Where a PNG ends too early, GDAL's short cut for whole images gives what was in memory.
    with rasterio.Env(GDAL_PNG_WHOLE_IMAGE_OPTIM="NO"), open_source(path, root) as source:
        if source.driver == "JPEG":
            raise LabelError(
                f"{path}: is a JPEG, which blurs the values of a mask at every edge; export the "
                "mask as PNG or TIFF from what it was made of"
            )
        yield source


def check_size(path: Path, shape: Shape, image: Path, image_shape: Shape) -> None:
    """Check that a mask is of the size of its image.

    Raises:
        LabelError: Naming both, if it isn't.
    """
    if shape != image_shape:
        raise LabelError(
            f"{path}: has {shape[0]} rows of {shape[1]} pixels where {image} has {image_shape[0]} "
            f"of {image_shape[1]}; masks must show their image pixel by pixel: export it at the "
            "image's size"
        )
