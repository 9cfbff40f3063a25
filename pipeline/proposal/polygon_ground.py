"""Ground that polygons cover on the scenes, by class and place."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely

from pipeline.config.labels import VectorLabels
from pipeline.errors import PipelineError
from pipeline.imagery.annotations.vectors import VectorTable, read_vectors
from pipeline.progress import track
from pipeline.proposal.guesses import ImagesFound
from pipeline.proposal.looking import chosen
from pipeline.proposal.places import Places, footprint
from pipeline.proposal.vector_labels import VectorFile

LOOKED_AT: Final = 300
"""Parts of scenes onto which polygons are laid."""


@dataclass(frozen=True)
class Ground:
    """Ground of the classes.

    Attributes:
        areas: Pixels of the finest images by value.
        places: Places at which a value was seen.
        total: Pixels of the ground that was looked at.
        covered: Pixels that any polygon covers.
        labelled: Scenes that hold a polygon.
        across: Median size of polygons, pixels; 0 without any.
        fault: Why polygons can't be laid onto the images.
    """

    areas: Mapping[str, float]
    places: Mapping[str, int]
    total: float
    covered: float
    labelled: tuple[str, ...]
    across: float
    fault: str = ""


def ground_of(
    folder: Path,
    found: VectorFile,
    settings: Mapping[str, Any],
    values: Sequence[str],
    images: ImagesFound,
    places: Places,
) -> Ground:
    """Lay polygons onto the scenes and measure each class's ground.

    Args:
        folder: The dataset's folder.
        found: The polygons.
        settings: Keys of ``dataset.labels``, without values.
        values: What tells the classes; empty where all polygons are of one.
        images: The images.
        places: How the ground is divided.
    """
    numbered = {value: number for number, value in enumerate(values, 1)}
    labels = VectorLabels.model_validate(
        {"kind": "vector", **settings, "values": numbered, "other": "ignore"}
    )
    tables: dict[str, VectorTable] = {}
    areas: Counter[str] = Counter()
    seen: dict[str, set[str]] = {}
    labelled: dict[str, None] = {}
    total, covered, sizes = 0.0, 0.0, list[float]()
    for part in track(chosen(places.parts, LOOKED_AT), "init: looking at labels"):
        scene = images.scenes[part.scene]
        path = found.paths.get(part.scene, found.paths.get(""))
        if path is None:
            continue
        ground = footprint(scene, part)
        pixel = abs(scene.to_map.determinant) if scene.to_map is not None else 1.0
        try:
            if path not in tables:
                tables[path] = read_vectors(folder / path, labels, list(numbered.values()) or [1])
            one = tables[path].on(ground, scene.crs)
        except PipelineError as error:
            return Ground(areas, {}, total, covered, tuple(labelled), 0, str(error))
        total += ground.area / pixel
        for code, shape in one.polygons.items():
            value = values[code - 1] if values else ""
            areas[value] += shape.area / pixel
            seen.setdefault(value, set()).add(part.place)
            sizes += [math.sqrt(piece.area / pixel) for piece in shape.geoms]
        if one.polygons:
            labelled[part.scene] = None
            covered += shapely.union_all(list(one.polygons.values())).area / pixel
    across = float(np.median(sizes)) if sizes else 0.0
    return Ground(
        areas, {v: len(p) for v, p in seen.items()}, total, covered, tuple(labelled), across
    )
