"""The reference grid of a scene, and where its images lie in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from affine import Affine
from shapely import Polygon

from pipeline.config.dataset import BandGroupRow
from pipeline.errors import DatasetError
from pipeline.imagery.mosaic import drift
from pipeline.imagery.transform import Shape, contest_affine, corners

MAX_MISFIT: Final = 0.15
"""Groups of one scene cover ground that differs by less than this share; metres are nominal."""


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
        placed: Pixel edges of a group's image to those of the grid, for groups whose coordinates
            say where they lie; the others show what the finest image shows.
    """

    group: str
    shape: Shape
    metres: float
    to_map: Affine
    image_shape: Shape
    image: Affine
    placed: Mapping[str, Affine] = field(default_factory=dict)

    @property
    def footprint(self) -> Polygon:
        """Outline of the grid in map units."""
        return Polygon(corners(self.to_map, self.shape))

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, lower, right and upper edge in map units."""
        left, lower, right, upper = self.footprint.bounds
        return left, lower, right, upper

    @property
    def area(self) -> float:
        """Area of the grid in map units squared."""
        return abs(self.to_map.determinant) * self.shape[0] * self.shape[1]

    def place(self, group: str, shape: Shape) -> Affine:
        """Pixel edges of a group's image of ``shape`` to those of the grid."""
        if group in self.placed:
            return self.placed[group]
        height, width = self.image_shape
        return self.image @ Affine.scale(width / shape[1], height / shape[0])

    def to_json(self) -> dict[str, Any]:
        """All that decides where pixels lie."""
        return {
            "group": self.group,
            "shape": list(self.shape),
            "metres": self.metres,
            "to_map": list(self.to_map[:6]),
            "image_shape": list(self.image_shape),
            "image": list(self.image[:6]),
            "placed": {name: list(affine[:6]) for name, affine in self.placed.items()},
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Frame:
        """What :meth:`to_json` gave."""
        return cls(
            group=record["group"],
            shape=(record["shape"][0], record["shape"][1]),
            metres=record["metres"],
            to_map=Affine(*record["to_map"]),
            image_shape=(record["image_shape"][0], record["image_shape"][1]),
            image=Affine(*record["image"]),
            placed={name: Affine(*affine) for name, affine in record["placed"].items()},
        )

    def map_units(self, metres: float) -> tuple[float, float]:
        """A length on the ground in map units along x and y."""
        pixels = metres / self.metres
        return abs(self.to_map.a) * pixels, abs(self.to_map.e) * pixels


def finest_of(groups: Sequence[BandGroupRow]) -> BandGroupRow:
    """The group of the smallest pixels, the first of several."""
    return min(groups, key=lambda group: group.metres)


def check_sizes(
    scene: str,
    groups: Sequence[BandGroupRow],
    shapes: Mapping[str, Shape],
    names: Mapping[str, str],
) -> None:
    """Check that groups without coordinates can show the same ground.

    Args:
        scene: The scene's id, for messages.
        groups: The configured groups.
        shapes: (H, W) of each group's image.
        names: Names of their files, for messages.

    Raises:
        DatasetError: If they can't.
    """
    finest = finest_of(groups)
    shape = shapes[finest.name]
    for group in groups:
        for axis, direction in enumerate(("high", "wide")):
            here = shapes[group.name][axis] * group.metres
            there = shape[axis] * finest.metres
            if abs(here / there - 1) > MAX_MISFIT:
                raise DatasetError(
                    f"scene {scene}: {names[group.name]} is {here:.0f} m {direction} "
                    f"({shapes[group.name][axis]} pixels of {group.metres} m) and "
                    f"{names[finest.name]} is {there:.0f} m; sizes that differ by more "
                    f"than {MAX_MISFIT:.0%} don't fit together: check the files and "
                    "dataset.groups' metres"
                )


def contest_frame(
    scene: str,
    groups: Sequence[BandGroupRow],
    shapes: Mapping[str, Shape],
    extent: tuple[float, float],
    unit_metres: float | None,
    full: Shape | None,
) -> Frame:
    """Reference grid of a scene whose extent stands in the contest's table.

    Args:
        scene: The scene's id, for messages.
        groups: The configured groups.
        shapes: (H, W) of each group's image.
        extent: Xmax and Ymin of the scene's row in the grid sizes.
        unit_metres: Metres per grid unit, if the images don't just fill their grid.
        full: (H, W) of the full tiles of the scene's region, if they were cut in whole pixels.

    Raises:
        DatasetError: If the groups can't show the same ground.
    """
    names = {group.name: group.file.format(id=scene) for group in groups}
    check_sizes(scene, groups, shapes, names)
    finest = finest_of(groups)
    shape = shapes[finest.name]
    if unit_metres is None:
        to_map = contest_affine(*extent, shape)
        return Frame(finest.name, shape, finest.metres, to_map, shape, Affine.identity())
    unit = finest.metres / unit_metres
    size = (-extent[1] / unit, extent[0] / unit)
    if any(abs(pixels / side - 1) > MAX_MISFIT for pixels, side in zip(size, shape, strict=True)):
        raise DatasetError(
            f"scene {scene}: its grid of {extent[0]:g} x {-extent[1]:g} units is {size[0]:.0f} x "
            f"{size[1]:.0f} pixels high and wide, and {names[finest.name]} has "
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
