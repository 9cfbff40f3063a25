"""The truth: polygons per class on the contest's grid."""

from __future__ import annotations

from affine import Affine
from shapely import MultiPolygon, from_wkt, make_valid, set_precision, to_wkt
from shapely.geometry import Polygon, box
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

from pipeline.imagery.generated.network import Size
from pipeline.imagery.generated.objects import CLASSES, Code, GroundObject
from pipeline.imagery.transform import Shape, moved

EMPTY = "MULTIPOLYGON EMPTY"
DIGITS = 9
"""Decimals of the written coordinates: a millionth of a pixel's side would be overdone."""

_HIDDEN_BY: dict[Code, tuple[Code, ...]] = {
    Code.CROP: (Code.TREE, Code.STANDING_WATER),
    Code.TRACK: (Code.ROAD,),
}
"""What covers a class so wholly that the label leaves it out. All else may overlap."""


def label_texts(
    objects: tuple[GroundObject, ...], size: Size, shape: Shape, affine: Affine, unseen: Polygon
) -> dict[int, str]:
    """Well-known text of a valid multipolygon for each class.

    Args:
        objects: What stands in the scene, in metres.
        size: Width and height of the scene in metres.
        shape: (H, W) of the RGB image.
        affine: Pixels of the RGB image to the contest's grid.
        unseen: Part of the scene without image, in metres; it carries no label.
    """
    merged = _merged(objects)
    # The contest's grid ends at column W' = W^2 / (W + 1), a pixel short of the image's edge.
    inside = box(0, 0, size[0] * shape[1] / (shape[1] + 1), size[1] * shape[0] / (shape[0] + 1))
    inside = inside.difference(unseen)
    to_grid = affine @ Affine.scale(shape[1] / size[0], shape[0] / size[1])
    texts = {}
    for code in CLASSES:
        seen = merged[code]
        for cover in _HIDDEN_BY.get(code, ()):
            seen = seen.difference(merged[cover])
        texts[int(code)] = grid_text(moved(seen.intersection(inside), to_grid))
    return texts


def _merged(objects: tuple[GroundObject, ...]) -> dict[Code, BaseGeometry]:
    return {
        code: unary_union([thing.shape for thing in objects if thing.code == code])
        for code in CLASSES
    }


def grid_text(geometry: BaseGeometry) -> str:
    """Text of the polygons of a geometry, valid after rounding to DIGITS decimals."""
    if not geometry.is_valid:  # holes that met on the way to the grid
        geometry = make_valid(geometry).buffer(0)
    for _ in range(4):
        rounded = _multi(set_precision(_multi(geometry), 10.0**-DIGITS))
        if rounded.is_empty:
            return EMPTY
        text = to_wkt(rounded, rounding_precision=DIGITS, trim=True)
        if from_wkt(text).is_valid:
            return str(text)
        geometry = make_valid(from_wkt(text)).buffer(0)
    raise ValueError("a polygon stays invalid after four rounds of repair")


def _multi(geometry: BaseGeometry) -> MultiPolygon:
    """The polygons in a geometry, without slivers below a hundredth of a pixel."""
    parts = getattr(geometry, "geoms", [geometry])
    kept = [part for part in parts if part.geom_type == "Polygon" and part.area > 1e-13]
    return MultiPolygon(kept)
