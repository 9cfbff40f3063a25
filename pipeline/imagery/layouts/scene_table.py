"""Scenes that a table lists, for files whose names follow no pattern."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Final, cast, get_args

from pipeline.config.dataset import BandGroupRow, Dataset
from pipeline.errors import DatasetError
from pipeline.imagery.faults import Faults
from pipeline.imagery.layouts.claims import id_fault
from pipeline.imagery.layouts.found_scene import FoundScene
from pipeline.imagery.layouts.groups import group_files, patterns_of
from pipeline.imagery.rasters.group_files import GroupFiles
from pipeline.imagery.role import Role
from pipeline.imagery.tables import check_header, read_rows

_ROLES: Final = get_args(Role)


def listed_scenes(dataset: Dataset, table: Path, absences: Faults) -> tuple[FoundScene, ...]:
    """Scenes of a table, in its order.

    Args:
        dataset: The configuration.
        table: Column ``id``, one per group, and if wanted ``labels`` and ``role``.
        absences: Takes messages of files that are not there; scenes that are ``unused`` need none.

    Raises:
        DatasetError: Naming the rows that can't be used.
    """
    further = [name for name in ("labels", "role") if has_column(table, name)]
    columns = ["id", *(group.name.lower() for group in dataset.groups), *further]
    faults, scenes = Faults(), dict[str, FoundScene]()
    for number, row in read_rows(table, [(name,) for name in columns]):
        place, cells = (
            f"{table}, row {number}",
            dict(zip(columns, map(str.strip, row), strict=True)),
        )
        name = cells["id"]
        fault = id_fault(name)
        if fault is not None:
            faults.add(f"{place}: {fault}")
        elif name in scenes:
            faults.add(f"{place}: scene {name} has a row already; remove one of them")
        else:
            with faults.gather():
                scenes[name] = _scene(dataset, place, cells, absences)
    faults.report(DatasetError)
    if not scenes:
        raise DatasetError(f"{table}: lists no scene; give each a row")
    return tuple(scenes.values())


def has_column(table: Path, name: str) -> bool:
    """Whether a table can be read and has a column."""
    try:
        check_header(table, ((name,),))
    except DatasetError:
        return False
    return True


def _scene(dataset: Dataset, place: str, cells: Mapping[str, str], absences: Faults) -> FoundScene:
    """The scene of one row."""
    name, role = cells["id"], cells.get("role", "").lower() or None
    if role is not None and role not in _ROLES:
        raise DatasetError(
            f"{place}: role is {role[:40]!r}; it must be one of {', '.join(_ROLES)}, or empty"
        )
    needed = absences if role != "unused" else Faults()
    files = {}
    for group in dataset.groups:
        found = _files(dataset.folder, group, place, cells[group.name.lower()], needed)
        if found is not None:
            files[group.name] = found
    labels = None
    if cells.get("labels"):
        labels = _inside(dataset.folder, place, cells["labels"])
        if not labels.is_file():
            needed.add(f"{place}: {labels}: no such file of labels; put it there, or correct it")
            labels = None
    absent = tuple(group.name for group in dataset.groups if group.name not in files)
    return FoundScene(name, files, labels, None, cast("Role | None", role), absent)


def _files(
    folder: Path, group: BandGroupRow, place: str, file: str, absences: Faults
) -> GroupFiles | None:
    """Files of one group, if all are there."""
    if not file:
        absences.add(
            f"{place}: names no file of group {group.name}; add it, or make the role unused"
        )
        return None
    patterns = patterns_of(group, file)
    paths = [_inside(folder, place, pattern) for pattern in patterns]
    lost = [path for path in paths if not path.is_file()]
    for path in lost:
        absences.add(f"{place}: {path}: no such file; put it there, or correct the row")
    apart = patterns != (file,)
    return None if lost else group_files(folder, group, paths, apart, None)


def _inside(folder: Path, place: str, file: str) -> Path:
    """A path of the table in the dataset's folder.

    Raises:
        DatasetError: If it leads out of it.
    """
    path = PurePosixPath(file)
    if path.is_absolute() or ".." in path.parts or "\0" in file:
        raise DatasetError(
            f"{place}: {file[:120]!r} must be a path in the dataset's folder, without '..'; put "
            "the file there, or a link to it"
        )
    return folder / path
