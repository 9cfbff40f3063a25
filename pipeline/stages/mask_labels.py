"""Masks of a dataset of files, traced to outlines: part of stage ``scenes``."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from pipeline.config.dataset import Dataset
from pipeline.config.labels import MaskLabels
from pipeline.imagery.annotations.masks import open_mask
from pipeline.imagery.frame import Frame
from pipeline.imagery.intake import MaskPart
from pipeline.imagery.outlines import Outline
from pipeline.imagery.transform import moved
from pipeline.mapping.polygons import assembled, trace
from pipeline.stages.vector_labels import outline_of, text_of


def trace_labels(dataset: Dataset, frame: Frame, part: MaskPart) -> tuple[dict[int, Outline], str]:
    """Outlines of a mask along its pixels' edges, which give the mask back when they are drawn.

    Args:
        dataset: For its labels and classes.
        frame: The scene's reference grid, whose pixels are the mask's.
        part: Where the mask is.

    Returns:
        Labels by class code in map units, and the well-known text of the ground of which nothing
        is known, empty for none.
    """
    settings = dataset.labels
    if not isinstance(settings, MaskLabels):
        raise TypeError("labels are no masks")
    height, width = frame.shape
    with open_mask(dataset.folder / part.file, settings, dataset.codes, dataset.folder) as mask:
        rows = slice(part.row, part.row + height)
        found = mask.read(rows, slice(part.column, part.column + width))
    outlines = {
        code: outline_of(_traced(plane, frame))
        for code, plane in zip(dataset.codes, found.planes, strict=True)
    }
    return outlines, text_of(_traced(found.ignored, frame)) if found.ignored.any() else ""


def _traced(plane: NDArray[np.bool_], frame: Frame) -> shapely.MultiPolygon:
    return moved(assembled(trace(plane)), frame.to_map)
