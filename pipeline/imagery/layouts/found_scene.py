"""What a folder holds of one scene."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.imagery.rasters.group_files import GroupFiles, WebTile
from pipeline.imagery.role import Role


@dataclass(frozen=True)
class FoundScene:
    """One scene, its files found but not opened.

    Attributes:
        id: The scene's id, which may name files and folders.
        files: Files of each band group that the scene has, the configured groups in order.
        labels: The scene's own file of labels; None without one, also where one file holds the
            labels of all scenes.
        tile: The tile of a web map that its name says it is.
        role: What the table of scenes says; None where it says nothing or there is none.
        absent: Names of the groups that the scene lacks.
    """

    id: str
    files: Mapping[str, GroupFiles]
    labels: Path | None = None
    tile: WebTile | None = None
    role: Role | None = None
    absent: tuple[str, ...] = ()
