"""Which of a folder's rasters are images and which are masks, and how their names go together."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from numpy.typing import NDArray

from pipeline.proposal.file_sets import FileSet, file_sets, joined_splits
from pipeline.proposal.folder_files import LABEL_WORDS, is_aside, plain_id, words_of
from pipeline.proposal.images import keys_of
from pipeline.proposal.looking import Seen, chosen, sample
from pipeline.proposal.mask_kinds import is_mask
from pipeline.proposal.patterns import Pattern, agreeing, is_told_apart, tile_pattern

_TRIED: Final = 5
"""Files of a set that are opened to see whether they are masks."""
_FEW: Final = 32
"""Images have more different values than that."""


@dataclass(frozen=True)
class NamedSets:
    """Sets of images with patterns, and the masks that go with them.

    Attributes:
        images: Sets of image files.
        patterns: Pattern of each set's names by its place; None where they follow none.
        masks: Mask by scene's id.
        mask_pattern: Pattern of the masks' names; None where there is but one, or a table.
        strange: Rasters that are of no group.
    """

    images: tuple[FileSet, ...]
    patterns: Mapping[int, Pattern | None]
    masks: Mapping[str, str]
    mask_pattern: str | None
    strange: tuple[str, ...] = ()


def named_sets(folder: Path, seen: Seen) -> NamedSets:
    """Tell images from masks, and find patterns whose ids agree."""
    kinds: dict[str, Hashable] = {path: (f.count, f.dtype) for path, f in seen.files.items()}
    spoken = _spoken(folder, seen)
    aside = [path for path in kinds if is_aside(path) and path not in spoken]
    if len(aside) + len(spoken) == len(kinds):
        aside = []
    left = {path: kind for path, kind in kinds.items() if path not in spoken | set(aside)}
    images = joined_splits(file_sets(left), kinds)
    masks = _mask_sets(spoken, kinds)
    if not masks:
        images, masks = _by_content(folder, seen, images)
    images, strange = _of_the_same_scenes(images)
    patterns, mask_pattern = _patterns(images, masks, list(kinds))
    found = _masks(images, patterns, masks, mask_pattern)
    shown = None
    if (
        mask_pattern is not None
        and all(patterns.values())
        and set(found) <= set(mask_pattern.files)
    ):
        shown = mask_pattern.text
    return NamedSets(images, patterns, found, shown, (*aside, *strange))


def _spoken(folder: Path, seen: Seen) -> set[str]:
    """Files whose names speak of labels, and which hold what masks hold."""
    words = {path: set(words_of(path)) for path in seen.files}
    common = set.intersection(*words.values()) if words else set()
    told = {path for path, own in words.items() if _speaks(path, common & own)}
    if len(told) == len(words):
        return set()
    held = {
        path: sample(folder, [[path]], seen.files[path].count)
        for path in chosen(sorted(told), 3 * _TRIED)
    }
    wrong = [
        path
        for path, rows in held.items()
        if rows and not is_mask([seen.files[path]], [r.pixels for r in rows])
    ]
    return set() if len(wrong) > len(held) / 2 else told


def _speaks(path: str, common: set[str]) -> bool:
    words = [word for word in words_of(path) if word not in common]
    pairs = {one + two for one, two in pairwise(words)}
    return bool(LABEL_WORDS & {*words, *pairs})


def _mask_sets(paths: set[str], kinds: Mapping[str, Hashable]) -> tuple[FileSet, ...]:
    """Masks as one file per scene, those of the largest set first."""
    return tuple(
        one for one in file_sets({path: kinds[path] for path in sorted(paths)}) if not one.bands
    )


def _by_content(
    folder: Path, seen: Seen, sets: Sequence[FileSet]
) -> tuple[tuple[FileSet, ...], tuple[FileSet, ...]]:
    """Sets of images, and the set of masks if what one holds says that it is one."""
    if len(sets) < 2:
        return tuple(sets), ()
    for place, one in enumerate(sets):
        others = [row for number, row in enumerate(sets) if number != place]
        if not one.bands and _could_be_masks(folder, seen, one) and _as_large(seen, one, others):
            return tuple(others), (one,)
    return tuple(sets), ()


def _could_be_masks(folder: Path, seen: Seen, one: FileSet) -> bool:
    paths = chosen(one.files, _TRIED)
    held = sample(folder, [[path] for path in paths], seen.files[paths[0]].count)
    pixels = [row.pixels for row in held]
    return bool(pixels) and is_mask([seen.files[path] for path in paths], pixels) and _few(pixels)


def _few(pixels: Sequence[NDArray[Any]]) -> bool:
    return all(len({*band.tolist()}) <= _FEW for one in pixels for band in one)


def _as_large(seen: Seen, one: FileSet, others: Sequence[FileSet]) -> bool:
    """Whether an image of the same size lies in one of the other sets for each file."""
    shapes = {seen.files[path].shape for row in others for path in row.files if path in seen.files}
    return all(
        seen.files[path].shape in shapes for path in chosen(one.files, _TRIED) if path in seen.files
    )


def _of_the_same_scenes(sets: Sequence[FileSet]) -> tuple[tuple[FileSet, ...], tuple[str, ...]]:
    """Sets of the scenes that the largest one shows, and files of the others."""
    kept, strange = list(sets[:1]), list[str]()
    for one in sets[1:]:
        if 2 * _shared(sets[0], one) >= len(sets[0].paths):
            kept.append(one)
        else:
            strange += one.files
    return tuple(kept), tuple(strange)


def _shared(one: FileSet, other: FileSet) -> int:
    """Most ids that two sets can have in common."""
    pairs = [len(a.ids & b.ids) for a in one.candidates for b in other.candidates]
    plain = {plain_id(key) for key in one.paths} & {plain_id(key) for key in other.paths}
    return max([*pairs, len(plain)])


def _patterns(
    images: Sequence[FileSet], masks: Sequence[FileSet], paths: Sequence[str]
) -> tuple[dict[int, Pattern | None], Pattern | None]:
    """Patterns whose ids agree; None for all where they can't."""
    sets = [*images, *masks[:1]]
    candidates = [list(one.candidates) for one in sets]
    if masks and images and "{z}" in (candidates[0][0].text if candidates[0] else ""):
        tile = tile_pattern(masks[0].files)
        candidates[-1] = [tile] if tile else candidates[-1]
    nothing: dict[int, Pattern | None] = dict.fromkeys(range(len(images)))
    if not all(candidates[: len(images)]) or not images:
        return nothing, (candidates[-1][0] if masks and candidates[-1] else None)
    usable = [row for row in candidates if row]
    own = {path for one in sets for path in one.files}
    found = agreeing(usable, [path for path in paths if path not in own])
    if len(images) > 1 and not set.intersection(*(set(row.ids) for row in found[: len(images)])):
        return nothing, None
    named = [one for one, row in zip(sets, candidates, strict=True) if row]
    apart = [(pattern, one.bands) for pattern, one in zip(found, named, strict=True)]
    if not is_told_apart(apart, paths) and len(paths) > len(own):
        return nothing, None
    mask = found[-1] if masks and candidates[-1] else None
    return dict(enumerate(found[: len(images)])), mask


def _masks(
    images: Sequence[FileSet],
    patterns: Mapping[int, Pattern | None],
    masks: Sequence[FileSet],
    pattern: Pattern | None,
) -> dict[str, str]:
    """Mask of each scene: by its id, or the only one of the only scene, or by its name."""
    if not masks or not images:
        return {}
    scenes = keys_of(images[0], patterns[0])
    files = dict(pattern.files) if pattern is not None else {}
    shared = {name: files[name] for name in scenes if name in files}
    if shared:
        return shared
    every = [path for one in masks for path in one.files]
    if len(scenes) == len(every) == 1:
        return {next(iter(scenes)): every[0]}
    plain = {plain_id(path): path for path in every}
    keys = {name: plain_id(key) for name, key in scenes.items()}
    return {name: plain[key] for name, key in keys.items() if key in plain}
