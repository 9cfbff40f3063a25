"""The images of a folder: band groups, their files, and where the scenes lie."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from pipeline.errors import ImageryError
from pipeline.imagery.rasters.description import FileDescription
from pipeline.imagery.rasters.group_files import WebTile
from pipeline.imagery.rasters.web_tiles import tile_transform
from pipeline.proposal.file_sets import FileSet
from pipeline.proposal.folder_files import plain_id
from pipeline.proposal.group_guesses import group_of
from pipeline.proposal.guesses import GroupGuess, ImagesFound, SceneGuess
from pipeline.proposal.looking import Seen, metres_of
from pipeline.proposal.patterns import Pattern

ALIKE: Final = 1.2
"""Pixels whose sizes differ by less are of one size."""


def images_of(
    folder: Path,
    seen: Seen,
    sets: Sequence[FileSet],
    patterns: Mapping[int, Pattern | None],
    strange: Sequence[str] = (),
) -> ImagesFound:
    """Band groups and scenes of a folder.

    Args:
        folder: The dataset's folder.
        seen: What was seen of its files.
        sets: Sets of image files.
        patterns: Pattern of each set's names by its place; None where they follow none.
        strange: Images that are of no group.
    """
    groups: list[GroupGuess] = []
    odd = [f"{path}: is of no scene, or no image of the ground" for path in strange]
    mixed: list[str] = []
    known: set[str] = set()
    for place, one in sorted(enumerate(sets), key=lambda row: _size(seen, row[1])):
        scenes = scenes_of(one, patterns[place])
        usual = Counter(_kind(seen, row) for row in scenes.values()).most_common(1)[0][0]
        for name in [name for name, row in scenes.items() if _kind(seen, row) != usual]:
            path = next(iter(scenes[name].values()))
            count, dtype = _kind(seen, scenes.pop(name)) or (0, "")
            mixed.append(path)
            odd.append(f"{path}: {count} bands of {dtype}, unlike the others")
        parts = _by_size(seen, one, scenes, known)
        for bands in parts:
            paths = {name: tuple(row[b] for b in bands) for name, row in scenes.items()}
            pattern = patterns[place]
            groups.append(
                group_of(
                    folder,
                    None if pattern is None else pattern.text,
                    bands,
                    paths,
                    seen.files,
                    _name(_title(seen, one, scenes, bands, len(sets), len(parts)), groups),
                )
            )
            known |= set(bands)
    groups.sort(key=lambda group: group.metres)
    for group in [one for one in groups if not set(one.paths) & set(groups[0].paths)]:
        path = next(iter(group.paths.values()))[0]
        odd.append(f"{path}: is of no scene of group {groups[0].name}, nor are others of its kind")
        groups.remove(group)
    ids = set.intersection(*(set(group.paths) for group in groups)) if groups else set()
    tile = any("{z}" in (group.file or "") for group in groups)
    scenes_found = {
        name: _scene(seen, groups[0].paths[name][0], name if tile else None) for name in sorted(ids)
    }
    return ImagesFound(
        groups=tuple(groups),
        scenes=scenes_found,
        tiles=tile,
        odd=(*odd, *seen.broken.values()),
        bad=_bad(list(patterns.values()), [*mixed, *seen.broken]),
        metres_known=bool(groups) and not groups[0].metres_reason.startswith("GUESS"),
    )


def keys_of(one: FileSet, pattern: Pattern | None) -> dict[str, str]:
    """Keys of a set's files by scene's id; without a pattern an id is made of the path."""
    if pattern is not None:
        return dict(pattern.files)
    found: dict[str, str] = {}
    for key in sorted(one.paths):
        name = plain_id(key)
        while name in found:
            name += "x"
        found[name] = key
    return found


def scenes_of(one: FileSet, pattern: Pattern | None) -> dict[str, dict[str, str]]:
    """Files by scene's id and band."""
    return {name: dict(one.paths[key]) for name, key in keys_of(one, pattern).items()}


def _bad(patterns: Sequence[Pattern | None], paths: Sequence[str]) -> tuple[str, ...]:
    """Files that a pattern takes for a scene's though they can't be used."""
    known = [pattern for pattern in patterns if pattern is not None]
    return tuple(path for path in paths if any(one.fits(path) for one in known))


def _kind(seen: Seen, row: Mapping[str, str]) -> tuple[int, str] | None:
    """Number and type of the bands of a scene's files; None where they were not looked at."""
    files = [seen.files[path] for path in row.values() if path in seen.files]
    return (sum(file.count for file in files), files[0].dtype) if len(files) == len(row) else None


def _size(seen: Seen, one: FileSet) -> tuple[float, int]:
    """Sets of fine pixels and of many files come first."""
    path = next((path for path in one.files if path in seen.files), None)
    metres = metres_of(seen.files[path]) if path else None
    return metres or 0.0, -len(one.files)


def _by_size(
    seen: Seen, one: FileSet, scenes: Mapping[str, Mapping[str, str]], known: set[str]
) -> list[tuple[str, ...]]:
    """Bands with files of their own by the size of their pixels, without those of finer files."""
    if not one.bands:
        return [("",)]
    if not scenes:
        return []
    first = next(iter(scenes.values()))
    wide = {band: _width(seen.files.get(first[band])) for band in one.bands if band not in known}
    groups: list[list[str]] = []
    for band, width in wide.items():
        for row in groups:
            if max(wide[row[0]], width) < ALIKE * min(wide[row[0]], width):
                row.append(band)
                break
        else:
            groups.append([band])
    return [tuple(row) for row in sorted(groups, key=lambda row: -wide[row[0]])]


def _width(file: FileDescription | None) -> float:
    return 1.0 if file is None else float(file.shape[1])


def _title(
    seen: Seen,
    one: FileSet,
    scenes: Mapping[str, Mapping[str, str]],
    bands: Sequence[str],
    sets: int,
    parts: int,
) -> str:
    """What tells a group's files apart: the size of their pixels, or a word of their names."""
    file = seen.files.get(next(iter(scenes.values()))[bands[0]])
    metres = metres_of(file) if file is not None else None
    if parts > 1 and metres is not None:
        return f"m{metres:.0f}" if metres >= 1 else f"cm{100 * metres:.0f}"
    return one.name if sets > 1 else ""


def _name(title: str, groups: Sequence[GroupGuess]) -> str:
    """A name that a group may have and no other has."""
    text = re.sub(r"[^A-Za-z0-9]+", "_", title).strip("_")
    name = text if re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", text) else f"g{text}" if text else "image"
    name, taken = name[:28], {group.name for group in groups}
    number = 2
    while name in taken:
        name, number = f"{name.rstrip('0123456789_')}_{number}", number + 1
    return name


def _scene(seen: Seen, path: str, tile: str | None) -> SceneGuess:
    """Where a scene lies, by its file or, for a tile of a web map, by its id."""
    file = seen.files.get(path)
    if file is None:
        return SceneGuess((0, 0), None, None)
    if tile is not None and file.to_map is None:
        z, x, y = map(int, tile.split("_"))
        to_map, crs = tile_transform(WebTile(z, x, y), file.shape)
        return SceneGuess(file.shape, to_map, crs)
    return SceneGuess(file.shape, file.to_map, file.crs)


def no_images(folder: Path, seen: Seen) -> ImageryError:
    """What to tell where no image can be used."""
    shown = "; ".join(f"{path}: {why}" for path, why in list(seen.broken.items())[:3])
    return ImageryError(
        f"{folder}: holds no image that can be read{f' ({shown})' if shown else ''}; put GeoTIFF, "
        "PNG, JPEG, JPEG 2000 or VRT files there"
    )
