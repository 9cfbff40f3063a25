"""Masks that look like the contest's: per class its share of the area and its number of parts.

The figures are means over the 25 labelled scenes of the DSTL contest (parts: over the scenes that
have the class, crops over all), at 0.31 m per pixel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import rasterio.features
import shapely
from numpy.typing import NDArray
from scipy import ndimage
from shapely.geometry.base import BaseGeometry

from polygon_bench.shapes import Points, Rng, blob, rectangle, scattered, sized, wiggly

Mask = NDArray[np.bool_]
FULL = (3348, 3392)
"""(H, W) of a scene of the contest at 0.31 m."""
FEWEST = 12
"""Pixels of a part whose outline follows its shape; smaller ones are vehicles."""


@dataclass(frozen=True)
class Layer:
    """What is known of a class.

    Attributes:
        name: Its name.
        kind: How its parts look.
        share: Area as a share of the scene's.
        parts: Number of parts on a whole scene.
        spread: Standard deviation of the logarithm of the parts' areas.
        slender: Breadth of a rectangle by its length, least and most.
    """

    name: str
    kind: Literal["rectangles", "blobs", "fields", "net", "lanes"]
    share: float
    parts: int
    spread: float = 0.5
    slender: tuple[float, float] = (0.5, 1.0)


LAYERS = (
    Layer("buildings", "rectangles", 0.033, 1000, 0.7),
    Layer("structures", "rectangles", 0.007, 724, 0.3, (0.03, 0.06)),
    Layer("road", "net", 0.0081, 1),
    Layer("track", "lanes", 0.030, 10),
    Layer("trees", "blobs", 0.1017, 1934, 0.9),
    Layer("crops", "fields", 0.275, 17),
    Layer("waterway", "lanes", 0.005, 4),
    Layer("standing water", "blobs", 0.0017, 17, 0.8),
    Layer("large vehicles", "rectangles", 0.000037, 8, 0.1, (0.35, 0.5)),
    Layer("small vehicles", "rectangles", 0.000152, 82, 0.4, (0.4, 0.6)),
)


def generate(layer: Layer, shape: tuple[int, int], seed: int) -> Mask:
    """Mask (H, W) of a class; the same arguments give the same mask.

    Args:
        layer: What the class looks like.
        shape: (H, W); a scene smaller than the contest's has fewer parts, in proportion.
        seed: Any whole number.
    """
    rng = np.random.default_rng([seed, *layer.name.encode()])
    makers: Mapping[str, Callable[[Rng, Layer, tuple[int, int]], list[BaseGeometry]]] = {
        "rectangles": _objects,
        "blobs": _objects,
        "fields": _fields,
        "net": _net,
        "lanes": _lanes,
    }
    return drawn(makers[layer.kind](rng, layer, shape), shape)


def drawn(shapes: list[BaseGeometry], shape: tuple[int, int]) -> Mask:
    """Mask (H, W) of the pixels whose centres some shape covers."""
    if not shapes:
        return np.zeros(shape, np.bool_)
    mask: NDArray[np.uint8] = rasterio.features.rasterize(shapes, out_shape=shape, dtype=np.uint8)
    return mask.view(np.bool_)


def parts_on(layer: Layer, shape: tuple[int, int]) -> int:
    """Parts of a class on a scene of this size, in proportion to its area; at least one."""
    return max(1, round(layer.parts * shape[0] * shape[1] / (FULL[0] * FULL[1])))


def count_parts(mask: Mask) -> int:
    """Number of 4-connected parts."""
    return int(cv2.connectedComponents(mask.view(np.uint8), connectivity=4)[0]) - 1


def as_predicted(mask: Mask, seed: int, moved: float = 2.0, blur: float = 1.5) -> Mask:
    """What a network could make of a mask: moved, rounded off, with a ragged edge.

    Args:
        mask: (H, W).
        seed: Any whole number.
        moved: Farthest move along each axis, pixels.
        blur: Standard deviation of the Gaussian, pixels.
    """
    rng = np.random.default_rng(seed)
    offset = np.rint(rng.uniform(-moved, moved, 2)).astype(int)
    level = ndimage.gaussian_filter(_shifted(mask, offset).astype(np.float32), blur)
    noise = ndimage.gaussian_filter(rng.standard_normal(mask.shape, np.float32), blur / 2)
    found: Mask = level + noise * (0.15 / max(float(noise.std()), 1e-9)) * (level > 0.05) > 0.45
    return found


def _shifted(mask: Mask, offset: NDArray[np.int_]) -> Mask:
    """The mask moved down and right by whole pixels; what comes in is empty."""
    result = np.zeros_like(mask)
    height, width = mask.shape
    down, right = int(offset[0]), int(offset[1])
    result[max(down, 0) : height + min(down, 0), max(right, 0) : width + min(right, 0)] = mask[
        max(-down, 0) : height - max(down, 0), max(-right, 0) : width - max(right, 0)
    ]
    return result


def _objects(rng: Rng, layer: Layer, shape: tuple[int, int]) -> list[BaseGeometry]:
    """Rectangles or blobs apart from each other, whose areas sum up to the share."""
    areas = rng.lognormal(0, layer.spread, parts_on(layer, shape))
    areas = np.maximum(areas * layer.share * shape[0] * shape[1] / areas.sum(), FEWEST)

    def make(place: Points, radius: float) -> shapely.Polygon:
        if layer.kind == "blobs":
            return blob(rng, place, radius)
        return rectangle(rng, place, radius, rng.uniform(*layer.slender))

    outlines = sized(make, areas)
    radii = np.array([radius for _, radius in outlines])
    centres = scattered(rng, radii, (shape[1], shape[0]), 1.5)
    return [
        shapely.transform(outline, lambda xy, centre=centre: xy + centre)
        for (outline, _), centre in zip(outlines, centres, strict=True)
        if np.isfinite(centre).all()
    ]


def _fields(rng: Rng, layer: Layer, shape: tuple[int, int]) -> list[BaseGeometry]:
    """Some cells of an uneven grid, apart from each other, with groves cut out as holes."""
    parts = parts_on(layer, shape)
    side = max(2, int(np.sqrt(0.9 * parts / layer.share)))
    steps = np.stack(np.meshgrid(np.arange(side + 1), np.arange(side + 1)), axis=-1) / side
    inner = ((steps > 0) & (steps < 1)).all(axis=-1, keepdims=True)
    corners = (steps + inner * rng.uniform(-0.2, 0.2, steps.shape) / side) * shape[::-1]
    cells = [
        shapely.Polygon(corners[(r, r, r + 1, r + 1), (c, c + 1, c + 1, c)])
        for r, c in np.ndindex(side, side)
    ]
    target = layer.share * shape[0] * shape[1] / parts
    chosen = [cells[index] for index in rng.permutation(len(cells))[:parts]]
    fields = [_with_holes(rng, cell, target) for cell in chosen]
    excess = sum(field.area for field in fields) / (target * parts)
    # Margins between fields are as broad as the share asks for; round corners leave no crumbs.
    return [shapely.buffer(shapely.buffer(f, -_margin(f, excess) - 4), 4) for f in fields]


def _with_holes(rng: Rng, cell: shapely.Polygon, target: float) -> BaseGeometry:
    """A field with round holes well inside it, about a twentieth of its area."""
    count = int(rng.integers(3, 12))
    radius = np.sqrt(0.05 * target / count / np.pi)
    room = cell.buffer(-0.1 * np.sqrt(cell.area))
    low, high = np.array(room.bounds[:2]), np.array(room.bounds[2:])
    places = scattered(rng, np.full(count, radius), tuple(high - low), 4.0) + low
    holes = [blob(rng, place, radius) for place in places if room.contains(shapely.Point(place))]
    return cell.difference(shapely.union_all(holes))


def _margin(field: BaseGeometry, excess: float) -> float:
    """Breadth of the strip around a field's outer edge that takes its area down by the excess."""
    return max(1.5, float(field.area * (1 - 1 / max(excess, 1.0)) / field.length))


def _net(rng: Rng, layer: Layer, shape: tuple[int, int]) -> list[BaseGeometry]:
    """One road across, one down and a few streets between them, all connected."""
    height, width = shape
    across = wiggly(rng, _at(0, 0.4 * height), _at(width, 0.6 * height), 0.1 * height)
    down = wiggly(rng, _at(0.55 * width, 0), _at(0.45 * width, height), 0.1 * width)
    lines = [across, down]
    for start, end in ((10, 45), (18, 48), (42, 12)):
        lines.append(wiggly(rng, across[start], down[end], 0.05 * height))
    return _roads(lines, layer.share * height * width)


def _lanes(rng: Rng, layer: Layer, shape: tuple[int, int]) -> list[BaseGeometry]:
    """Lines side by side that don't meet."""
    height, width = shape
    count = parts_on(layer, shape)
    step = height / count
    lines = []
    for row in range(count):
        ends = rng.uniform(0, 0.15, 2) * width
        level = (row + 0.5) * step
        lines.append(wiggly(rng, _at(ends[0], level), _at(width - ends[1], level), 0.3 * step))
    return _roads(lines, layer.share * height * width)


def _roads(lines: list[Points], area: float) -> list[BaseGeometry]:
    """Strips around lines, as broad as it takes for the area."""
    strips = shapely.linestrings(lines[0]) if len(lines) == 1 else shapely.multilinestrings(lines)
    half = area / shapely.length(strips) / 2
    for _ in range(4):
        roads = shapely.buffer(strips, half)
        half *= area / shapely.area(roads)
    return list(shapely.get_parts(shapely.buffer(strips, half)))


def _at(x: float, y: float) -> Points:
    return np.array([x, y])
