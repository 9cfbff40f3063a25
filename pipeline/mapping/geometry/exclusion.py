"""Classes that exclude each other are simplified together: what they share stays shared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations, count

import numpy as np
import shapely
from numpy.typing import NDArray

from pipeline.mapping.geometry.batches import SIZE, in_batches, meeting, sharing
from pipeline.mapping.geometry.borders import Borders, borders_of
from pipeline.mapping.geometry.contacts import crossings, faulty, touching
from pipeline.mapping.geometry.frame import ENDLESS, Frame
from pipeline.mapping.geometry.shortening import Limits, shortened
from pipeline.mapping.geometry.simplification import (
    AREA_PER_COST,
    Parts,
    simplified,
    within,
)
from pipeline.mapping.masks.planes import Plane, Strips

_ATTEMPTS = 4


def exclusive_groups(planes: Sequence[Plane], strips: Strips) -> list[list[int]]:
    """Classes in groups within which no two classes share a pixel.

    Each class joins the first group that it fits into.

    Args:
        planes: Masks of the classes.
        strips: How the scene is worked on.
    """
    shared = _sharing(planes, strips)
    groups: list[list[int]] = []
    for number in range(len(planes)):
        fits = (group for group in groups if not shared[number, group].any())
        group = next(fits, None)
        if group is None:
            groups.append([number])
        else:
            group.append(number)
    return groups


def _sharing(planes: Sequence[Plane], strips: Strips) -> NDArray[np.bool_]:
    """(K, K) whether two classes share a pixel, of the lower number second."""
    found = np.zeros((len(planes), len(planes)), np.bool_)
    for rows in strips:
        masks = [plane.read(rows) for plane in planes]
        filled = [number for number, mask in enumerate(masks) if mask.any()]
        for one, other in combinations(filled, 2):
            if not found[other, one]:
                found[other, one] = (masks[one] & masks[other]).any()
    return found


def simplified_together(
    classes: Sequence[Parts], costs: Sequence[float], frame: Frame = ENDLESS
) -> list[Parts]:
    """Parts of several classes of a scene with fewer vertices, shared borders staying shared.

    The bound of :func:`simplified` holds for each class, and what it says of the frame; a border
    costs both of its parts the same.

    Args:
        classes: Parts of each class along pixel edges, no two of which share ground; if some do,
            each class is simplified by itself.
        costs: Share of a part's pixels that may change sides, for each class.
        frame: Of the image that they are of.

    Returns:
        As many parts for each class. No two classes share ground, and their union is what it was
        but for its outer outline. Where a border ends on another one, both have a vertex.
    """
    filled = [number for number, parts in enumerate(classes) if len(parts)]
    every = np.concatenate([*classes, np.empty(0, object)])
    if len(filled) < 2 or not any(costs[number] > 0 for number in filled):
        return _apart(classes, costs, frame)
    counts = [len(parts) for parts in classes]
    kinds = np.repeat(np.arange(len(classes)), counts)
    found = _in_batches(every, kinds, costs, frame)
    return list(np.split(found, np.cumsum(counts)[:-1]))


def _in_batches(
    every: Parts, kinds: NDArray[np.int_], costs: Sequence[float], frame: Frame
) -> Parts:
    """Parts of all classes simplified, those that share borders in the same batch.

    Args:
        every: All parts.
        kinds: (parts,) class of each, ascending.
        costs: Of each class.
        frame: Of the image.
    """
    alone = shapely.get_num_coordinates(every).sum() <= SIZE
    batches = [np.arange(len(every))] if alone else in_batches(every, sharing(every))
    number, found = np.zeros(len(every), np.int_), every.copy()
    for place, members in enumerate(batches):
        number[members] = place
    pins, again = np.empty((0, 4)), np.arange(len(batches))
    for attempt in count():
        for place in again.tolist():
            batch = batches[place]
            if attempt < _ATTEMPTS:
                found[batch] = _together(every[batch], kinds[batch], costs, pins, frame)
            else:  # what keeps every pixel edge crosses nothing that does
                found[batch] = _whole(every[batch])
        if alone:
            break
        boxes, again = meeting(found, number)
        if not len(again):
            break
        pins = np.concatenate((pins, boxes))
    return found


def _whole(every: Parts) -> Parts:
    """Parts that keep every vertex, with those where their borders end."""
    rings, owner = shapely.get_rings(every, return_index=True)
    borders = borders_of(rings)
    found: Parts = shapely.polygons(borders.rebuilt(borders.chains), indices=owner)
    return found


def _together(
    every: Parts,
    kinds: NDArray[np.int_],
    costs: Sequence[float],
    pins: NDArray[np.float64],
    frame: Frame,
) -> Parts:
    """Parts of one batch, with boxes (n, 4) whose vertices stay."""
    splits = np.searchsorted(kinds, np.arange(1, len(costs)))
    rings, owner = shapely.get_rings(every, return_index=True)
    borders = borders_of(rings)
    whole: Parts = shapely.polygons(borders.rebuilt(borders.chains), indices=owner)
    if not shapely.coverage_is_valid(whole):
        apart: Parts = np.concatenate(_apart(np.split(every, splits), costs, frame))
        return apart
    limits = _limits(rings, owner, every, np.array(costs, float)[kinds], borders)
    for attempt in range(2 * _ATTEMPTS):
        chains = borders.chains
        pinned = chains.pinned | within(chains.points, pins)
        short = shortened(replace(chains, pinned=pinned), limits, frame)
        simple: Parts = shapely.polygons(borders.rebuilt(short), indices=owner)
        boxes = _faults(np.split(simple, splits), simple, whole_parts=attempt >= _ATTEMPTS)
        if not len(boxes):
            return simple
        pins = np.concatenate((pins, boxes))
    return whole


def _apart(classes: Sequence[Parts], costs: Sequence[float], frame: Frame) -> list[Parts]:
    """Each class simplified by itself."""
    return [simplified(parts, cost, frame) for parts, cost in zip(classes, costs, strict=True)]


def _limits(
    rings: Parts,
    owner: NDArray[np.int_],
    parts: Parts,
    costs: NDArray[np.float64],
    borders: Borders,
) -> Limits:
    """What the rings and parts on either side of each chain allow."""
    areas = np.concatenate((shapely.area(shapely.polygons(rings)), shapely.area(parts)))
    shares = np.concatenate((costs[owner], costs))
    of_parts = np.where(borders.rings >= 0, len(rings) + owner[borders.rings], -1)
    owners = np.concatenate((borders.rings, of_parts), axis=1)
    return Limits(owners, (shares * areas)[:, None] * (1.0, AREA_PER_COST))


def _faults(classes: Sequence[Parts], every: Parts, whole_parts: bool) -> NDArray[np.float64]:
    """Boxes (n, 4) around what crosses, within a class or between two."""
    boxes = []
    bad = [parts[faulty(parts)] for parts in classes] + [every[touching(every)]]
    for parts in bad:
        boxes.append(shapely.bounds(parts) if whole_parts else crossings(parts))
    valid = shapely.is_valid(every)
    if valid.all():
        lines = shapely.coverage_invalid_edges(every)
        boxes.append(shapely.bounds(lines[~shapely.is_empty(lines)]) + np.array((-1, -1, 1, 1)))
    return np.concatenate(boxes)
