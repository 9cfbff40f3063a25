"""The reference grid of a scene whose files may say where they lie."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from affine import Affine
from shapely import Polygon

from pipeline.config.dataset import BandGroupRow
from pipeline.errors import DatasetError
from pipeline.imagery.frame import MAX_MISFIT, Frame, check_sizes, finest_of
from pipeline.imagery.transform import Shape, corners


def placed_frame(
    scene: str,
    groups: Sequence[BandGroupRow],
    shapes: Mapping[str, Shape],
    to_maps: Mapping[str, Affine | None],
    names: Mapping[str, str],
) -> Frame:
    """Reference grid of a scene of files: the pixels of its finest group.

    Args:
        scene: The scene's id, for messages.
        groups: The configured groups.
        shapes: (H, W) of each group's image.
        to_maps: Pixel edges of each group's image to map units, None where its file says nothing.
        names: Names of their files, for messages.

    Raises:
        DatasetError: If some groups have coordinates and others not, or they show other ground.
    """
    finest = finest_of(groups)
    shape, to_map = shapes[finest.name], to_maps[finest.name]
    without = [name for name, affine in to_maps.items() if affine is None]
    if to_map is None or without:
        if len(without) < len(to_maps):
            placed = next(name for name in to_maps if name not in without)
            raise DatasetError(
                f"scene {scene}: {names[placed]} has coordinates and {names[without[0]]} has none; "
                "give all of a scene's files coordinates (gdal_edit -a_srs ... -a_ullr ...), or "
                "none of them"
            )
        check_sizes(scene, groups, shapes, names)
        pixels = Affine.scale(1, -1)
        return Frame(finest.name, shape, finest.metres, pixels, shape, Affine.identity())
    frame = Frame(finest.name, shape, finest.metres, to_map, shape, Affine.identity())
    placed_groups = {}
    for group in groups:
        affine = to_maps[group.name]
        if affine is not None:
            placed_groups[group.name] = ~to_map @ affine
            _check_ground(scene, frame, placed_groups[group.name], shapes[group.name], group, names)
    return Frame(finest.name, shape, finest.metres, to_map, shape, Affine.identity(), placed_groups)


def _check_ground(
    scene: str,
    frame: Frame,
    affine: Affine,
    shape: Shape,
    group: BandGroupRow,
    names: Mapping[str, str],
) -> None:
    """Check that a group shows the ground of the finest one; it may show more.

    Raises:
        DatasetError: If it doesn't show some of it, or has pixels of another size.
    """
    own, ground = Polygon(corners(affine, shape)), Polygon(corners(Affine.identity(), frame.shape))
    shared = own.intersection(ground).area / ground.area
    if shared < 1 - MAX_MISFIT:
        left, lower, right, upper = Polygon(corners(frame.to_map @ affine, shape)).bounds
        raise DatasetError(
            f"scene {scene}: {names[group.name]} spans {left:.8g} to {right:.8g} and {lower:.8g} "
            f"to {upper:.8g}, which is {shared:.0%} of the ground of {names[frame.group]}; bands "
            "of one scene must show the same ground: cut them to one extent (gdalwarp -te ...), or "
            "make them scenes of their own"
        )
    pixel = math.sqrt(abs(affine.determinant)) * frame.metres
    if not 1 / 1.5 < pixel / group.metres < 1.5:
        raise DatasetError(
            f"scene {scene}: pixels of {names[group.name]} are {pixel:.4g} m wide beside those of "
            f"{names[frame.group]}, but dataset.groups says {group.metres:g} m for {group.name}; "
            "correct metres"
        )
