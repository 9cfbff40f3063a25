"""Which scenes are shown where there are too many, and how many bytes each may take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from pipeline.imagery.transform import Shape

LEAST: Final = 60_000
"""Bytes of a scene below which it is not worth showing."""
_EVEN: Final = 0.3
"""This part of all bytes is dealt out evenly, the rest by the scenes' size."""


def chosen_scenes(scenes: Sequence[str], scores: Mapping[str, float], most: int) -> list[str]:
    """Scenes to be shown, in the order of their ids.

    A quarter are those with the lowest scores, a quarter those with the highest; the others are
    spread evenly over the ids of the rest, the first and the last among them.

    Args:
        scenes: Ids of all.
        scores: Score of those that have one.
        most: Number of scenes to be shown, at most.
    """
    names = sorted(scenes)
    if len(names) <= most:
        return names
    ranked = sorted((name for name in names if name in scores), key=lambda name: scores[name])
    quarter = min(most // 4, len(ranked) // 2)
    found = {*ranked[:quarter], *ranked[len(ranked) - quarter :]}
    rest = [name for name in names if name not in found]
    return sorted(found | set(spread(rest, most - len(found))))


def spread(names: Sequence[str], count: int) -> list[str]:
    """So many of the names, evenly spaced from the first to the last; all if there are fewer."""
    if count >= len(names):
        return list(names)
    if count < 2:
        return list(names[:count])
    return [names[place * (len(names) - 1) // (count - 1)] for place in range(count)]


def shares(shapes: Mapping[str, Shape], limit: int) -> dict[str, int]:
    """Bytes that each scene may take, by its id; larger scenes get more.

    Args:
        shapes: (H, W) of each scene's working grid.
        limit: Bytes of all together.
    """
    sides = {name: (shape[0] * shape[1]) ** 0.5 for name, shape in shapes.items()}
    whole = sum(sides.values())
    return {
        name: int(limit * (_EVEN / len(sides) + (1 - _EVEN) * side / whole))
        for name, side in sides.items()
    }
