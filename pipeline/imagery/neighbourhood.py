"""Which scenes lie beside which, by their coordinates or, in the contest, by their ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import shapely
from affine import Affine
from shapely import Polygon, STRtree

from pipeline.imagery.transform import corners

_SAME_PLACE: Final = 0.5
"""Scenes that share more of the smaller one's ground show one place, at two dates maybe."""


def neighbours_of(
    records: Mapping[str, Mapping[str, Any]], reach: float
) -> dict[str, tuple[str, ...]]:
    """Scenes that show some of what lies around a scene.

    Args:
        records: What stage ``scenes`` wrote of each scene, by its id.
        reach: How far around, metres.

    Returns:
        Ids by id, those with the nearest centres first.
    """
    found: dict[str, tuple[str, ...]] = {}
    for space in dict.fromkeys(record["space"] for record in records.values()):
        members = [name for name, record in records.items() if record["space"] == space]
        found |= _within(members, [records[name] for name in members], reach)
    return found


def _within(
    names: Sequence[str], records: Sequence[Mapping[str, Any]], reach: float
) -> dict[str, tuple[str, ...]]:
    """Neighbours of scenes of one plane."""
    grounds = [footprint(record) for record in records]
    tree = STRtree(grounds)
    found = {}
    for name, record, ground in zip(names, records, grounds, strict=True):
        side = abs(Affine(*record["to_space"]).determinant) ** 0.5
        near = tree.query(ground.buffer(reach / record["metres"] * side), predicate="intersects")
        beside = [
            index for index in near if names[index] != name and _beside(ground, grounds[index])
        ]
        beside.sort(key=lambda index: (ground.centroid.distance(grounds[index].centroid), index))
        found[name] = tuple(names[index] for index in beside)
    return found


def _beside(one: Polygon, other: Polygon) -> bool:
    """Whether two scenes show different ground."""
    shared = shapely.intersection(one, other).area
    return bool(shared <= _SAME_PLACE * min(one.area, other.area))


def footprint(record: Mapping[str, Any]) -> Polygon:
    """Outline of a scene in the plane in which it has neighbours."""
    return Polygon(corners(Affine(*record["to_space"]), (record["shape"][0], record["shape"][1])))
