"""What is taken in of a scene: its images, where they lie, and its labels, all checked."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from affine import Affine

from pipeline.imagery.frame import Frame
from pipeline.imagery.outlines import Outline
from pipeline.imagery.rasters.group_files import GroupFiles, WebTile
from pipeline.imagery.role import Role
from pipeline.imagery.transform import Shape, corners


@dataclass(frozen=True)
class Source:
    """A band group's files, and the part of their image that belongs to the scene.

    Attributes:
        group: Name of the group.
        files: Paths in the dataset's folder: one, or one per band.
        bands: Number of bands.
        select: Which bands of the file they are, see ``dataset.groups``.
        nodata: Value of pixels without data, or None.
        tile: Tile of a web map that the image is, or None.
        row: First row of the part.
        column: First column of the part.
        shape: (H, W) of the part.
        sha256: Of the files' bytes.
    """

    group: str
    files: tuple[str, ...]
    bands: int
    select: tuple[int | str, ...] | None
    nodata: float | None
    tile: WebTile | None
    row: int
    column: int
    shape: Shape
    sha256: tuple[str, ...]

    def group_files(self, root: Path) -> GroupFiles:
        """The files, to be opened in the dataset's folder."""
        paths = tuple(root / file for file in self.files)
        return GroupFiles(root, paths, self.bands, self.select, self.nodata, self.tile)

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Source:
        """What ``asdict`` gave."""
        values = dict(record)
        for key in ("files", "shape", "sha256"):
            values[key] = tuple(values[key])
        values["select"] = None if values["select"] is None else tuple(values["select"])
        values["tile"] = None if values["tile"] is None else WebTile(**values["tile"])
        return cls(**values)


@dataclass(frozen=True)
class MaskPart:
    """The part of a mask that belongs to a scene.

    Attributes:
        file: Path in the dataset's folder.
        row: First row of the part.
        column: First column of the part.
        sha256: Of the file's bytes.
    """

    file: str
    row: int
    column: int
    sha256: str


@dataclass(frozen=True)
class Intake:
    """A scene whose files, headers and tables are in order.

    Attributes:
        id: The scene's id.
        role: What it is there for.
        sampled: Whether a sample submission asks for it.
        frame: Its reference grid.
        sources: Its band groups, in the configuration's order.
        crs: Coordinate reference system of map units, or None.
        space: Name of the plane in which scenes have neighbours.
        to_space: Pixel edges of the reference grid to that plane.
        extent: Xmax and Ymin of the contest's table, or None.
        labels: Outlines by class code; None without any, or where a mask holds them.
        ignored: Well-known text of the ground of which nothing is known; empty for none.
        notes: What was mended of the labels as a whole.
        mask: Mask that is yet to be traced, or None.
    """

    id: str
    role: Role
    sampled: bool
    frame: Frame
    sources: tuple[Source, ...]
    crs: str | None
    space: str
    to_space: Affine
    extent: tuple[float, float] | None = None
    labels: Mapping[int, Outline] | None = None
    ignored: str = ""
    notes: tuple[str, ...] = ()
    mask: MaskPart | None = None

    @property
    def labelled(self) -> bool:
        """Whether it has labels."""
        return self.labels is not None or self.mask is not None

    def source(self, group: str) -> Source:
        """Files of a group."""
        return next(source for source in self.sources if source.group == group)

    def content(self) -> dict[str, Any]:
        """All of it as JSON, with hashes in place of labels."""
        record = self.to_json()
        labels = {code: _hashed(row["text"]) for code, row in (record["labels"] or {}).items()}
        return {**record, "labels": labels, "ignored": _hashed(self.ignored)}

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON."""
        labels = None
        if self.labels is not None:
            labels = {str(code): asdict(outline) for code, outline in self.labels.items()}
        return {
            "id": self.id,
            "role": self.role,
            "sampled": self.sampled,
            "frame": self.frame.to_json(),
            "sources": [asdict(source) for source in self.sources],
            "crs": self.crs,
            "space": self.space,
            "to_space": list(self.to_space[:6]),
            "extent": None if self.extent is None else list(self.extent),
            "labels": labels,
            "ignored": self.ignored,
            "notes": list(self.notes),
            "mask": None if self.mask is None else asdict(self.mask),
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Intake:
        """What :meth:`to_json` gave."""
        values = dict(record)
        values["frame"] = Frame.from_json(values["frame"])
        values["sources"] = tuple(map(Source.from_json, values["sources"]))
        values["to_space"] = Affine(*values["to_space"])
        values["notes"] = tuple(values["notes"])
        if values["extent"] is not None:
            values["extent"] = tuple(values["extent"])
        if values["labels"] is not None:
            values["labels"] = {
                int(code): Outline(**{**row, "notes": tuple(row["notes"])})
                for code, row in values["labels"].items()
            }
        if values["mask"] is not None:
            values["mask"] = MaskPart(**values["mask"])
        return cls(**values)


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def part_of(affine: Affine, shape: Shape, window: tuple[int, int, Shape]) -> tuple[int, int, Shape]:
    """Pixels of an image that a rectangle of the reference grid touches.

    Args:
        affine: Pixel edges of the image to those of the grid.
        shape: (H, W) of the image.
        window: First row and column of the rectangle, and its (H, W).

    Returns:
        First row and column of the part and its (H, W), at least one pixel.
    """
    row, column, size = window
    edges = corners(~affine @ Affine.translation(column, row), size)
    part = []
    for axis, length in ((1, shape[0]), (0, shape[1])):
        # Edges that meet but for rounding touch no further pixel.
        low = math.floor(min(edge[axis] for edge in edges) + 1e-6)
        high = math.ceil(max(edge[axis] for edge in edges) - 1e-6)
        first = min(max(low, 0), length - 1)
        part.append((first, max(min(high, length) - first, 1)))
    return part[0][0], part[1][0], (part[0][1], part[1][1])
