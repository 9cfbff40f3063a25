"""What is known of a scene once its files have been read: sizes, statistics, alignment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from affine import Affine
from numpy.typing import NDArray

from pipeline.config.dataset import BandGroupRow, Scenes
from pipeline.errors import DatasetError
from pipeline.imagery.mosaic import drift
from pipeline.imagery.registration import Registration, register
from pipeline.imagery.scene import BandGroup, Pixels, Scene
from pipeline.imagery.tiff import Header, read_group, read_header
from pipeline.imagery.transform import Shape, contest_affine

MAX_MISFIT: Final = 0.15
"""Groups of one scene cover ground that differs by less than this share; metres are nominal."""
_SAMPLES: Final = 500_000


@dataclass(frozen=True)
class Frame:
    """The reference grid of a scene, and where its finest image lies in it.

    Attributes:
        group: Name of the finest group.
        shape: (H, W) of the reference grid.
        metres: Metres per pixel of the grid, those of the finest group.
        to_map: Pixel edges of the grid to map units.
        image_shape: (H, W) of the finest group's image.
        image: Pixel edges of the finest group's image to those of the grid.
    """

    group: str
    shape: Shape
    metres: float
    to_map: Affine
    image_shape: Shape
    image: Affine

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, lower, right and upper edge in map units."""
        left, upper = self.to_map @ (0, 0)
        right, lower = self.to_map @ (self.shape[1], self.shape[0])
        return left, lower, right, upper

    def spread(self, shape: Shape) -> Affine:
        """Pixel edges of a group of ``shape`` that shows what the finest image shows."""
        height, width = self.image_shape
        return self.image @ Affine.scale(width / shape[1], height / shape[0])

    def to_json(self) -> dict[str, Any]:
        """All that decides where pixels lie."""
        return {
            "group": self.group,
            "shape": list(self.shape),
            "metres": self.metres,
            "to_map": list(self.to_map[:6]),
            "image": list(self.image[:6]),
        }

    def map_units(self, metres: float) -> tuple[float, float]:
        """A length on the ground in map units along x and y."""
        pixels = metres / self.metres
        return abs(self.to_map.a) * pixels, abs(self.to_map.e) * pixels


def frame_of(
    scene: str,
    groups: Sequence[BandGroupRow],
    headers: Mapping[str, Header],
    extent: tuple[float, float],
    unit_metres: float | None,
    full: Shape | None,
) -> Frame:
    """Reference grid of a scene, from its files' headers.

    Args:
        scene: The scene's id, for messages.
        groups: The configured groups.
        headers: Header of each group's file.
        extent: Xmax and Ymin of the scene's row in the grid sizes.
        unit_metres: Metres per grid unit, if the images don't just fill their grid.
        full: (H, W) of the full tiles of the scene's region, if they were cut in whole pixels.

    Raises:
        DatasetError: If the groups can't show the same ground.
    """
    finest = min(groups, key=lambda group: group.metres)
    shape = headers[finest.name].shape
    for group in groups:
        for axis, direction in enumerate(("high", "wide")):
            here = headers[group.name].shape[axis] * group.metres
            there = shape[axis] * finest.metres
            if abs(here / there - 1) > MAX_MISFIT:
                raise DatasetError(
                    f"scene {scene}: {group.file.format(id=scene)} is {here:.0f} m {direction} "
                    f"({headers[group.name].shape[axis]} pixels of {group.metres} m) and "
                    f"{finest.file.format(id=scene)} is {there:.0f} m; sizes that differ by more "
                    f"than {MAX_MISFIT:.0%} don't fit together: check the files and "
                    "dataset.groups' metres"
                )
    if unit_metres is None:
        to_map = contest_affine(*extent, shape)
        return Frame(finest.name, shape, finest.metres, to_map, shape, Affine.identity())
    unit = finest.metres / unit_metres
    size = (-extent[1] / unit, extent[0] / unit)
    if any(abs(pixels / side - 1) > MAX_MISFIT for pixels, side in zip(size, shape, strict=True)):
        raise DatasetError(
            f"scene {scene}: its grid of {extent[0]:g} x {-extent[1]:g} units is {size[0]:.0f} x "
            f"{size[1]:.0f} pixels high and wide, and {finest.file.format(id=scene)} has "
            f"{shape[0]} x {shape[1]}; check its row of grid sizes, dataset.unit_metres and the "
            "group's metres"
        )
    rows, columns = drift(scene, full, size) if full else (0.0, 0.0)
    return Frame(
        group=finest.name,
        shape=(max(1, round(size[0])), max(1, round(size[1]))),
        metres=finest.metres,
        to_map=Affine.scale(unit, -unit),
        image_shape=shape,
        image=Affine.translation(columns, rows),
    )


def read_headers(groups: Sequence[BandGroupRow], files: Mapping[str, Path]) -> dict[str, Header]:
    """Header of every group's file."""
    return {group.name: read_header(files[group.name], len(group.bands)) for group in groups}


def survey(
    frame: Frame,
    groups: Sequence[BandGroupRow],
    files: Mapping[str, Path],
    settings: Scenes,
    offset: tuple[float, float],
) -> list[dict[str, Any]]:
    """Read every group of a scene, align it with the finest, and describe it.

    Args:
        frame: The scene's reference grid.
        groups: The configured groups.
        files: Path of each group's file.
        settings: How to align.
        offset: How far the finest group lies off the map, metres right and down.

    Returns:
        One JSON record per group, in order: name, metres, shape, dtype, to_reference,
        registration, invalid (share of pixels), and statistics by band.
    """
    reference = read_group(files[frame.group], len(_row(groups, frame.group).bands))
    records = []
    for group in groups:
        is_reference = group.name == frame.group
        pixels = reference if is_reference else read_group(files[group.name], len(group.bands))
        valid = valid_pixels(pixels, settings.nodata)
        found = Registration("reference" if is_reference else "off")
        if not is_reference and settings.registration != "none":
            found = register(
                reference,
                pixels,
                valid,
                group.metres,
                settings.registration,
                settings.max_shift,
                settings.min_correlation,
            )
        height, width = pixels.shape[1:]
        moved = Affine.translation(-offset[0] / frame.metres, -offset[1] / frame.metres)
        records.append(
            {
                "name": group.name,
                "metres": group.metres,
                "shape": [height, width],
                "dtype": pixels.dtype.name,
                "to_reference": list((moved @ frame.spread((height, width)) @ ~found.motion)[:6]),
                "registration": _registration_record(found),
                "invalid": 0.0 if valid is None else round(1 - float(valid.mean()), 6),
                "bands": dict(zip(group.bands, _statistics(pixels, valid), strict=True)),
            }
        )
    return records


def read_scene(
    scene: str,
    record: Mapping[str, Any],
    groups: Sequence[BandGroupRow],
    folder: Path,
    nodata: float | None,
) -> Scene:
    """A surveyed scene with the pixels of some groups.

    Args:
        scene: The scene's id.
        record: Its ``scene.json``.
        groups: Groups to read.
        folder: The dataset's folder.
        nodata: Value of invalid pixels, or None.
    """
    known = {row["name"]: row for row in record["groups"]}
    read = []
    for group in groups:
        pixels = read_group(folder / group.file.format(id=scene), len(group.bands))
        valid = valid_pixels(pixels, nodata)
        to_reference = Affine(*known[group.name]["to_reference"])
        read.append(BandGroup(group.name, pixels, valid, to_reference))
    height, width = record["shape"]
    return Scene(scene, (height, width), record["metres"], Affine(*record["to_map"]), tuple(read))


def valid_pixels(pixels: Pixels, nodata: float | None) -> NDArray[np.bool_] | None:
    """(H, W) pixels of (C, H, W) where not all bands are ``nodata``; None where that is all."""
    if nodata is None:
        return None
    valid = (pixels != nodata).any(axis=0)
    return None if valid.all() else valid


def _registration_record(found: Registration) -> dict[str, Any]:
    return {
        "status": found.status,
        "right_metres": round(found.metres[0], 3),
        "down_metres": round(found.metres[1], 3),
        "degrees": round(found.degrees, 4),
        "correlation": round(found.correlation, 4),
        "note": found.note,
    }


def _statistics(pixels: Pixels, valid: NDArray[np.bool_] | None) -> list[dict[str, float]]:
    """Of every band: extremes and mean of all valid pixels, percentiles of a regular part."""
    values = pixels.reshape(len(pixels), -1) if valid is None else pixels[:, valid]
    if values.shape[1] == 0:
        return [{} for _ in pixels]
    part = values[:, :: max(1, values.shape[1] // _SAMPLES)]
    low, middle, high = np.percentile(part, (2, 50, 98), axis=1)
    return [
        {
            "min": float(band.min()),
            "p2": round(float(low[place]), 3),
            "median": round(float(middle[place]), 3),
            "p98": round(float(high[place]), 3),
            "max": float(band.max()),
            "mean": round(float(band.mean(dtype=np.float64)), 3),
        }
        for place, band in enumerate(values)
    ]


def _row(groups: Sequence[BandGroupRow], name: str) -> BandGroupRow:
    return next(group for group in groups if group.name == name)
