"""Folds by place: a scene and its twin of another date always stay on one side.

Places are dealt out one by one, those of the rarest class first, each to the fold that so far has
the least of that class (the greedy stratification for multi-label data of Sechidis, Tsoumakas and
Vlahavas, 2011, with areas in place of counts). No random numbers: the same scenes give the same
folds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ArtifactError, ConfigError
from pipeline.files import read_json
from pipeline.imagery.mosaic import GridId

Areas = NDArray[np.int64]
_METRES_PER_DEGREE: Final = math.pi / 180 * 6_371_008.8
"""Along a meridian of a sphere with the Earth's mean radius."""


@dataclass(frozen=True)
class Fold:
    """Scenes that are held out together.

    Attributes:
        scenes: Ids of the scenes, sorted.
        areas: (K + 1,) pixels of each class, and last all valid pixels.
    """

    scenes: tuple[str, ...]
    areas: Areas

    def shares(self) -> NDArray[np.float64]:
        """(K,) share of each class in the valid area."""
        shares: NDArray[np.float64] = self.areas[:-1] / max(int(self.areas[-1]), 1)
        return shares


def place_of(scene: str, same_place: Sequence[tuple[str, str]] = ()) -> str:
    """Name of the ground that a scene shows.

    Args:
        scene: Id; of the form ``region_row_column`` it may share its place with others, an id of
            another form is a place of its own.
        same_place: Pairs of regions that show the same ground at another date.
    """
    place = GridId.of(scene)
    if place is None:
        return scene
    region = min(_linked(place.region, same_place))
    return f"{region}_{place.row}_{place.column}"


def ground_cell(longitude: float, latitude: float, side: float) -> str:
    """Name of the square of the ground that a point lies in.

    Rows of squares follow the parallels, and each row is divided along its own middle parallel, so
    that squares have the same size everywhere and scenes in different map projections share them.

    Args:
        longitude: Of the point, degrees.
        latitude: Of the point, degrees.
        side: Of the squares, metres.
    """
    row = math.floor(latitude * _METRES_PER_DEGREE / side)
    middle = min(abs((row + 0.5) * side / _METRES_PER_DEGREE), 90.0)
    across = longitude * _METRES_PER_DEGREE * math.cos(math.radians(middle))
    return f"cell {row} {math.floor(across / side)}"


def check_regions(scenes: Iterable[str], same_place: Sequence[tuple[str, str]]) -> None:
    """Check that regions listed as one place exist: a mistyped one would keep twins apart.

    Args:
        scenes: Ids of all scenes of the dataset, labelled or not.
        same_place: Pairs of regions that show the same ground at another date.

    Raises:
        ConfigError: If no scene is of a listed region.
    """
    known = {place.region for place in map(GridId.of, scenes) if place}
    unknown = sorted({name for pair in same_place for name in pair} - known)
    if unknown:
        raise ConfigError(
            f"augment.same_place: the dataset has no scene of region {', '.join(unknown)}; there "
            f"are {', '.join(sorted(known)) or 'no ids of the form region_row_column'}; correct "
            "the name, or remove the pair"
        )


def _linked(region: str, pairs: Sequence[tuple[str, str]]) -> set[str]:
    """All regions that are the same as ``region``, directly or through others."""
    linked = {region}
    while more := {name for pair in pairs if linked & set(pair) for name in pair} - linked:
        linked |= more
    return linked


def make_folds(
    areas: Mapping[str, Areas],
    count: int,
    same_place: Sequence[tuple[str, str]] = (),
    cells: Mapping[str, str] | None = None,
) -> tuple[Fold, ...]:
    """Deal out scenes to folds by place, classes balanced.

    Args:
        areas: Per labelled scene (K + 1,) pixels of each class, and last all valid pixels.
        count: Number of folds.
        same_place: Pairs of regions that show the same ground at another date.
        cells: Square of the ground that a scene's centre lies in, for scenes of which it is known:
            those in one square are one place, too.

    Raises:
        ConfigError: If there are fewer places than folds.
    """
    places = _places(areas, same_place, cells or {})
    if len(places) < count:
        smaller = "make augment.cell smaller, " if cells else ""
        raise ConfigError(
            f"augment.folds: {count} folds need {count} places, but the labelled scenes show only "
            f"{len(places)} ({', '.join(places) or 'none is labelled'}); set augment.folds to at "
            f"most {len(places)}, {smaller}or add labelled scenes"
        )
    totals = {place: np.sum([areas[s] for s in scenes], axis=0) for place, scenes in places.items()}
    dealt = _deal(totals, count)
    members = [sorted(s for place in row for s in places[place]) for row in dealt]
    return tuple(Fold(tuple(row), np.sum([areas[s] for s in row], axis=0)) for row in members)


def _places(
    areas: Mapping[str, Areas], same_place: Sequence[tuple[str, str]], cells: Mapping[str, str]
) -> dict[str, list[str]]:
    """Scenes of each place: those that share the ground of their ids, or a cell, or a third one."""
    joined: dict[str, str] = {}

    def first(name: str) -> str:
        """The name that stands for all that are joined with this one."""
        while (other := joined.setdefault(name, name)) != name:
            name = other
        return name

    for scene in areas:
        if scene in cells:
            one, two = sorted((first(place_of(scene, same_place)), first(cells[scene])))
            joined[two] = one
    places: dict[str, list[str]] = {}
    for scene in sorted(areas):
        places.setdefault(first(place_of(scene, same_place)), []).append(scene)
    return places


def _deal(totals: Mapping[str, Areas], count: int) -> list[list[str]]:
    """Places of each fold. An empty fold has the least of everything, so none stays empty."""
    table = np.array(list(totals.values()))
    waiting = dict(totals)
    folds: list[list[str]] = [[] for _ in range(count)]
    held = np.zeros((count, table.shape[1]), np.int64)
    present = (table > 0).sum(axis=0)
    # Rarest first: seen at the fewest places, then of the smallest area; valid pixels come last.
    for column in (*np.lexsort((table.sum(axis=0)[:-1], present[:-1])), -1):
        own = [place for place, row in waiting.items() if row[column] > 0 or column == -1]
        for place in sorted(own, key=lambda name: (-totals[name][column], name)):
            fold = min(range(count), key=lambda f: (held[f, column], held[f, -1], len(folds[f]), f))
            folds[fold].append(place)
            held[fold] += waiting.pop(place)
    return folds


def folds_record(folds: Sequence[Fold], codes: Sequence[int]) -> dict[str, Any]:
    """What ``folds.json`` holds: the scenes of each fold, and its share of each class code."""
    return {
        "folds": {str(index): list(fold.scenes) for index, fold in enumerate(folds)},
        "shares": {
            str(index): {
                str(code): round(float(share), 6)
                for code, share in zip(codes, fold.shares(), strict=True)
            }
            for index, fold in enumerate(folds)
        },
    }


def read_folds(path: Path) -> tuple[tuple[str, ...], ...]:
    """Scene ids of each fold, in order, from a ``folds.json``.

    Raises:
        ArtifactError: If the file is not what :func:`folds_record` wrote.
    """
    record = read_json(path)
    try:
        folds = record["folds"]
        return tuple(tuple(str(s) for s in folds[str(index)]) for index in range(len(folds)))
    except (KeyError, TypeError) as error:
        raise ArtifactError(f"{path}: not a list of folds ({error}); run `augment`") from error
