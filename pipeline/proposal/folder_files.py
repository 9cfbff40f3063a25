"""The files of a folder, by what their names say they are."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import Final

from pipeline.errors import DatasetError
from pipeline.imagery.rasters.formats import SUFFIXES

VECTORS: Final = (".gpkg", ".geojson", ".json", ".shp", ".parquet", ".geoparquet", ".csv")
"""Endings of the names of files that may hold polygons."""
MOST: Final = 200_000
"""Files that are looked at."""
_TEXT: Final = """
annotation annotations anno class classes groundtruth gt gts label labels labelled landcover lc lulc
mask masks msk ref reference seg segmentation target targets truth truths
"""
LABEL_WORDS: Final = frozenset(_TEXT.split())
"""Words of names that speak of labels."""
IMAGE_WORDS: Final = frozenset(
    (
        *("chip", "chips", "image", "images", "img", "imgs", "pic", "picture", "pictures"),
        *("raster", "rasters", "sat", "satellite", "scene", "scenes", "tile", "tiles"),
    )
)
"""Words of names that say no more than that there is an image."""
SPLIT_WORDS: Final = frozenset(("train", "training", "val", "valid", "validation", "test"))
"""Folders that part one dataset."""
_ASIDE: Final = re.compile(
    r"(?i)(^|[_\-. ])(tci|scl|aot|wvp|cldprb|snwprb|qi|preview|thumb|thumbnail|browse|overview|"
    r"quicklook|pvi|msk\w*|qa_\w+|st_\w+)([_\-. ]|$)"
)
_RESOLUTION: Final = re.compile(r"R?\d{1,3}c?m", re.IGNORECASE)
"""Words as ``10m`` and ``R20m``, by which files of one scene differ."""
_CUT: Final = re.compile(
    r"[^A-Za-z0-9]+|(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])"
)


@dataclass(frozen=True)
class FolderFiles:
    """What lies in a folder, as paths relative to it with ``/``, sorted.

    Attributes:
        rasters: Images and masks.
        vectors: Files that may hold polygons.
        others: Number of files that are neither.
    """

    rasters: tuple[str, ...]
    vectors: tuple[str, ...]
    others: int = 0


def list_files(folder: Path) -> FolderFiles:
    """Files of a folder and its sub-folders; hidden ones and links to elsewhere are left out.

    Raises:
        DatasetError: If it is no folder, or holds too many files.
    """
    if not folder.is_dir():
        raise DatasetError(f"{folder}: no such folder; name the one that holds images and labels")
    root, rasters, vectors, others = folder.resolve(), list[str](), list[str](), 0
    for path in _walk(folder):
        suffix = path.suffix.lower()
        if path.is_symlink() and not path.resolve().is_relative_to(root):
            others += 1
        elif suffix in SUFFIXES:
            rasters.append(path.relative_to(folder).as_posix())
        elif suffix in VECTORS:
            vectors.append(path.relative_to(folder).as_posix())
        else:
            others += 1
        if len(rasters) + len(vectors) + others > MOST:
            raise DatasetError(
                f"{folder}: holds more than {MOST} files; name the folder of one dataset"
            )
    return FolderFiles(tuple(sorted(rasters)), tuple(sorted(vectors)), others)


def _walk(folder: Path) -> Iterable[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(place) / name for name in names if not name.startswith("."))


def words_of(path: str) -> list[str]:
    """Words of a path without its ending, in lower case: folders first, the name's words last."""
    parts = [*PurePosixPath(path).parent.parts, PurePosixPath(path).stem]
    return [word.lower() for part in parts for word in _CUT.split(part) if word]


def speaks_of_labels(path: str) -> bool:
    """Whether a word of a path says that it holds labels: ``masks/1.png``, ``1_gt.tif``."""
    words = words_of(path)
    pairs = {one + two for one, two in pairwise(words)}
    return bool(LABEL_WORDS & {*words, *pairs})


def is_aside(path: str) -> bool:
    """Whether a name says that a file is a picture for people, or an extra of a product."""
    return _ASIDE.search(PurePosixPath(path).stem) is not None


def plain_id(key: str) -> str:
    """A scene's id from the path of its file, the same for its image, its mask and other groups.

    Args:
        key: Path, with ``{band}`` where each band has a file of its own.
    """
    parts: list[str] = []
    for part in key.rsplit(".", 1)[0].replace("{band}", "").split("/"):
        words = [word for word in re.split(r"[^A-Za-z0-9]+", part) if word]
        kept = [
            word
            for word in words
            if word.lower() not in IMAGE_WORDS | LABEL_WORDS and not _RESOLUTION.fullmatch(word)
        ]
        text = "_".join(kept)
        if text and (not parts or parts[-1] != text):
            parts.append(text)
    return "_".join(parts)[-90:].strip("_") or "scene"


def all_words(folder: Path, paths: Sequence[str]) -> list[str]:
    """Words of a folder's own name and of files' names, each once."""
    own = words_of(f"{folder.resolve().name}/x")[:-1]
    return list(dict.fromkeys([*own, *(word for path in paths for word in words_of(path))]))
