"""Polygons of a folder: which file holds them, and which ground each class has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

import numpy as np
import shapely

from pipeline.config.labels import plain_text
from pipeline.errors import PipelineError
from pipeline.imagery.annotations.coordinates import moved_bounds
from pipeline.imagery.annotations.layers import Layer, Wanted
from pipeline.imagery.annotations.vector_readers import read_layers
from pipeline.proposal.class_column import Column, class_columns
from pipeline.proposal.folder_files import speaks_of_labels
from pipeline.proposal.guesses import ImagesFound
from pipeline.proposal.looking import chosen
from pipeline.proposal.patterns import Pattern, id_patterns, tile_pattern
from pipeline.proposal.places import footprint

_POLYGONAL: Final = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)
_FILES: Final = 40
"""Files of single scenes that are looked at."""
LOOKED_AT: Final = 300
_MOST_FEATURES: Final = 200_000


@dataclass(frozen=True)
class VectorFile:
    """Polygons of a file, or of one file per scene.

    Attributes:
        file: Path, or pattern with the scene's id.
        paths: The files by scene's id; the only one under an empty id.
        layers: Layers that hold polygons, of some of the files.
        crs: Reference system that the configuration must name; None where the files do or need
            none.
        crs_reason: Why.
        other: Files that hold polygons, too.
    """

    file: str
    paths: Mapping[str, str]
    layers: tuple[Layer, ...]
    crs: str | None
    crs_reason: str
    other: tuple[str, ...]


def find_vectors(folder: Path, files: Sequence[str], images: ImagesFound) -> VectorFile | None:
    """The polygons of a folder that are labels of its images; None where there are none."""
    layers = {path: row for path in chosen(files, 4 * _FILES) if (row := _layers(folder, path))}
    if not layers:
        return None
    own = _per_scene(files, images)
    if own is not None:
        read = tuple(
            layer
            for path in chosen(list(own.files.values()), _FILES)
            for layer in layers.get(path, ())
        )
        if read:
            crs, why = _system(read, images)
            return VectorFile(own.text, own.files, read, crs, why, ())
    ranked = sorted(
        layers,
        key=lambda path: (
            not _meets(layers[path], images),
            not speaks_of_labels(path),
            -_features(layers[path]),
            path,
        ),
    )
    best, others = ranked[0], ranked[1:]
    crs, why = _system(layers[best], images)
    return VectorFile(best, {"": best}, tuple(layers[best]), crs, why, tuple(others))


def _layers(folder: Path, path: str) -> tuple[Layer, ...]:
    """Layers of a file that hold polygons; none where it can't be read as such."""
    try:
        found = read_layers(folder / path, Wanted(most=_MOST_FEATURES))
    except PipelineError:
        return ()
    return tuple(
        layer for layer in found if np.isin(shapely.get_type_id(layer.shapes), _POLYGONAL).any()
    )


def _per_scene(files: Sequence[str], images: ImagesFound) -> Pattern | None:
    """Pattern of files of which each scene has one."""
    for suffix in sorted({PurePosixPath(path).suffix for path in files}):
        own = [path for path in files if path.endswith(suffix)]
        tile = tile_pattern(own) if images.tiles else None
        patterns = [tile] if tile else list(id_patterns(own))
        best = max(
            patterns,
            key=lambda one: (len(one.ids & set(images.scenes)), -one.spelled),
            default=None,
        )
        if best is None or len(own) == 1 < len(images.scenes):
            continue
        if len(own) > 1 and 2 * len(best.ids & set(images.scenes)) > len(own):
            return best
    return None


def _features(layers: Sequence[Layer]) -> int:
    return sum(len(layer.shapes) for layer in layers)


def _bounds(layers: Sequence[Layer]) -> tuple[float, float, float, float]:
    edges = np.array([shapely.total_bounds(layer.shapes) for layer in layers])
    left, lower = np.nanmin(edges[:, :2], axis=0).tolist()
    right, upper = np.nanmax(edges[:, 2:], axis=0).tolist()
    return left, lower, right, upper


def _meets(layers: Sequence[Layer], images: ImagesFound, crs: str | None = None) -> bool:
    """Whether polygons lie on the images, by what both span."""
    known = crs or layers[0].crs or layers[0].usual_crs
    box = shapely.box(*_bounds(layers))
    for scene in chosen(list(images.scenes.values()), LOOKED_AT):
        bounds = footprint(scene).bounds
        boxes = [bounds]
        if known is not None and scene.crs is not None:
            boxes = moved_bounds(bounds, scene.crs, known)
        if any(box.intersects(shapely.box(*one)) for one in boxes):
            return True
    return False


def _system(layers: Sequence[Layer], images: ImagesFound) -> tuple[str | None, str]:
    """Reference system that the configuration must name for polygons that name none."""
    systems = sorted({scene.crs for scene in images.scenes.values() if scene.crs})
    if all(layer.crs for layer in layers) or not systems:
        return None, ""
    if layers[0].usual_crs is not None and _meets(layers, images, layers[0].usual_crs):
        return None, ""
    for crs in dict.fromkeys((*systems, "EPSG:4326", "EPSG:3857")):
        if _meets(layers, images, crs):
            return (
                crs,
                "GUESS: the file names no system; in this one the polygons lie on the images",
            )
    return None, ""


def texts_of(layer: Layer, column: str | None) -> list[str]:
    """What tells the class of each polygon of a layer."""
    if column is None:
        return [plain_text(layer.name)] * len(layer.shapes)
    if column not in layer.columns:
        return [""] * len(layer.shapes)
    return [plain_text(value) for value in layer.columns[column].tolist()]


def columns_of(layers: Sequence[Layer]) -> tuple[Column, ...]:
    """Attributes that could tell the class, the likeliest first."""
    counts: dict[str, Counter[str]] = {}
    for layer in layers:
        for name, values in layer.columns.items():
            counts.setdefault(name, Counter()).update(map(plain_text, values.tolist()))
    return class_columns(counts)
