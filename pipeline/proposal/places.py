"""Which places the labelled scenes show: blocks of few scenes, squares of ground of many."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from rasterio.errors import RasterioError
from rasterio.warp import transform, transform_bounds
from shapely import Polygon

from pipeline.imagery.transform import Shape
from pipeline.learning.folds import ground_cell
from pipeline.proposal.guesses import SceneGuess

FEWEST: Final = 4
"""Places that are wanted at least: two on each side of two folds."""
BLOCK: Final = 384
"""Least side of a block that a large scene is cut into, pixels."""
SMALLEST: Final = 32
"""Blocks are no smaller, pixels."""
LARGEST: Final = 2048
"""What the stage ``scenes`` cuts larger scenes into by itself."""
_MOST_PER_SIDE: Final = 6
_SIDES: Final = (8, 6, 4, 3, 2)
"""Sides of squares that are tried, in scenes."""
_MANY: Final = 8


@dataclass(frozen=True)
class Part:
    """A scene, or a block of it.

    Attributes:
        scene: Id of the scene.
        place: Name of its place.
        top: First row, pixels of the finest image.
        left: First column.
        shape: (h, w) of the part.
    """

    scene: str
    place: str
    top: int
    left: int
    shape: Shape


@dataclass(frozen=True)
class Places:
    """How labelled ground is divided.

    Attributes:
        blocks: Largest side of a block, pixels; None where scenes are not cut.
        cell: Side of squares of ground, metres; None where every part is a place.
        parts: All parts.
        folds: Number of folds that the places allow.
        reason: Why it is divided so.
    """

    blocks: int | None
    cell: float | None
    parts: tuple[Part, ...]
    folds: int
    reason: str

    @property
    def count(self) -> int:
        """Number of places."""
        return len({part.place for part in self.parts})


def divide(scenes: Mapping[str, SceneGuess], labelled: Sequence[str]) -> Places:
    """Divide labelled scenes into places.

    Args:
        scenes: Where scenes lie.
        labelled: Ids of the labelled ones.
    """
    names = [name for name in labelled if min(scenes[name].shape) > 0]
    blocks = _blocks([scenes[name].shape for name in names])
    parts = [part for name in names for part in _parts(name, scenes[name].shape, blocks)]
    if blocks is not None:
        count = len(parts)
        reason = f"{_scenes(len(names))} labelled: too few, so blocks make {count} places of them"
        return Places(blocks, None, tuple(parts), _folds(count), reason)
    touching = _touching([scenes[name] for name in names])
    cells = _cells(scenes, names) if touching else None
    if cells is None:
        reason = f"{_scenes(len(names))} labelled, each a place of its own"
        if touching:
            reason += f"; {touching} of them touch, but squares would leave too few places"
        return Places(None, None, tuple(parts), _folds(len({p.place for p in parts})), reason)
    side, of = cells
    parts = [Part(p.scene, of[p.scene], p.top, p.left, p.shape) for p in parts]
    count = len(set(of.values()))
    reason = (
        f"{touching} of {len(names)} scenes touch others: folds go by squares of {side:g} m, of "
        f"which {count} hold labels"
    )
    return Places(None, side, tuple(parts), _folds(count), reason)


def _scenes(count: int) -> str:
    return f"{count} scene{'s' * (count != 1)}"


def footprint(scene: SceneGuess, part: Part | None = None) -> Polygon:
    """Ground of a scene or of a part of it in map units; without coordinates y runs upwards."""
    (top, left), (height, width) = (0, 0), scene.shape
    if part is not None:
        (top, left), (height, width) = (part.top, part.left), part.shape
    corners = [(left, top), (left + width, top), (left + width, top + height), (left, top + height)]
    if scene.to_map is None:
        return Polygon([(x, -y) for x, y in corners])
    return Polygon([scene.to_map @ corner for corner in corners])


def _folds(places: int) -> int:
    """Folds that so many places allow: enough are left to learn from, and to hold out."""
    return 4 if places >= 24 else 3 if places >= 9 else 2


def _blocks(shapes: Sequence[Shape]) -> int | None:
    """Side of blocks where whole scenes are too few places."""
    whole = sum(math.ceil(h / LARGEST) * math.ceil(w / LARGEST) for h, w in shapes)
    if not shapes or whole >= FEWEST:
        return None
    short, long = min(map(min, shapes)), max(map(max, shapes))
    per_side = min(max(short // BLOCK, 2), _MOST_PER_SIDE)
    side = math.ceil(long / per_side)
    return side if side >= SMALLEST else None


def _parts(name: str, shape: Shape, blocks: int | None) -> list[Part]:
    """Blocks of a scene as the stage ``scenes`` cuts them, or the whole of it."""
    side = blocks or LARGEST
    rows, columns = (math.ceil(length / side) for length in shape)
    if rows == columns == 1:
        return [Part(name, name, 0, 0, shape)]
    tops = [shape[0] * row // rows for row in range(rows + 1)]
    lefts = [shape[1] * column // columns for column in range(columns + 1)]
    return [
        Part(
            name,
            f"{name}_{row}_{column}",
            tops[row],
            lefts[column],
            (tops[row + 1] - tops[row], lefts[column + 1] - lefts[column]),
        )
        for row in range(rows)
        for column in range(columns)
    ]


def _box(scene: SceneGuess) -> tuple[float, float, float, float] | None:
    """Left, lower, right and upper edge of a scene, degrees; None without coordinates."""
    if scene.to_map is None or scene.crs is None:
        return None
    height, width = scene.shape
    corners = [
        scene.to_map @ corner for corner in ((0, 0), (width, 0), (0, height), (width, height))
    ]
    xs, ys = zip(*corners, strict=True)
    try:
        box = transform_bounds(scene.crs, "EPSG:4326", min(xs), min(ys), max(xs), max(ys))
    except RasterioError:
        return None
    return (box[0], box[1], box[2], box[3]) if all(map(math.isfinite, box)) else None


def _touching(scenes: Sequence[SceneGuess]) -> int:
    """How many scenes touch or overlap another one, a pixel being none."""
    known = [box for box in map(_box, scenes) if box is not None]
    if len(known) < 2:
        return 0
    edges = np.array(known)
    margin = 0.02 * np.median(edges[:, 2:] - edges[:, :2], axis=0)
    wide = shapely.box(*(edges[:, :2] - margin).T, *(edges[:, 2:] + margin).T)
    one, two = shapely.STRtree(wide).query(wide, predicate="intersects")
    return len(set(one[one != two].tolist()))


def _cells(
    scenes: Mapping[str, SceneGuess], names: Sequence[str]
) -> tuple[float, dict[str, str]] | None:
    """Side of squares that leave enough places, the largest one, and the square of each scene."""
    centres, sides = {}, []
    for name in names:
        box, scene = _box(scenes[name]), scenes[name]
        if box is None or scene.to_map is None or scene.crs is None:
            return None
        height, width = scene.shape
        x, y = scene.to_map @ (width / 2, height / 2)
        (longitude,), (latitude,), *_ = transform(scene.crs, "EPSG:4326", [x], [y])
        centres[name] = (longitude, latitude)
        sides.append((box[3] - box[1]) * 111_195)
    side = float(np.median(sides))
    for least in (_MANY, FEWEST):
        for many in _SIDES:
            cell = float(f"{many * side:.2g}")
            of = {name: ground_cell(*centre, cell) for name, centre in centres.items()}
            if len(set(of.values())) >= least:
                return cell, of
    return None
