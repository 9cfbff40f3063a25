"""The configured groups as patterns of single files."""

from __future__ import annotations

from collections.abc import Container, Sequence
from pathlib import Path
from typing import Final

from pipeline.config.dataset import BandGroupRow
from pipeline.imagery.layouts.patterns import filled
from pipeline.imagery.rasters.group_files import GroupFiles, WebTile

_BAND: Final = "{band}"


def patterns_of(group: BandGroupRow, file: str | None = None) -> tuple[str, ...]:
    """Patterns of a group's files: one, or one per band where each has a file of its own.

    Args:
        group: The group.
        file: Its path, if not the configured one.
    """
    file = group.file if file is None else file
    if _BAND not in file or group.select is None:
        return (file,)
    return tuple(file.replace(_BAND, str(entry)) for entry in group.select)


def group_files(
    folder: Path, group: BandGroupRow, paths: Sequence[Path], apart: bool, tile: WebTile | None
) -> GroupFiles:
    """Files of a group of one scene.

    Args:
        folder: The dataset's folder.
        group: The group.
        paths: One file, or one per band.
        apart: Whether ``select`` has named files, and thus names no bands of a file.
        tile: The tile of a web map that the scene is.
    """
    return GroupFiles(
        root=folder,
        paths=tuple(paths),
        bands=len(group.bands),
        select=None if apart else group.select,
        nodata=group.nodata,
        tile=tile,
    )


def missing(
    folder: Path,
    group: BandGroupRow,
    name: str,
    tile: WebTile | None,
    there: Container[str],
) -> str:
    """What to tell of a scene that lacks files of a group.

    Args:
        folder: The dataset's folder.
        group: The group.
        name: The scene's id.
        tile: The tile of a web map that the scene is.
        there: Patterns of the files that it has of the group.
    """
    lost = [filled(part, name, tile) for part in patterns_of(group) if part not in there]
    more = f", and {len(lost) - 1} more of its bands," if len(lost) > 1 else ","
    return (
        f"{folder / lost[0]}: missing{more} though scene {name} has other files and dataset.groups "
        f"names group {group.name}; put it there, or remove the group or the scene's files"
    )
