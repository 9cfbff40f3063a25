"""Patterns of file names: which files of a folder they fit, and of which scene each is."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.imagery.rasters.group_files import WebTile

_HOLE = re.compile(r"\{(id|z|x|y)\}")


@dataclass(frozen=True)
class Match:
    """A file that a pattern fits.

    Attributes:
        path: The file.
        id: Id of its scene, not checked.
        tile: Tile of a web map, not checked.
    """

    path: Path
    id: str
    tile: WebTile | None


def is_pattern(file: str) -> bool:
    """Whether a path stands for one file per scene."""
    return _HOLE.search(file) is not None


def spelled_out(pattern: str) -> int:
    """Number of characters that a pattern leaves no choice of."""
    return len(_HOLE.sub("", pattern))


def matches(folder: Path, pattern: str) -> Iterator[Match]:
    """Files of a folder that a pattern fits, in no order.

    ``{id}`` stands for any characters but ``/``, each of ``{z}``, ``{x}`` and ``{y}`` for digits;
    everything else stands for itself, upper and lower case told apart. Names that begin with a
    dot, which file managers leave, are left out.

    Args:
        folder: Where paths begin.
        pattern: A path with ``{id}``, or with ``{z}``, ``{x}`` and ``{y}``.
    """
    parts = _HOLE.split(pattern)
    expression = re.compile(
        "".join(_group(part) if place % 2 else re.escape(part) for place, part in enumerate(parts)),
        re.DOTALL,
    )
    wild = "".join("*" if place % 2 else glob.escape(part) for place, part in enumerate(parts))
    for path in folder.glob(wild):
        relative = path.relative_to(folder)
        found = expression.fullmatch(relative.as_posix())
        if found is None or any(part.startswith(".") for part in relative.parts):
            continue
        told = found.groupdict()
        if "id" in told:
            yield Match(path, told["id"], None)
        else:
            tile = WebTile(int(told["z"]), int(told["x"]), int(told["y"]))
            yield Match(path, f"{tile.z}-{tile.x}-{tile.y}", tile)


def filled(pattern: str, name: str, tile: WebTile | None) -> str:
    """The path that a scene's file would have."""
    told = {"{id}": name}
    if tile is not None:
        told |= {"{z}": str(tile.z), "{x}": str(tile.x), "{y}": str(tile.y)}
    return _HOLE.sub(lambda hole: told.get(hole[0], hole[0]), pattern)


def _group(hole: str) -> str:
    return r"(?P<id>[^/]+)" if hole == "id" else rf"(?P<{hole}>[0-9]{{1,10}})"
