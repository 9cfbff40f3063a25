"""Band groups copied from a scene's files into its cache, strip by strip, with what lies around."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from affine import Affine
from numpy.typing import NDArray

from pipeline.imagery.array_file import opened, writing
from pipeline.imagery.bit_rows import BitRows
from pipeline.imagery.context import Box, Read, Supplier, margin_boxes, surroundings
from pipeline.imagery.intake import Source
from pipeline.imagery.rasters.raster import open_raster
from pipeline.imagery.scene import BandGroup, Pixels
from pipeline.imagery.survey import strips
from pipeline.imagery.tiles import write_valid


@dataclass(frozen=True)
class Neighbour:
    """A group's image of another scene that shows ground near this one.

    Attributes:
        source: Its files.
        to_image: Pixel edges of that image to those of this one.
    """

    source: Source
    to_image: Affine


def cache_group(
    folder: Path,
    root: Path,
    source: Source,
    to_reference: Affine,
    margin: int,
    neighbours: Sequence[Neighbour] = (),
) -> BandGroup:
    """Copy a group's pixels into a cache.

    Args:
        folder: The cache.
        root: The dataset's folder.
        source: The group's files.
        to_reference: Pixel edges of its image to those of the reference grid.
        margin: Pixels around the image that are kept with it.
        neighbours: Images that show some of these.

    Returns:
        The group as it lies on the reference grid; its pixels stay in the cache.

    Raises:
        ImageryError: If a file can't be read.
    """
    height, width = source.shape
    shape = (source.bands, height + 2 * margin, width + 2 * margin)
    path = folder / f"{source.group}.npy"
    bits: list[NDArray[np.uint8]] = []
    complete = True
    with ExitStack() as stack:
        raster = stack.enter_context(open_raster(source.group_files(root)))
        own = _part(raster.read, source)
        suppliers = [_supplier(stack, root, one) for one in neighbours]
        file = stack.enter_context(writing(path, shape, raster.header.dtype))
        like = np.empty(0, raster.header.dtype)

        def around(box: Box) -> Pixels:
            return surroundings(box, source.shape, own, suppliers, like)

        boxes = margin_boxes(source.shape, margin) if margin else ()
        left, right = (around(box) for box in boxes[2:]) if boxes else (None, None)
        for rows in strips(source.shape, source.bands, raster.header.block[0]):
            pixels, valid = own(rows, slice(0, width))
            complete &= valid is None
            bits.append(_packed(valid, rows.stop - rows.start, shape[2], margin))
            if left is not None and right is not None:
                pixels = np.concatenate([left[:, rows], pixels, right[:, rows]], axis=2)
            file.put(margin + rows.start, pixels)
        if boxes:
            file.put(0, around(boxes[0]))
            file.put(margin + height, around(boxes[1]))
    to_canvas = to_reference @ Affine.translation(-margin, -margin)
    if complete:
        return BandGroup(source.group, opened(path), None, to_canvas, margin)
    edge = np.full((margin, bits[0].shape[1]), 255, np.uint8)
    known = BitRows(np.concatenate([edge, *bits, edge]), shape[2])
    write_valid(folder, source.group, known)
    return BandGroup(source.group, opened(path), known, to_canvas, margin)


def _part(read: Read, source: Source) -> Read:
    """Reads a scene's part of an image, counted from the part's first row and column."""

    def part(rows: slice, columns: slice) -> tuple[Pixels, NDArray[np.bool_] | None]:
        top, left = source.row, source.column
        return read(
            slice(top + rows.start, top + rows.stop),
            slice(left + columns.start, left + columns.stop),
        )

    return part


def _supplier(stack: ExitStack, root: Path, one: Neighbour) -> Supplier:
    raster = stack.enter_context(open_raster(one.source.group_files(root)))
    return Supplier(one.to_image, one.source.shape, _part(raster.read, one.source))


def _packed(
    valid: NDArray[np.bool_] | None, rows: int, width: int, margin: int
) -> NDArray[np.uint8]:
    """Bits of a strip with its margins, in which every pixel counts as valid."""
    whole = np.ones((rows, width), np.bool_)
    if valid is not None:
        whole[:, margin : width - margin] = valid
    return BitRows.of(whole).bits
