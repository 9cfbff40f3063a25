"""Patterns that names of files follow: which part is the scene's id."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import Final

from pipeline.files import is_safe_name

BAND: Final = "{band}"
_SEPARATORS: Final = "_-. "
_TILE: Final = re.compile(r"(.*?)(\d{1,9})([/_-])(\d{1,9})\3(\d{1,9})(\.\w+)")
_ORDERS: Final = (("z", "x", "y"), ("x", "y", "z"))
MOST_ZOOM: Final = 24
LEAST_ZOOM: Final = 8


@dataclass(frozen=True)
class Pattern:
    """A pattern and the files that follow it.

    Attributes:
        text: Path with ``{id}``, or ``{z}``, ``{x}`` and ``{y}``, and perhaps ``{band}``.
        files: Path by id, in order; with ``{band}`` still in it where the pattern has that.
    """

    text: str
    files: Mapping[str, str]

    @cached_property
    def ids(self) -> frozenset[str]:
        """The ids."""
        return frozenset(self.files)

    @property
    def spelled(self) -> int:
        """Letters of the pattern that stand for themselves."""
        return len(re.sub(r"\{\w+\}", "", self.text))

    def fits(self, path: str) -> bool:
        """Whether a path follows the pattern."""
        parts = re.split(r"\{\w+\}", self.text)
        return re.fullmatch("[^/]+".join(map(re.escape, parts)), path) is not None


def tile_pattern(keys: Iterable[str]) -> Pattern | None:
    """The pattern of paths that are numbered as tiles of a web map; None where they are not."""
    keys = sorted(keys)
    found = [_TILE.fullmatch(key) for key in keys]
    ends = {(row[1], row[3], row[6]) for row in found if row}
    if not keys or not all(found) or len(ends) != 1:
        return None
    before, between, after = ends.pop()
    numbers = [(int(row[2]), int(row[4]), int(row[5])) for row in found if row]
    for order in _ORDERS:
        tiles = [dict(zip(order, three, strict=True)) for three in numbers]
        if all(
            LEAST_ZOOM <= t["z"] <= MOST_ZOOM and max(t["x"], t["y"]) < 2 ** t["z"] for t in tiles
        ):
            text = before + between.join(f"{{{name}}}" for name in order) + after
            names = [f"{t['z']}_{t['x']}_{t['y']}" for t in tiles]
            return Pattern(text, dict(zip(names, keys, strict=True)))
    return None


def id_patterns(keys: Iterable[str]) -> tuple[Pattern, ...]:
    """Patterns that paths may follow, those with the longest ids first.

    Args:
        keys: Paths, with ``{band}`` where a scene has several files.

    Returns:
        Patterns, each of all paths; none where more than one folder or name differs, or where
        names hold braces of their own.
    """
    keys = sorted(keys)
    parts = [key.split("/") for key in keys]
    braced = any(set("{}") & set(key.replace(BAND, "")) for key in keys)
    if not keys or len({len(row) for row in parts}) != 1 or braced:
        return ()
    columns = list(zip(*parts, strict=True))
    differing = [place for place, column in enumerate(columns) if len(set(column)) > 1]
    if len(differing) > 1:
        return ()
    place = differing[0] if differing else len(columns) - 1
    if not differing and BAND in columns[place][0] and not _open_ends(columns[place][0]):
        place -= 1  # one scene in a folder of its own, whose files are named by their bands alone
    if place < 0:
        return ()
    return tuple(_cuts(keys, columns[place], "/".join(parts[0][:place]), parts[0][place + 1 :]))


def _open_ends(name: str) -> str:
    """What a name holds beside the band and its ending."""
    before, _, after = name.partition(BAND)
    return before.strip(_SEPARATORS) + after.removesuffix(PurePosixPath(name).suffix)


def _cuts(
    keys: Sequence[str], names: Sequence[str], before: str, after: Sequence[str]
) -> Iterable[Pattern]:
    """Patterns by what of the differing names is taken for the id."""
    ending = "" if after else PurePosixPath(names[0]).suffix
    stems = [name.removesuffix(ending) for name in names]
    head, tail = _common(stems), _common([stem[::-1] for stem in stems])
    heads = [cut for cut in range(head + 1) if _is_border(stems, cut)]
    tails = [cut for cut in range(tail + 1) if _is_border([s[::-1] for s in stems], cut)]
    for cut, end in sorted(((h, t) for h in heads for t in tails), key=sum):
        ids = [stem[cut : len(stem) - end] for stem in stems]
        if all(map(is_safe_name, ids)) and len(set(ids)) == len(ids):
            middle = f"{stems[0][:cut]}{{id}}{stems[0][len(stems[0]) - end :]}{ending}"
            text = "/".join([*([before] if before else []), middle, *after])
            yield Pattern(text, dict(zip(ids, keys, strict=True)))


def _common(names: Sequence[str]) -> int:
    """Number of letters with which all names begin; all of a single one's."""
    first, last = min(names), max(names)
    same = (place for place, (one, two) in enumerate(zip(first, last, strict=False)) if one != two)
    return next(same, min(len(first), len(last)))


def _is_border(stems: Sequence[str], cut: int) -> bool:
    """Whether names may be cut after so many letters, not in the middle of a word or number."""
    if cut == 0:
        return True
    for stem in stems:
        if len(stem) <= cut:
            return False
        one, two = stem[cut - 1], stem[cut]
        turns = one.isalpha() and two.isdigit()
        if not (one in _SEPARATORS or one == "}" or turns):
            return False
    return True


def agreeing(candidates: Sequence[Sequence[Pattern]], strangers: Sequence[str]) -> list[Pattern]:
    """One pattern of each set of files, so that they have the most ids in common.

    Args:
        candidates: For each set the patterns that it may follow, the most welcome first.
        strangers: Files of none of the sets, which no pattern should take for a scene's.
    """

    def cost(pattern: Pattern) -> tuple[int, int]:
        return sum(pattern.fits(path) for path in strangers), pattern.spelled

    best: tuple[tuple[int, ...], list[Pattern]] | None = None
    for first in candidates[0]:
        others = [
            min(row, key=lambda one: (-len(one.ids & first.ids), *cost(one)))
            for row in candidates[1:]
        ]
        shared = sum(len(one.ids & first.ids) for one in others)
        chosen = [first, *others]
        foreign = sum(cost(one)[0] for one in chosen)
        rank = (-shared, foreign, sum(one.spelled for one in chosen))
        if best is None or rank < best[0]:
            best = (rank, chosen)
    return [] if best is None else best[1]


def is_told_apart(sets: Sequence[tuple[Pattern, Sequence[str]]], paths: Sequence[str]) -> bool:
    """Whether the closest pattern that a file fits is always its own.

    Args:
        sets: Pattern of each set of files, and what stands for ``{band}`` in their names.
        paths: All images of the folder; what is of no set should fit no pattern.
    """
    patterns = [one for pattern, bands in sets for one in _of_bands(pattern, bands)]
    own = {path: pattern.text for pattern in patterns for path in pattern.files.values()}
    ranked = sorted(patterns, key=lambda one: -one.spelled)
    for path in (*own, *(path for path in paths if path not in own)):
        found = next((one.text for one in ranked if one.fits(path)), None)
        if found != own.get(path):
            return False
    return True


def _of_bands(pattern: Pattern, bands: Sequence[str]) -> Iterable[Pattern]:
    """The pattern of each band's files; the pattern itself where a file holds all bands."""
    for band in bands or ("",):
        files = {name: path.replace(BAND, band) for name, path in pattern.files.items()}
        yield Pattern(pattern.text.replace(BAND, band), files)
