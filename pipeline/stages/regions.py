"""Scenes that lie in rows and columns of a region, by their ids: part of stage ``scenes``."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import replace

from affine import Affine

from pipeline.imagery.intake import Intake
from pipeline.imagery.mosaic import GridId, region_of


def region_sizes(sizes: Mapping[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
    """Usual size of the scenes of each region.

    Args:
        sizes: How far each scene reaches along x and y from its first pixel's corner, map units.
    """
    members: dict[str, list[tuple[float, float]]] = {}
    for scene, size in sizes.items():
        members.setdefault(region_of(scene), []).append(size)
    return {
        region: (statistics.median(x for x, _ in row), statistics.median(y for _, y in row))
        for region, row in members.items()
    }


def in_region(one: Intake, scene: str, sizes: Mapping[str, tuple[float, float]]) -> Intake:
    """The same with its place among the scenes of its region.

    Args:
        one: A scene without coordinates, or a block of it.
        scene: Id of the scene.
        sizes: See :func:`region_sizes`.
    """
    place = GridId.of(scene)
    if place is None:
        return one
    x, y = sizes[place.region]
    moved = Affine.translation(place.column * x, place.row * y)
    return replace(one, space=f"region {place.region}", to_space=moved @ one.frame.to_map)
