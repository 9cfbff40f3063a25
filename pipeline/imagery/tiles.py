"""The tile cache: a scene on disk in a layout made for random windows.

A folder holds one ``<group>.npy`` (C_g, H_g, W_g) per band group at its native resolution and
type, with a margin of what lies around the scene if that is wanted, and the run's working grid:
``tile.json`` and ``mask.npy`` (H, W), the classes of every working pixel as a bit field, see
:mod:`pipeline.imagery.bit_field`. Arrays are memory-mapped, so a window costs its own bytes and
nothing is decoded twice.

A model with another working grid has a folder with just a grid, for the same band groups. It may
also hold ``target.npy`` (K, H, W), what a training aims at where that differs from the masks: the
share of each pixel that a class covers, 255 standing for all of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from affine import Affine
from numpy.typing import NDArray

from pipeline.errors import ArtifactError
from pipeline.imagery.array_file import opened, writing
from pipeline.imagery.bit_field import bit_field_type
from pipeline.imagery.bit_rows import BitRows
from pipeline.imagery.scene import BandGroup, Pixels
from pipeline.imagery.transform import Shape

MASK = "mask.npy"
TARGET = "target.npy"
_VALID: Final = ".valid.npy"
_STRIP: Final = 2**26
"""Values of all classes that are worked on in one go."""

Draw = Callable[[slice], NDArray[Any]]
"""Gives rows (h, W) of a bit field."""


@dataclass(frozen=True)
class TileGroup:
    """One band group of a cached scene.

    Attributes:
        name: Name of the group.
        pixels: (C_g, H_g, W_g), memory-mapped, read-only.
        to_working: Pixel edges of the group to pixel edges of the working grid.
        margin: Pixels on each side that lie around the scene.
    """

    name: str
    pixels: Pixels
    to_working: Affine
    margin: int = 0


@dataclass(frozen=True)
class TiledScene:
    """A cached scene on the working grid.

    Attributes:
        id: Name of the scene.
        shape: (H, W) of the working grid.
        metres: Working resolution, metres per pixel.
        to_map: Pixel edges of the working grid to map units.
        groups: The band groups by name.
        mask: (H, W) unsigned bit field, memory-mapped, read-only.
        classes: Number K of classes; bit K of the mask is "invalid".
        labelled: Whether the scene has labels; without, the class bits say nothing.
        target: (K, H, W) uint8, shares that a training aims at, or None where it is the mask.
        crs: Coordinate reference system of the map units, or None.
    """

    id: str
    shape: Shape
    metres: float
    to_map: Affine
    groups: dict[str, TileGroup]
    mask: NDArray[Any]
    classes: int
    labelled: bool
    target: NDArray[np.uint8] | None = None
    crs: str | None = None


@dataclass(frozen=True)
class WorkingGrid:
    """A working grid of a scene, as it is written.

    Attributes:
        scene: Name of the scene.
        shape: (H, W).
        metres: Working resolution, metres per pixel.
        to_working: Pixel edges of the reference grid to those of the working grid.
        to_map: Pixel edges of the working grid to map units.
        classes: Number of classes in the bit field.
        labelled: Whether the scene has labels.
        crs: Coordinate reference system of the map units, or None.
    """

    scene: str
    shape: Shape
    metres: float
    to_working: Affine
    to_map: Affine
    classes: int
    labelled: bool
    crs: str | None = None


def strips_of(grid: WorkingGrid) -> list[slice]:
    """Rows of a working grid that are drawn in one go."""
    step = max(1, _STRIP // (grid.shape[1] * (grid.classes + 1)))
    return [slice(top, min(top + step, grid.shape[0])) for top in range(0, grid.shape[0], step)]


def write_tiles(
    folder: Path,
    scene_id: str,
    groups: Sequence[BandGroup],
    to_working: Affine,
    to_map: Affine,
    metres: float,
    field: NDArray[Any],
    classes: int,
    labelled: bool,
) -> None:
    """Write the cache of a scene that is in memory: its band groups and a grid.

    Args:
        folder: Empty folder.
        scene_id: Name of the scene.
        groups: Band groups, with their transforms onto the reference grid.
        to_working: Pixel edges of the reference grid to those of the working grid.
        to_map: Pixel edges of the working grid to map units.
        metres: Working resolution, metres per pixel.
        field: (H, W) bit field on the working grid.
        classes: Number of classes in the field.
        labelled: Whether the scene has labels.
    """
    for group in groups:
        np.save(folder / f"{group.name}.npy", np.ascontiguousarray(group.pixels))
        if isinstance(group.valid, np.ndarray):
            write_valid(folder, group.name, BitRows.of(group.valid))
    shape = (field.shape[0], field.shape[1])
    grid = WorkingGrid(scene_id, shape, metres, to_working, to_map, classes, labelled)
    write_grid(folder, groups, grid, lambda rows: field[rows])


def write_valid(folder: Path, group: str, valid: BitRows) -> None:
    """Write which pixels of a group are valid; for groups with invalid ones."""
    np.save(folder / f"{group}{_VALID}", valid.bits)


def write_grid(
    folder: Path,
    groups: Sequence[BandGroup],
    grid: WorkingGrid,
    draw: Draw,
    target: NDArray[np.uint8] | None = None,
) -> None:
    """Write a working grid of a scene into a folder, a strip at a time.

    Args:
        folder: Where to.
        groups: Band groups that lie on the grid, with their transforms onto the reference grid.
        grid: The working grid.
        draw: Gives its bit field.
        target: (K, H, W) shares that a training aims at, or None where it is the mask.
    """
    with writing(folder / MASK, grid.shape, bit_field_type(grid.classes)) as file:
        for rows in strips_of(grid):
            file.put(rows.start, draw(rows))
    if target is not None:
        np.save(folder / TARGET, target)
    record = {
        "id": grid.scene,
        "metres": grid.metres,
        "classes": grid.classes,
        "labelled": grid.labelled,
        "crs": grid.crs,
        "to_map": list(grid.to_map[:6]),
        "to_working": list(grid.to_working[:6]),
        "groups": {
            group.name: {
                "to_working": list((grid.to_working @ group.to_reference)[:6]),
                "to_reference": list(group.to_reference[:6]),
                "margin": group.margin,
            }
            for group in groups
        },
    }
    (folder / "tile.json").write_text(json.dumps(record, indent=1))


def open_groups(folder: Path) -> tuple[BandGroup, ...]:
    """Band groups of a scene's cache, memory-mapped, as they lie on its reference grid."""
    record = json.loads((folder / "tile.json").read_text())
    groups = []
    for name, row in record["groups"].items():
        pixels, bits = opened(folder / f"{name}.npy"), folder / f"{name}{_VALID}"
        valid = BitRows(opened(bits), pixels.shape[2]) if bits.exists() else None
        groups.append(BandGroup(name, pixels, valid, Affine(*row["to_reference"]), row["margin"]))
    return tuple(groups)


def open_tiles(folder: Path, grid: Path | None = None) -> TiledScene:
    """Open a scene's cache, reading no pixels yet.

    Args:
        folder: The scene's cache.
        grid: Folder of another working grid of the same scene; None for the cache's own.

    Raises:
        ArtifactError: If a folder is not whole.
    """
    grid = grid or folder
    try:
        record = json.loads((grid / "tile.json").read_text())
        field = opened(grid / MASK)
        groups = {
            name: TileGroup(
                name, opened(folder / f"{name}.npy"), Affine(*row["to_working"]), row["margin"]
            )
            for name, row in record["groups"].items()
        }
        return TiledScene(
            id=record["id"],
            shape=(field.shape[0], field.shape[1]),
            metres=record["metres"],
            to_map=Affine(*record["to_map"]),
            groups=groups,
            mask=field,
            classes=record["classes"],
            labelled=record["labelled"],
            target=opened(grid / TARGET) if (grid / TARGET).exists() else None,
            crs=record["crs"],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArtifactError(f"{grid}: not a whole tile cache ({error}); run `tiles`") from error
