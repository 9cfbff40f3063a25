"""From polygons to what a network is trained towards: soft edges, and thin classes grown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon

from pipeline.config.targets import Targets
from pipeline.imagery.labels import draw_masks
from pipeline.imagery.transform import Shape, moved

_POINTS = 2**24
"""Points of a strip that is measured at once: 16 MiB, and some of them twice."""


def draw_targets(
    labels: Mapping[int, MultiPolygon],
    codes: Sequence[int],
    to_map: Affine,
    shape: Shape,
    metres: float,
    settings: Targets,
) -> NDArray[np.uint8]:
    """Targets of every class on the same grid, and by the same rule, as the masks of the truth.

    Growing happens on the working grid, as map units can differ between x and y: outlines move by
    ``metres of the class / metres of a pixel`` pixels, corners become round. A soft target counts
    the points of a regular ``samples x samples`` raster in each pixel that lie in a polygon, which
    is off by at most the share of the raster's cells that the outline crosses.

    Args:
        labels: Multipolygons in map units by class code; a code that is missing is empty.
        codes: Class codes in the order of the targets.
        to_map: Pixel edges of the working grid to map units.
        shape: (H, W) of the working grid.
        metres: Metres per pixel of the working grid.
        settings: The section ``targets``.

    Returns:
        (K, H, W), share of each pixel that is covered, 0 to 255; only these two if not soft.
    """
    pixels = {
        code: _grown(moved(labels[code], ~to_map), settings.dilate.get(code, 0.0) / metres)
        for code in codes
        if code in labels
    }
    if not settings.soft:
        return draw_masks(pixels, codes, Affine.identity(), shape).view(np.uint8) * np.uint8(255)
    targets = np.zeros((len(codes), *shape), dtype=np.uint8)
    for target, code in zip(targets, codes, strict=True):
        if code in pixels and not pixels[code].is_empty:
            _measure(target, pixels[code], settings.samples)
    return targets


def _grown(outline: MultiPolygon, distance: float) -> MultiPolygon:
    """An outline that is moved outwards, in its own units; parts that meet become one."""
    if distance == 0 or outline.is_empty:
        return outline
    grown = outline.buffer(distance)
    return MultiPolygon([grown]) if isinstance(grown, Polygon) else grown


def _measure(target: NDArray[np.uint8], outline: MultiPolygon, samples: int) -> None:
    """Fill a target (H, W) with the share of each pixel's points that lie in the outline."""
    height, width = target.shape
    rows = max(1, _POINTS // (width * samples**2))
    for top in range(0, height, rows):
        strip = target[top : top + rows]
        finer = Affine.translation(0, top) @ Affine.scale(1 / samples)
        shape = (len(strip) * samples, width * samples)
        points = draw_masks({0: outline}, (0,), finer, shape)[0]
        blocks = points.reshape(len(strip), samples, width, samples)
        count = blocks.sum(axis=(1, 3), dtype=np.uint16)
        strip[:] = np.rint(count * (255 / samples**2))
