"""The contest's folder: images by band group, and the tables that speak of them."""

from __future__ import annotations

import glob
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.config.dataset import BandGroupRow, Dataset
from pipeline.errors import DatasetError, LabelError
from pipeline.files import is_safe_name
from pipeline.imagery import polygon_table
from pipeline.imagery.faults import Faults
from pipeline.imagery.role import Role
from pipeline.imagery.tables import read_rows

_ID = ("imageid", "")
_ID_RULE = "an id is made of letters, digits, '_', '-' and '.', starts with no '.', and is no path"


@dataclass(frozen=True)
class LabelRow:
    """One label, its text not yet looked at."""

    row: int
    text: str


@dataclass(frozen=True)
class ContestScene:
    """What the folder holds of one scene.

    Attributes:
        id: The scene's id.
        files: Path of each band group's file, the configured groups in order.
        x_max: Right edge in grid units.
        y_min: Lower edge in grid units, below zero.
        labels: Labels by class code; None without any.
        sampled: Whether the sample submission asks for it.
    """

    id: str
    files: Mapping[str, Path]
    x_max: float
    y_min: float
    labels: Mapping[int, LabelRow] | None
    sampled: bool

    @property
    def role(self) -> Role:
        """Train with labels (also if the sample asks for it), else test, else unused."""
        if self.labels is not None:
            return "train"
        return "test" if self.sampled else "unused"


def read_contest(dataset: Dataset) -> tuple[ContestScene, ...]:
    """All scenes of a folder, sorted by id; images are found, not opened.

    Raises:
        DatasetError: Naming all that is missing or doesn't fit together.
    """
    folder, faults = dataset.folder, Faults()
    files: dict[str, dict[str, Path]] = {}
    extents: dict[str, tuple[float, float]] = {}
    labels: dict[str, dict[int, LabelRow]] = {}
    sampled: frozenset[str] = frozenset()
    with faults.gather():
        files = find_images(folder, dataset.groups)
    with faults.gather():
        extents = read_extents(dataset.table(dataset.grid_sizes))
    with faults.gather():
        labels = read_labels(dataset.table(dataset.labels), dataset.codes)
    with faults.gather():
        sampled = frozenset(read_sampled(dataset.table(dataset.sample), dataset.codes))
    with faults.gather():
        if dataset.solution is not None:
            _check_solution(folder / dataset.solution)
    faults.report(DatasetError)
    scenes = []
    for name in sorted({*files, *labels, *sampled}):
        with faults.gather():
            found, sized = files.get(name, {}), extents.get(name)
            scenes.append(_scene(dataset, name, found, sized, labels.get(name), name in sampled))
    faults.report(DatasetError)
    return tuple(scenes)


def find_images(folder: Path, groups: Sequence[BandGroupRow]) -> dict[str, dict[str, Path]]:
    """Paths of images by scene and band group, whatever groups a scene has.

    A file that several groups' patterns fit belongs to the one that spells out the most.

    Raises:
        DatasetError: If there is no image, or a file's name can't be an id.
    """
    faults = Faults()
    paths: dict[Path, tuple[str, str]] = {}
    for group in sorted(groups, key=lambda group: -len(group.file)):
        before, after = group.file.split("{id}")
        for path in folder.glob(f"{glob.escape(before)}*{glob.escape(after)}"):
            relative = path.relative_to(folder).as_posix()
            name = relative[len(before) : len(relative) - len(after)]
            if name.startswith(".") or path in paths:
                continue  # what file managers leave, and what a closer pattern has claimed
            if not is_safe_name(name):
                faults.add(f"{path}: {name!r} can't be a scene's id; {_ID_RULE}; rename the file")
            paths[path] = (name, group.name)
    faults.report(DatasetError)
    if not paths:
        patterns = ", ".join(group.file for group in groups)
        raise DatasetError(
            f"{folder}: holds no image named as in dataset.groups ({patterns}); put the scenes "
            "there, or name their folder with DATA=..."
        )
    found: dict[str, dict[str, Path]] = {}
    for group in groups:
        for path, (name, owner) in sorted(paths.items()):
            if owner == group.name:
                found.setdefault(name, {})[group.name] = path
    return found


def read_extents(path: Path) -> dict[str, tuple[float, float]]:
    """(Xmax, Ymin) of every scene in the table of grid sizes.

    Raises:
        DatasetError: Naming the rows that can't be used.
    """
    faults, extents = Faults(), dict[str, tuple[float, float]]()
    for number, (name, *numbers) in read_rows(path, (_ID, ("xmax",), ("ymin",))):
        place = f"{path}, row {number}"
        x_max, y_min = map(_number, numbers)
        if name in extents:
            faults.add(f"{place}: {name[:40]!r} has a row already; remove one of them")
        elif not (0 < x_max < math.inf and -math.inf < y_min < 0):
            faults.add(
                f"{place}: Xmax is {numbers[0][:20]!r} and Ymin {numbers[1][:20]!r}; Xmax must be "
                "a number above zero and Ymin one below"
            )
        extents[name] = (x_max, y_min)
    faults.report(DatasetError)
    return extents


def read_labels(path: Path, codes: Sequence[int]) -> dict[str, dict[int, LabelRow]]:
    """Labels by scene and class code, their texts not yet looked at.

    Raises:
        LabelError: Naming the rows that can't be used.
        DatasetError: If the table can't be read.
    """
    faults, labels = Faults(), dict[str, dict[int, LabelRow]]()
    for row in polygon_table.read_rows(path, codes, DatasetError, faults):
        labels.setdefault(row.image, {})[row.code] = LabelRow(row.number, row.wkt)
    faults.report(LabelError)
    return labels


def read_sampled(path: Path, codes: Sequence[int]) -> tuple[str, ...]:
    """Ids that the sample submission asks for, in its order, each once.

    Its rows pass the check that `submission` makes, so that none fails after a training.

    Raises:
        DatasetError: Naming the rows that can't be used.
    """
    faults = Faults()
    rows = polygon_table.sample_rows(path, codes, DatasetError, faults)
    names = tuple(dict.fromkeys(row.image for row in rows))
    faults.report(DatasetError)
    return names


def _check_solution(path: Path) -> None:
    """Check that the solution can be opened; `score` reads its rows.

    Raises:
        DatasetError: If it is missing or is no table of polygons.
    """
    if not path.is_file():
        raise DatasetError(
            f"{path}: no such solution; put it there, or set dataset.solution to null to score the "
            "held-out scenes"
        )
    polygon_table.check_header(path, DatasetError)


def _scene(
    dataset: Dataset,
    name: str,
    files: Mapping[str, Path],
    extent: tuple[float, float] | None,
    labels: Mapping[int, LabelRow] | None,
    sampled: bool,
) -> ContestScene:
    """One scene, if what is used of it is complete."""
    folder = dataset.folder
    missing = [group.file.format(id=name) for group in dataset.groups if group.name not in files]
    if missing and (labels is not None or sampled):
        table = dataset.labels if labels is not None else dataset.sample
        raise DatasetError(
            "\n".join(
                f"{folder / file}: missing, though {table} names scene {name} and dataset.groups "
                "this file; put it there, or remove the group or the scene's rows"
                for file in missing
            )
        )
    if extent is None:
        raise DatasetError(
            f"{dataset.table(dataset.grid_sizes)}: has no row for scene {name}, whose image is "
            "there; add its Xmax and Ymin, or remove its images"
        )
    return ContestScene(name, files, *extent, labels, sampled)


def _number(text: str) -> float:
    """A number, or NaN for what is none."""
    try:
        return float(text)
    except ValueError:
        return math.nan
