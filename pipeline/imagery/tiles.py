"""The tile cache: a scene on disk in a layout made for random windows.

A folder holds one ``<group>.npy`` (C_g, H_g, W_g) per band group at its native resolution and
type, and the run's working grid: ``tile.json`` and ``mask.npy`` (H, W), the classes of every
working pixel as a bit field. Bit k is the class of row k of the configuration, the bit after the
last class marks the pixel as invalid. Arrays are memory-mapped, so a window costs its own bytes
and nothing is decoded twice.

A model with another working grid has a folder with just a grid, for the same band groups. It may
also hold ``target.npy`` (K, H, W), what a training aims at where that differs from the masks: the
share of each pixel that a class covers, 255 standing for all of it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray

from pipeline.errors import ArtifactError
from pipeline.imagery.scene import BandGroup, Pixels
from pipeline.imagery.transform import Shape

MASK = "mask.npy"
TARGET = "target.npy"


@dataclass(frozen=True)
class TileGroup:
    """One band group of a cached scene.

    Attributes:
        name: Name of the group.
        pixels: (C_g, H_g, W_g), memory-mapped, read-only.
        to_working: Pixel edges of the group to pixel edges of the working grid.
    """

    name: str
    pixels: Pixels
    to_working: Affine


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


def bit_field_type(classes: int) -> np.dtype[Any]:
    """Smallest unsigned integer that holds ``classes`` bits and the invalid bit."""
    for bits in (8, 16, 32, 64):
        if classes < bits:
            return np.dtype(f"uint{bits}")
    raise ValueError(f"{classes} classes; a bit field holds at most 63")


def pack(masks: NDArray[np.bool_], valid: NDArray[np.bool_]) -> NDArray[Any]:
    """Bit field (H, W) of masks (K, H, W) and the valid mask (H, W)."""
    kind = bit_field_type(len(masks))
    field: NDArray[Any] = (~valid).astype(kind) << kind.type(len(masks))
    for bit, mask in enumerate(masks):
        field |= mask.astype(kind) << kind.type(bit)
    return field


def unpack(field: NDArray[Any], classes: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Masks (K, H, W) and valid mask (H, W) of a bit field (H, W)."""
    kind = field.dtype.type
    bits = np.arange(classes + 1).astype(field.dtype)
    planes = (field[None] >> bits[:, None, None]) & kind(1) != 0
    return planes[:classes], ~planes[classes]


def write_tiles(
    folder: Path,
    scene_id: str,
    groups: tuple[BandGroup, ...],
    to_working: Affine,
    to_map: Affine,
    metres: float,
    field: NDArray[Any],
    classes: int,
    labelled: bool,
) -> None:
    """Write a scene's cache into a folder: its band groups, and a grid as :func:`write_grid` does.

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
    write_grid(folder, scene_id, groups, to_working, to_map, metres, field, classes, labelled)


def write_grid(
    folder: Path,
    scene_id: str,
    groups: tuple[BandGroup, ...],
    to_working: Affine,
    to_map: Affine,
    metres: float,
    field: NDArray[Any],
    classes: int,
    labelled: bool,
    target: NDArray[np.uint8] | None = None,
) -> None:
    """Write a working grid of a scene into a folder.

    Args:
        folder: Where to.
        scene_id: Name of the scene.
        groups: Band groups that lie on the grid, with their transforms onto the reference grid.
        to_working: Pixel edges of the reference grid to those of the working grid.
        to_map: Pixel edges of the working grid to map units.
        metres: Working resolution, metres per pixel.
        field: (H, W) bit field on the working grid.
        classes: Number of classes in the field.
        labelled: Whether the scene has labels.
        target: (K, H, W) shares that a training aims at, or None where it is the mask.
    """
    np.save(folder / MASK, field)
    if target is not None:
        np.save(folder / TARGET, target)
    record = {
        "id": scene_id,
        "metres": metres,
        "classes": classes,
        "labelled": labelled,
        "to_map": list(to_map[:6]),
        "groups": {group.name: list((to_working @ group.to_reference)[:6]) for group in groups},
    }
    (folder / "tile.json").write_text(json.dumps(record, indent=1))


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
        field = _mapped(grid / MASK)
        groups = {
            name: TileGroup(name, _mapped(folder / f"{name}.npy"), Affine(*affine))
            for name, affine in record["groups"].items()
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
            target=_mapped(grid / TARGET) if (grid / TARGET).exists() else None,
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArtifactError(f"{grid}: not a whole tile cache ({error}); run `tiles`") from error


def _mapped(path: Path) -> NDArray[Any]:
    array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    return array
