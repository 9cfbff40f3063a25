"""Which files hold the same bands of different scenes, told by their names and what they hold."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from pipeline.proposal.folder_files import SPLIT_WORDS
from pipeline.proposal.patterns import BAND, Pattern, id_patterns, tile_pattern

_TOKEN: Final = re.compile(
    r"(?:^|(?<=[_\-. ]))(b\d{1,2}a?|band[ _-]?\d{1,2}|coastal|aerosol|blue|green|yellow|red|"
    r"red[_-]?edge\d?|re\d?|nir\d?|swir[_ -]?\d{0,2}|pan|thermal\d?|tir\d?|vv|vh|hh|hv)"
    r"(?=$|[_\-. ])",
    re.IGNORECASE,
)
MOST_PARTS: Final = 8
"""Kinds of files per scene that are looked for."""


@dataclass(frozen=True)
class FileSet:
    """Files that hold the same bands of different scenes.

    Attributes:
        candidates: Patterns that their names may follow, the most welcome first; none where the
            names follow no pattern.
        bands: What stands for the band in the names, in order; empty for one file per scene.
        paths: All files, by key (path with ``{band}``) and band.
        name: What tells these files from others of their scenes, where something does.
    """

    candidates: tuple[Pattern, ...]
    bands: tuple[str, ...]
    paths: Mapping[str, Mapping[str, str]]
    name: str = ""

    @property
    def files(self) -> tuple[str, ...]:
        """All files."""
        return tuple(path for row in self.paths.values() for path in row.values())


def file_sets(kinds: Mapping[str, Hashable]) -> tuple[FileSet, ...]:
    """Sets of files, those with most files first.

    Args:
        kinds: By path what tells files of different content apart: bands, type.
    """
    banded = _banded(kinds)
    taken = {path for row in banded.values() for path in row.values()}
    singles = [path for path in kinds if path not in taken]
    sets = [*_of_bands(banded), *_of_singles({path: kinds[path] for path in singles})]
    return tuple(sorted(sets, key=lambda one: (-len(one.files), one.files)))


def _banded(paths: Iterable[str]) -> dict[str, dict[str, str]]:
    """Files by key and band, where two files at least differ in a word that names a band."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for path in paths:
        folder, _, name = path.rpartition("/")
        stem, suffix = PurePosixPath(name).stem, PurePosixPath(name).suffix
        hits = list(_TOKEN.finditer(stem))
        if hits:
            start, end = hits[-1].span(1)
            key = f"{folder}/" * bool(folder) + f"{stem[:start]}{BAND}{stem[end:]}{suffix}"
            found[key][stem[start:end]] = path
    return {key: row for key, row in found.items() if len(row) > 1}


def _of_bands(banded: Mapping[str, Mapping[str, str]]) -> Iterable[FileSet]:
    """Sets of scenes that have the same bands."""
    alike: dict[tuple[int, tuple[str, ...]], list[str]] = defaultdict(list)
    for key, row in banded.items():
        alike[key.count("/"), tuple(sorted(row, key=band_order))].append(key)
    for (_, bands), keys in sorted(alike.items()):
        tile = tile_pattern(list(keys))
        patterns = (tile,) if tile else id_patterns(keys)
        yield FileSet(patterns, bands, {key: banded[key] for key in keys}, _last_word(keys))


def band_order(token: str) -> tuple[float, str]:
    """Bands in the order of their numbers, ``B8A`` after ``B08``; words after numbers."""
    number = re.search(r"\d+", token)
    if number is None:
        return 100.0, token.lower()
    return int(number[0]) + 0.5 * token.lower().endswith("a"), token.lower()


def _of_singles(kinds: Mapping[str, Hashable]) -> Iterable[FileSet]:
    """Sets of files each of which holds all bands of a group."""
    folders: dict[tuple[str, str], list[str]] = defaultdict(list)
    for path in kinds:
        folders[str(PurePosixPath(path).parent), PurePosixPath(path).suffix.lower()].append(path)
    tile = tile_pattern(kinds)
    if tile is not None:
        yield _single([tile], list(kinds))
        return
    shared = _one_folder_per_scene(kinds)
    for name, paths in shared.items():
        yield _single(id_patterns(paths), paths, PurePosixPath(name).stem)
    taken = {path for paths in shared.values() for path in paths}
    for (folder, _), members in sorted(folders.items()):
        own = [path for path in members if path not in taken]
        webmap = tile_pattern(own)
        if webmap is not None:
            yield _single([webmap], own, PurePosixPath(folder).name)
            continue
        for name, paths in _parts(own, kinds).items():
            yield _single(id_patterns(paths), paths, name or PurePosixPath(folder).name)


def _single(patterns: Sequence[Pattern], paths: Sequence[str], name: str = "") -> FileSet:
    return FileSet(tuple(patterns), (), {path: {"": path} for path in sorted(paths)}, name)


def _one_folder_per_scene(kinds: Mapping[str, Hashable]) -> dict[str, list[str]]:
    """Files by name, where folders beside each other hold files of the same few names.

    Two folders of many names that are the same hold two kinds of files of many scenes instead.
    """
    by_name: dict[tuple[str, str], list[str]] = defaultdict(list)
    for path in kinds:
        folder = PurePosixPath(path).parent
        if folder != PurePosixPath():
            by_name[str(folder.parent), PurePosixPath(path).name].append(path)
    repeated = {key: row for key, row in by_name.items() if len(row) > 1}
    per_parent = Counter(parent for parent, _ in repeated)
    found: dict[str, list[str]] = {}
    for (parent, name), row in sorted(repeated.items()):
        alike = len({kinds[path] for path in row}) == 1
        several = per_parent[parent] <= min(MOST_PARTS, len(row))
        if alike and several and name not in found:
            found[name] = row
    return found


def _parts(paths: Sequence[str], kinds: Mapping[str, Hashable]) -> dict[str, list[str]]:
    """Files of one folder by the last or first word of their names, if it tells groups apart."""
    if len(paths) < 2:
        return {"": list(paths)} if paths else {}
    for cut in (_tail, _head):
        found: dict[str, list[str]] = defaultdict(list)
        stems: dict[str, set[str]] = defaultdict(set)
        for path in paths:
            word, rest = cut(PurePosixPath(path).stem)
            found[word].append(path)
            stems[word].add(rest)
        if _tells_groups(found, stems, kinds):
            return dict(sorted(found.items()))
    return {"": list(paths)}


def _tells_groups(
    found: Mapping[str, Sequence[str]],
    stems: Mapping[str, set[str]],
    kinds: Mapping[str, Hashable],
) -> bool:
    """Whether every word stands with most of the scenes, and with one kind of content."""
    if not 1 < len(found) <= MOST_PARTS or any(not word or word.isdigit() for word in found):
        return False
    every = set.union(*stems.values())
    held = [{kinds[path] for path in row} for row in found.values()]
    differ = len(set.union(*held)) > 1
    whole = all(2 * len(row) > len(every) for row in stems.values())
    return whole and (differ or len(every) > 1) and all(len(row) == 1 for row in held)


def _tail(stem: str) -> tuple[str, str]:
    """Last word of a name, and what stands before it; no word where there is but one."""
    rest, _, word = re.sub(r"[\-. ]", "_", stem).rpartition("_")
    return (word, rest) if rest.strip("_") else ("", stem)


def _head(stem: str) -> tuple[str, str]:
    """First word of a name, likewise."""
    word, _, rest = re.sub(r"[\-. ]", "_", stem).partition("_")
    return (word, rest) if rest.strip("_") else ("", stem)


def _last_word(keys: Sequence[str]) -> str:
    """What stands behind the band in names, as ``10m``; else nothing."""
    names = [(key.rpartition(BAND)[2], PurePosixPath(key).suffix) for key in keys]
    ends = {end.removesuffix(suffix).strip("_-. ") for end, suffix in names}
    return ends.pop() if len(ends) == 1 else ""


def joined_splits(sets: Sequence[FileSet], kinds: Mapping[str, Hashable]) -> tuple[FileSet, ...]:
    """Sets in which files of one kind are together that only lie in other folders.

    ``train`` and ``test``, or folders of regions, hold other scenes of the same bands: no pattern
    with one id fits both, but a table of scenes can list them.
    """
    found: list[FileSet] = []
    for one in sets:
        like = next((n for n, other in enumerate(found) if _is_split(other, one, kinds)), None)
        if like is None:
            found.append(one)
        else:
            other = found[like]
            paths = {**other.paths, **one.paths}
            found[like] = FileSet((), other.bands, paths, "")
    return tuple(sorted(found, key=lambda one: (-len(one.files), one.files)))


def _is_split(one: FileSet, other: FileSet, kinds: Mapping[str, Hashable]) -> bool:
    """Whether two sets hold the same bands of other scenes."""
    held = [{kinds[path] for path in row.files} for row in (one, other)]
    if one.bands != other.bands or held[0] != held[1] or len(held[0]) != 1:
        return False
    folders = [{frozenset(_folders(key)) for key in row.paths} for row in (one, other)]
    if all(any(folder & SPLIT_WORDS for folder in row) for row in folders):
        return folders[0] != folders[1]
    stems = [{PurePosixPath(key).name for key in row.paths} for row in (one, other)]
    known = [{name for pattern in row.candidates for name in pattern.ids} for row in (one, other)]
    return not (stems[0] & stems[1] or known[0] & known[1])


def _folders(key: str) -> list[str]:
    return [part.lower() for part in PurePosixPath(key).parent.parts]
