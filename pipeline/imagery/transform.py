"""Pixels to map units and back: the one place where coordinates change their meaning.

Pixel coordinates are (column, row) of pixel *edges*: pixel (0, 0) covers [0, 1] x [0, 1]. Every
transform is an :class:`affine.Affine` from pixel edges to map units; its inverse is ``~affine``.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from shapely.affinity import affine_transform
from shapely.geometry.base import BaseGeometry

Geometry = TypeVar("Geometry", bound=BaseGeometry)
Shape = tuple[int, int]


def contest_affine(x_max: float, y_min: float, shape: Shape) -> Affine:
    """Transform of the DSTL contest: pixels of an image to its dimensionless grid.

    The contest defines ``column = x * W' / Xmax`` with ``W' = W * W / (W + 1)``, and the same with
    ``Ymin`` (negative) for rows; this is its exact inverse.

    Args:
        x_max: Right edge of the grid, in grid units, above zero.
        y_min: Lower edge of the grid, in grid units, below zero.
        shape: (H, W) of the image in pixels.
    """
    height, width = shape
    columns = width * width / (width + 1)
    rows = height * height / (height + 1)
    return Affine.scale(x_max / columns, y_min / rows)


def rescaled(affine: Affine, shape: Shape, new_shape: Shape) -> Affine:
    """Transform of the same ground seen with another number of pixels.

    Args:
        affine: Pixels of a grid of ``shape`` to map units.
        shape: (H, W) of the grid that ``affine`` belongs to.
        new_shape: (H, W) of the grid that covers the same ground.
    """
    return affine @ Affine.scale(shape[1] / new_shape[1], shape[0] / new_shape[0])


def moved(geometry: Geometry, affine: Affine) -> Geometry:
    """Geometry with every vertex sent through ``affine``; pass ``~affine`` for the way back."""
    a, b, c, d, e, f = affine[:6]
    result: Geometry = affine_transform(geometry, [a, b, d, e, c, f])
    return result


def moved_points(points: NDArray[np.float64], affine: Affine) -> NDArray[np.float64]:
    """Points (n, 2) sent through ``affine``."""
    a, b, c, d, e, f = affine[:6]
    x, y = points[:, 0], points[:, 1]
    return np.column_stack((a * x + b * y + c, d * x + e * y + f))


def corners(affine: Affine, shape: Shape) -> list[tuple[float, float]]:
    """The four corners of a grid of ``shape`` (H, W), sent through ``affine``, in order."""
    height, width = shape
    edges = ((0, 0), (width, 0), (width, height), (0, height))
    return [(point[0], point[1]) for point in (affine @ edge for edge in edges)]
