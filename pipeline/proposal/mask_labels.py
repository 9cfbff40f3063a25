"""Masks of a folder: how they tell classes, and which ground each class has."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ImageryError
from pipeline.imagery.annotations.mask_names import names_of
from pipeline.imagery.rasters.description import FileDescription
from pipeline.imagery.rasters.group_files import GroupFiles
from pipeline.imagery.rasters.raster import open_raster
from pipeline.progress import track
from pipeline.proposal.class_guesses import Counted, class_guesses
from pipeline.proposal.guesses import LabelsFound
from pipeline.proposal.looking import chosen
from pipeline.proposal.mask_kinds import Code, code_of, packed
from pipeline.proposal.places import Part, Places

LOOKED_AT: Final = 300
"""Parts of scenes whose masks are read."""
_IGNORED: Final = 255
_HIGHEST: Final = 100
"""255 beside classes that are all below this usually marks ground that nobody labelled."""


@dataclass(frozen=True)
class MaskPixels:
    """Pixels of masks by what they hold.

    Attributes:
        code: How a pixel tells its class.
        counts: Per part the number of pixels by value: a number, a colour, or a band's number.
        totals: Pixels of each part.
        looked_at: Whether all parts were read.
    """

    code: Code
    counts: tuple[tuple[Part, Mapping[int | str, int]], ...]
    totals: Mapping[str, int]
    looked_at: bool


def count_masks(
    folder: Path, masks: Mapping[str, str], files: Mapping[str, FileDescription], places: Places
) -> MaskPixels | None:
    """Count the pixels of masks by value; None where none can be read.

    Args:
        folder: The dataset's folder.
        masks: Mask of each labelled scene.
        files: What they say of themselves.
        places: How labelled ground is divided.
    """
    parts = [part for part in places.parts if part.scene in masks]
    wanted = chosen(parts, LOOKED_AT)
    code: Code | None = None
    found: list[tuple[Part, Mapping[int | str, int]]] = []
    for part in track(wanted, "init: looking at masks"):
        path = masks[part.scene]
        try:
            pixels = _read(folder, path, files[path].count, part)
        except (ImageryError, KeyError):
            continue
        if code is None or (code == "index" and len(pixels) > 1):
            code = code_of(files[path], pixels)
        found.append((part, _count(pixels, code)))
    if code is None:
        return None
    totals: dict[str, int] = defaultdict(int)
    for part, _ in found:
        totals[part.place] += part.shape[0] * part.shape[1]
    return MaskPixels(code, tuple(found), dict(totals), len(wanted) == len(parts))


def _read(folder: Path, path: str, bands: int, part: Part) -> NDArray[Any]:
    """(C, n) pixels of a part of a mask."""
    with open_raster(GroupFiles(folder, (folder / path,), bands)) as raster:
        (top, left), (height, width) = (part.top, part.left), part.shape
        pixels, valid = raster.read(slice(top, top + height), slice(left, left + width))
    flat = pixels.reshape(len(pixels), -1)
    return flat if valid is None else flat[:, valid.ravel()]


def _count(pixels: NDArray[Any], code: Code) -> dict[int | str, int]:
    """Pixels by value."""
    if code == "bands":
        return {place + 1: int(np.count_nonzero(band)) for place, band in enumerate(pixels)}
    values, numbers = np.unique(
        pixels[0] if code == "index" else packed(pixels), return_counts=True
    )
    if code == "index":
        return dict(zip(values.tolist(), numbers.tolist(), strict=True))
    return {f"#{v:06x}": n for v, n in zip(values.tolist(), numbers.tolist(), strict=True)}


def mask_labels(
    folder: Path,
    pattern: str | None,
    pixels: MaskPixels,
    masks: Mapping[str, str],
    file: FileDescription,
    words: Sequence[str],
) -> LabelsFound:
    """What masks say, ready to be written down.

    Args:
        folder: The dataset's folder.
        pattern: Pattern of their names; None where they follow none.
        pixels: What they hold.
        masks: Mask of each labelled scene.
        file: What one of them says of itself.
        words: Words of names, which may tell what a single class is.
    """
    every: Counter[int | str] = Counter()
    for _, counts in pixels.counts:
        every.update(counts)
    background, ignore, questions, reasons = _roles(pixels.code, every)
    values = [value for value in every if value not in (*background, *ignore) and every[value] > 0]
    counted = [Counted(value, *_spread_of(pixels, value)) for value in values]
    total = sum(pixels.totals.values()) - sum(every[value] for value in ignore)
    palette = dict(file.palette or {})
    told = names_of(folder / next(iter(masks.values())))
    classes = class_guesses(counted, total, palette, words, pixels.code, told)
    rare = [one.value for one in classes if one.rare]
    settings: dict[str, object] = {
        "file": pattern or _stand_in(masks),
        "code": pixels.code,
    }
    settings["values"] = {one.value: one.code for one in classes if not one.rare}
    if rare or list(background) not in ([], [0], ["#000000"]):
        settings["background"] = [*background, *rare]
    if ignore:
        settings["ignore"] = list(ignore)
    if not pixels.looked_at:
        settings["other"] = "background"
        reasons["other"] = f"only {len(pixels.counts)} masks were looked at; others may hold more"
    comments = [f"{len(masks)} masks: {_told(file, pixels.code)}"]
    if any(one.name.startswith(("class ", "band ")) or "(#" in one.name for one in classes):
        questions.append(
            "dataset.classes: the masks don't say what their values mean; name the classes"
        )
    return LabelsFound(
        kind="mask",
        settings=settings,
        classes=classes,
        labelled=tuple(masks),
        comments=tuple(comments),
        questions=tuple(questions),
        paths=masks,
        reasons=reasons,
    )


def _stand_in(masks: Mapping[str, str]) -> str:
    """The only mask, or what stands for masks that a table of scenes names."""
    first = next(iter(masks.values()))
    return first if len(masks) == 1 else f"{{id}}{PurePosixPath(first).suffix}"


def _roles(
    code: Code, every: Mapping[int | str, int]
) -> tuple[tuple[int | str, ...], tuple[int | str, ...], list[str], dict[str, str]]:
    """Values of no class and of unknown ground, what is to be asked, and reasons."""
    questions: list[str] = []
    reasons: dict[str, str] = {}
    if code == "bands":
        return (), (), questions, reasons
    black: int | str = 0 if code == "index" else "#000000"
    background = (black,) if black in every and len(every) > 1 else ()
    ignore: tuple[int | str, ...] = ()
    numbers = [value for value in every if isinstance(value, int) and value != 0]
    if (
        _IGNORED in every
        and len(numbers) > 1
        and max(n for n in numbers if n != _IGNORED) < _HIGHEST
    ):
        ignore = (_IGNORED,)
        reasons["ignore"] = (
            "GUESS: 255 beside small numbers usually marks ground that nobody labelled"
        )
        questions.append("dataset.labels.ignore: is 255 ground that nobody labelled, or a class?")
    if background:
        reasons["values"] = f"GUESS: {black} is ground of no class"
    return background, ignore, questions, reasons


def _spread_of(pixels: MaskPixels, value: int | str) -> tuple[int, int]:
    """Pixels of a value, and number of places that have it."""
    seen = [(part.place, counts.get(value, 0)) for part, counts in pixels.counts]
    return sum(number for _, number in seen), len({place for place, number in seen if number})


def _told(file: FileDescription, code: Code) -> str:
    how = {
        "index": "a number per class",
        "bands": "a band per class",
        "colours": "a colour per class",
    }
    return f"{file.driver}, {file.count} band{'s' * (file.count > 1)} of {file.dtype}, {how[code]}"
