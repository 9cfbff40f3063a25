"""Polygons in few bytes, for the viewer.

A group holds the polygons of one class:

- ``rings``: base64 of unsigned LEB128 numbers. Each polygon is its number of rings, the outline
  first; each ring is its number of points, without the one that closes it, and then for each point
  the steps right and down from the point before, zigzag-coded. The first point of the
  group starts from (0, 0). A unit is ``1 / step`` pixel of the working grid.
- ``values``: base64 of unsigned LEB128 numbers, two per polygon: its area in tenths of a
  square metre, and its mean probability in steps of 1/254 plus 1; 0 where that is not known.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any, Final, TypedDict

import numpy as np
import shapely
from numpy.typing import NDArray

from pipeline.reporting.viewer.shapes import Shapes

Whole = NDArray[np.int64]
_MOST: Final = 2.0**52


class Group(TypedDict):
    """Polygons of one class, as JSON."""

    code: int
    count: int
    rings: str
    values: str


@dataclass(frozen=True)
class _Points:
    """Points of rings in whole units, without those that close them.

    Attributes:
        xy: (points, 2).
        ring: (points,) the ring of each, from 0, ascending.
        polygon: (rings,) the polygon of each, from 0, ascending.
    """

    xy: Whole
    ring: Whole
    polygon: Whole

    def kept(self, points: NDArray[np.bool_]) -> _Points:
        """Some of the points; rings may be left without any."""
        return _Points(self.xy[points], self.ring[points], self.polygon)


def encode_group(shapes: Shapes, step: int) -> Group:
    """Polygons of a class as JSON; those that are smaller than a unit are left out.

    Args:
        shapes: Polygons in pixels of the working grid.
        step: Units per pixel.
    """
    points, chosen = _whole(shapes.polygons, step)
    numbers = np.column_stack((_tenths(shapes.areas[chosen]), _chances(shapes, chosen)))
    return {
        "code": shapes.code,
        "count": len(chosen),
        "rings": _text(_tokens(points)),
        "values": _text(numbers.ravel()),
    }


def group_bytes(group: Group) -> int:
    """Bytes that a group's numbers take in the page."""
    return len(group["rings"]) + len(group["values"])


def _whole(polygons: NDArray[Any], step: int) -> tuple[_Points, Whole]:
    """Points of the polygons that are left in whole units, and which polygons these are."""
    rings, polygon = shapely.get_rings(polygons, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    last = np.ones(len(ring), bool)
    last[:-1] = ring[1:] != ring[:-1]
    units = np.rint(xy * step).astype(np.int64)
    points = _without_repeats(_Points(units, ring, polygon).kept(~last))
    return _large_enough(points)


def _without_repeats(points: _Points) -> _Points:
    """Points that lie elsewhere than the one before in their ring."""
    if not len(points.ring):
        return points
    first = np.ones(len(points.ring), bool)
    first[1:] = points.ring[1:] != points.ring[:-1]
    moved = np.ones(len(points.ring), bool)
    moved[1:] = (points.xy[1:] != points.xy[:-1]).any(axis=1)
    points = points.kept(first | moved)
    starts = np.flatnonzero(np.diff(points.ring, prepend=-1))
    ends = np.append(starts[1:], len(points.ring)) - 1
    again = (points.xy[starts] == points.xy[ends]).all(axis=1) & (ends > starts)
    keep = np.ones(len(points.ring), bool)
    keep[ends[again]] = False
    return points.kept(keep)


def _large_enough(points: _Points) -> tuple[_Points, Whole]:
    """Rings of three points or more, of polygons whose outline is one; numbered anew."""
    counts = np.bincount(points.ring, minlength=len(points.polygon))
    outline = np.diff(points.polygon, prepend=-1) > 0
    solid = points.polygon[outline & (counts >= 3)]
    rings = np.flatnonzero((counts >= 3) & np.isin(points.polygon, solid))
    inside = np.isin(points.ring, rings)
    ring = np.searchsorted(rings, points.ring[inside])
    polygon = np.searchsorted(solid, points.polygon[rings])
    return _Points(points.xy[inside], ring, polygon), solid


def _tokens(points: _Points) -> Whole:
    """The numbers of ``rings``."""
    polygons = int(points.polygon[-1]) + 1 if len(points.polygon) else 0
    sizes = np.bincount(points.ring, minlength=len(points.polygon))
    before = np.cumsum(sizes) - sizes
    numbers = np.empty(polygons + len(sizes) + 2 * len(points.ring), np.int64)
    heads = points.polygon + 1 + np.arange(len(sizes)) + 2 * before
    numbers[heads] = sizes
    firsts = np.flatnonzero(np.diff(points.polygon, prepend=-1))
    numbers[heads[firsts] - 1] = np.bincount(points.polygon, minlength=polygons)
    at = points.polygon[points.ring] + points.ring + 2 + 2 * np.arange(len(points.ring))
    steps = np.diff(points.xy, axis=0, prepend=np.zeros((1, 2), np.int64))
    zigzag = (steps << 1) ^ (steps >> 63)
    numbers[at], numbers[at + 1] = zigzag[:, 0], zigzag[:, 1]
    return numbers


def _tenths(areas: NDArray[np.float64]) -> Whole:
    return np.rint(np.clip(np.nan_to_num(areas * 10), 0, _MOST)).astype(np.int64)


def _chances(shapes: Shapes, chosen: Whole) -> Whole:
    if shapes.probabilities is None:
        return np.zeros(len(chosen), np.int64)
    values = shapes.probabilities[chosen]
    steps = 1 + np.rint(254 * np.clip(np.nan_to_num(values), 0, 1)).astype(np.int64)
    return np.where(np.isfinite(values), steps, 0)


def _text(numbers: Whole) -> str:
    return base64.b64encode(leb128(numbers)).decode()


def leb128(numbers: Whole) -> bytes:
    """Numbers, none below zero, in seven bits per byte; the eighth says that more follows."""
    if not len(numbers):
        return b""
    lengths = np.ones(len(numbers), np.int64)
    for bits in range(7, 63, 7):
        lengths += numbers >> bits > 0
    starts = np.cumsum(lengths) - lengths
    data = np.empty(int(lengths.sum()), np.uint8)
    for place in range(int(lengths.max())):
        here = lengths > place
        more = np.where(lengths[here] > place + 1, 128, 0)
        data[starts[here] + place] = (numbers[here] >> (7 * place) & 127) | more
    return data.tobytes()
