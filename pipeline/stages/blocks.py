"""Blocks that large labelled scenes of files are cut into: part of stage ``scenes``."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import product

from pipeline.files import is_safe_name
from pipeline.imagery.intake import Intake
from pipeline.imagery.transform import Shape

Window = tuple[int, int, Shape]
"""First row and column of a block in its scene, and its (H, W)."""


def blocks_of(scene: str, shape: Shape, side: int) -> Iterator[tuple[str, Window]]:
    """Windows of even size, none larger than ``side``, that cover a scene, and their names."""
    counts = [math.ceil(length / side) for length in shape]
    if counts == [1, 1]:
        yield scene, (0, 0, shape)
        return
    edges = [
        [length * part // count for part in range(count + 1)]
        for length, count in zip(shape, counts, strict=True)
    ]
    for row, column in product(range(counts[0]), range(counts[1])):
        top, left = edges[0][row], edges[1][column]
        size = (edges[0][row + 1] - top, edges[1][column + 1] - left)
        yield f"{scene}_{row}_{column}", (top, left, size)


def taken_ids(scene: str, blocks: Sequence[Intake], owners: dict[str, str]) -> Iterator[str]:
    """Messages of ids that are too long, or that another scene or its block has already.

    Args:
        scene: The scene's own id.
        blocks: What is used of it.
        owners: Scene by id of a block, in lower case; takes up these.
    """
    for one in blocks:
        if not is_safe_name(one.id):
            yield (
                f"scene {scene}: its block {one.id} has a longer id than the 100 letters that are "
                "allowed; rename the scene's files, or set dataset.blocks so that it is not cut"
            )
        other = owners.setdefault(one.id.lower(), scene)
        if other != scene:
            large, small = (other, scene) if one.id == scene else (scene, other)
            yield (
                f"scene {small}: block {one.id} of scene {large} has the same id; rename the "
                f"files of scene {small}, or set dataset.blocks so that {large} is not cut"
            )
