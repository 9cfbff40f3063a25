"""Objects that scenes' borders have cut, made whole again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pipeline.imagery.outlines import made_valid
from pipeline.imagery.transform import moved, moved_points
from pipeline.mapping.geometry.simplification import Parts
from pipeline.mapping.layers.footprints import Footprint, Neighbours, neighbours_of
from pipeline.mapping.layers.map_objects import MapObjects

Indices = NDArray[np.int_]

_NAMED: Final = 5
"""Scenes of an object that are named."""
_DIGITS: Final = 6
"""Digits of a pixel that count where parts meet; what is less is of rounding."""


def joined_across(objects: MapObjects, footprints: Sequence[Footprint]) -> MapObjects:
    """Objects of which those are one that touch or overlap across a border of their scenes.

    Looked at are only parts that reach the ground of a neighbouring scene. Vertices that lie within
    a quarter of a pixel of a border are put onto it first: outlines of fewer vertices leave slits.
    Parts of one class that then share more than points become one, at the place of their first.
    Its probability is their mean, weighted by area; its scenes are all of theirs. Scenes of one
    place at several dates are not joined with each other.

    Args:
        objects: Objects of scenes of one coordinate reference system; ``scene`` is a name each.
        footprints: Those scenes, in the order of their names.

    Returns:
        The objects; ``area`` of those that were joined is the sum of their parts'.
    """
    pairs = neighbours_of(footprints)
    if not len(objects) or not len(pairs.one):
        return objects
    number = {one.scene: index for index, one in enumerate(footprints)}
    scene = np.array([number[name] for name in objects.scene], np.int_)
    near = _near_others(objects.parts, scene, footprints, pairs)
    parts = _on_borders(objects.parts[near], scene[near], footprints, pairs)
    # In pixels borders run along the axes, also where a grid is turned, so that parts meet exactly.
    grid = footprints[0].to_map
    pixels = _in_pixels(parts, ~grid)
    whole = {}
    for members, shape in _united(pixels, _groups(pixels, objects.code[near], scene[near], pairs)):
        rows = near[members]
        whole[int(rows[0])] = rows, moved(shape, grid)
    return _replaced(objects, whole)


def _near_others(
    parts: Parts, scene: Indices, footprints: Sequence[Footprint], pairs: Neighbours
) -> Indices:
    """Indices of the parts that reach the ground of a neighbour of their scene."""
    reached = np.array([one.reached for one in footprints], np.object_)
    grounds = np.full(len(footprints), None, np.object_)
    for one, others in pairs.groups():
        grounds[one] = shapely.union_all(reached[others])
    shapely.prepare(grounds)
    return np.flatnonzero(shapely.intersects(grounds[scene], parts))


def _on_borders(
    parts: Parts, scene: Indices, footprints: Sequence[Footprint], pairs: Neighbours
) -> Parts:
    """Polygons whose vertices near a border of their scene or of a neighbour lie on it.

    Where two borders are nearly one, that of the first scene is the last to be taken, by all.
    """
    snapped = parts.copy()
    order = np.argsort(scene, kind="stable")
    starts = np.searchsorted(scene[order], np.arange(len(footprints) + 1))
    of_scene = np.split(order, starts[1:-1])
    for one, others in reversed(list(pairs.groups())):
        rows = np.concatenate([of_scene[index] for index in (one, *others)])
        points, owner = shapely.get_coordinates(snapped[rows], return_index=True)
        fresh = footprints[one].on_border(points)
        changed = np.unique(owner[(fresh != points).any(axis=1)])
        fresh = fresh[np.isin(owner, changed)]
        snapped[rows[changed]] = shapely.set_coordinates(snapped[rows[changed]], fresh)
    broken = ~shapely.is_valid(snapped)
    snapped[broken] = parts[broken]
    return snapped


def _in_pixels(parts: Parts, to_pixels: Affine) -> Parts:
    """Polygons of the map in pixels, rounded and valid."""
    found: Parts = shapely.transform(
        parts, lambda points: np.round(moved_points(points, to_pixels), _DIGITS)
    )
    broken = ~shapely.is_valid(found)
    found[broken] = [made_valid(part) for part in found[broken]]
    return found


def _groups(
    parts: Parts, code: NDArray[np.int64], scene: Indices, pairs: Neighbours
) -> Iterator[Indices]:
    """Indices of parts of one class that meet across borders, one after another."""
    one, other = shapely.STRtree(parts).query(parts, predicate="intersects")
    count = int(pairs.one.max()) + 1
    beside = np.isin(scene[one] * count + scene[other], pairs.one * count + pairs.other)
    met = beside & (code[one] == code[other])
    links = coo_array((np.ones(met.sum()), (one[met], other[met])), shape=(len(parts),) * 2)
    groups, label = connected_components(links, directed=False)
    sizes = np.bincount(label, minlength=groups)
    order = np.argsort(label, kind="stable")
    for members in np.split(order, np.cumsum(sizes)[:-1]):
        if len(members) > 1:
            yield members


def _united(parts: Parts, groups: Iterator[Indices]) -> Iterator[tuple[Indices, shapely.Polygon]]:
    """Parts that became one polygon, and that polygon; those that meet in points alone stay."""
    for group in groups:
        pieces = shapely.get_parts(shapely.union_all(parts[group]))
        inside = shapely.point_on_surface(parts[group])
        member, piece = shapely.STRtree(pieces).query(inside, predicate="intersects")
        for number in range(len(pieces)):
            members = group[np.sort(member[piece == number])]
            if len(members) > 1:
                yield members, shapely.simplify(pieces[number], 10.0**-_DIGITS)


def _replaced(
    objects: MapObjects, whole: Mapping[int, tuple[Indices, shapely.Polygon]]
) -> MapObjects:
    """Objects with those of some rows made one, at the first of the rows."""
    kept = np.ones(len(objects), np.bool_)
    found = replace(
        objects,
        parts=objects.parts.copy(),
        probability=objects.probability.copy(),
        area=objects.area.copy(),
        scene=objects.scene.copy(),
    )
    for first, (rows, shape) in whole.items():
        kept[rows[1:]] = False
        weights = objects.area[rows]
        found.parts[first] = shape
        found.area[first] = weights.sum()
        found.probability[first] = weights @ objects.probability[rows] / weights.sum()
        found.scene[first] = _named(objects.scene[rows])
    return found[kept]


def _named(scenes: NDArray[np.object_]) -> str:
    """Names of an object's scenes, in one text."""
    names = sorted(set(scenes))
    more = len(names) - _NAMED
    return "; ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
