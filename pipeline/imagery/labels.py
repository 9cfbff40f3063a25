"""From polygons to masks on the working grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.features import rasterize
from shapely.geometry import MultiPolygon

from pipeline.imagery.transform import Shape, moved


def draw_masks(
    labels: Mapping[int, MultiPolygon], codes: Sequence[int], to_map: Affine, shape: Shape
) -> NDArray[np.bool_]:
    """Masks of every class; a pixel belongs to a polygon that holds its centre, holes left out.

    Args:
        labels: Multipolygons in map units by class code; a code that is missing is empty.
        codes: Class codes in the order of the masks.
        to_map: Pixel edges of the working grid to map units.
        shape: (H, W) of the working grid.

    Returns:
        (K, H, W) bool.
    """
    masks = np.zeros((len(codes), *shape), dtype=np.bool_)
    for mask, code in zip(masks, codes, strict=True):
        if code in labels and not labels[code].is_empty:
            outline = moved(labels[code], ~to_map)
            mask[:] = rasterize([outline], out_shape=shape, dtype=np.uint8)
    return masks
