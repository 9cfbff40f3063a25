"""Where an image lies under its labels, when no finer image can tell.

Images of one acquisition share their offset from the map. Where the reference is itself coarse
(short-wave infrared alone), nothing but the labels shows that offset. It is found by asking at
which translation a linear model explains the labels best: for each class the share of a pixel
that it covers is regressed on the pixel's bands and their local means, and the translation with
the greatest log-likelihood is taken, sum over classes of -n/2 log(1 - R^2), pooled over images.
Two numbers per acquisition are learned so, from the labels of all its labelled scenes: test scenes
take no part, but in cross-validation a held-out scene's own labels do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.features import rasterize
from scipy.ndimage import uniform_filter
from shapely.affinity import affine_transform
from shapely.geometry.base import BaseGeometry

SUBPIXELS = 4
"""Labels are drawn this much finer than the image, so an offset is a multiple of a quarter."""
_STEPS = (4, 2, 1)
_SURROUNDINGS = (3, 9)


@dataclass(frozen=True)
class LabelledImage:
    """An image and its labels.

    Attributes:
        pixels: (C, H, W), digital numbers above or equal to zero.
        labels: Geometry per class in the image's pixel coordinates, were there no offset.
    """

    pixels: NDArray[Any]
    labels: Mapping[int, BaseGeometry]


@dataclass(frozen=True)
class Offset:
    """Translation from where an image seems to lie to where it lies.

    Attributes:
        rows: Pixels down.
        columns: Pixels to the right.
        gain: Log-likelihood gained over no translation, nats.
    """

    rows: float
    columns: float
    gain: float


def align_to_labels(images: Sequence[LabelledImage], reach: int) -> Offset | None:
    """The one translation of several images that fits their labels best.

    Args:
        images: Images of one acquisition.
        reach: Largest translation that is tried, pixels.

    Returns:
        The translation; None if the best one lies on the edge of the search, or no label tells.
    """
    evidence = [_evidence(image, reach) for image in images]
    known: dict[tuple[int, int], float] = {}

    def likelihood(row: int, column: int) -> float:
        if (row, column) not in known:
            known[row, column] = sum(item.likelihood(row, column) for item in evidence)
        return known[row, column]

    best = (0, 0)
    radius = reach * SUBPIXELS
    for step in _STEPS:
        span = range(-radius, radius + 1, step)
        near = [(best[0] + row, best[1] + column) for row in span for column in span]
        limit = reach * SUBPIXELS
        inside = [place for place in near if max(map(abs, place)) <= limit]
        best = max(inside, key=lambda place: likelihood(*place))
        radius = step
    gain = likelihood(*best) - likelihood(0, 0)
    if max(map(abs, best)) >= reach * SUBPIXELS or not any(item.maps for item in evidence):
        return None
    return Offset(best[0] / SUBPIXELS, best[1] / SUBPIXELS, gain)


@dataclass(frozen=True)
class _Evidence:
    """Orthonormal features (n, p) of an image, and finely drawn labels of each class."""

    features: NDArray[np.float64]
    shape: tuple[int, int]
    maps: tuple[NDArray[np.uint8], ...]
    margin: int

    def likelihood(self, row: int, column: int) -> float:
        """Log-likelihood of the labels if the image is moved by (row, column) subpixels."""
        return sum(self._explained(label, row, column) for label in self.maps)

    def _explained(self, label: NDArray[np.uint8], row: int, column: int) -> float:
        height, width = self.shape
        top, left = self.margin + row, self.margin + column
        window = label[top : top + height * SUBPIXELS, left : left + width * SUBPIXELS]
        blocks = window.reshape(height, SUBPIXELS, width, SUBPIXELS)
        share = blocks.mean((1, 3), dtype=np.float64).ravel()
        share -= share.mean()
        variance = float(share @ share)
        if variance == 0:
            return 0.0
        explained = float(((share @ self.features) ** 2).sum()) / variance
        return float(-0.5 * share.size * np.log(max(1 - explained, 1e-9)))


def _evidence(image: LabelledImage, reach: int) -> _Evidence:
    height, width = image.pixels.shape[1:]
    margin = reach * SUBPIXELS
    fine = (height * SUBPIXELS + 2 * margin, width * SUBPIXELS + 2 * margin)
    matrix = [SUBPIXELS, 0, 0, SUBPIXELS, margin, margin]
    drawn = [
        rasterize([affine_transform(geometry, matrix)], out_shape=fine, dtype="uint8")
        for geometry in image.labels.values()
        if not geometry.is_empty
    ]
    maps = tuple(label for label in drawn if label.any())
    return _Evidence(_features(image.pixels), (height, width), maps, margin)


def _features(pixels: NDArray[Any]) -> NDArray[np.float64]:
    """Orthonormal basis (H * W, p) of the logarithm of the bands and of their local means."""
    bands = np.log1p(np.maximum(pixels.astype(np.float64), 0))
    columns = [bands, *(uniform_filter(bands, (0, side, side)) for side in _SURROUNDINGS)]
    matrix = np.concatenate(columns).reshape(-1, bands[0].size).T
    matrix = matrix - matrix.mean(0)
    basis, sizes, _ = np.linalg.svd(matrix, full_matrices=False)
    return basis[:, sizes > sizes[0] * 1e-9]
