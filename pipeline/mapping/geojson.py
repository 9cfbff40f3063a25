"""A scene's objects as GeoJSON text in map units, and back.

One feature per object, in the order of the classes and of the objects' first pixels, numbers in
the shortest form that reads back exactly: the same objects give the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon

from pipeline.config.dataset import ClassRow
from pipeline.errors import ArtifactError
from pipeline.imagery.transform import moved
from pipeline.mapping.geometry.simplification import Parts
from pipeline.mapping.polygons import assembled

_START: Final = '{"type":"FeatureCollection","features":['
_END: Final = "\n]}\n"


@dataclass(frozen=True)
class ClassObjects:
    """The objects of one class on a scene.

    Attributes:
        row: The class.
        parts: Polygons in pixel coordinates.
        probability: (parts,) mean probability.
        area: (parts,) square metres.
    """

    row: ClassRow
    parts: Parts
    probability: NDArray[np.float64]
    area: NDArray[np.float64]


def to_geojson(classes: Sequence[ClassObjects], to_map: Affine) -> str:
    """GeoJSON of a scene's objects.

    Args:
        classes: Objects of each class.
        to_map: Pixel edges to map units.
    """
    return "".join(_pieces(classes, to_map))


def write_geojson(path: Path, classes: Sequence[ClassObjects], to_map: Affine) -> None:
    """Write what :func:`to_geojson` gives, object by object."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(_pieces(classes, to_map))


def _pieces(classes: Sequence[ClassObjects], to_map: Affine) -> Iterator[str]:
    yield _START
    end = "\n"
    for objects in classes:
        for feature in _features(objects, to_map):
            yield end + json.dumps(feature, separators=(",", ":"))
            end = ",\n"
    yield _END


def _features(objects: ClassObjects, to_map: Affine) -> Iterator[dict[str, object]]:
    columns = zip(objects.parts, objects.probability, objects.area, strict=True)
    for part, probability, area in columns:
        yield {
            "type": "Feature",
            "properties": {
                "code": objects.row.code,
                "class": objects.row.name,
                "mean_probability": round(float(probability), 4),
                "area_m2": round(float(area), 3),
            },
            "geometry": {"type": "Polygon", "coordinates": _rings(moved(part, to_map))},
        }


def _rings(part: Polygon) -> list[list[list[float]]]:
    """Rings of a polygon, the outer one counter-clockwise as the format asks."""
    turned = shapely.orient_polygons(part)
    return [shapely.get_coordinates(ring).tolist() for ring in shapely.get_rings(turned)]


def read_geojson(path: Path) -> dict[int, MultiPolygon]:
    """Polygons in map units by class code, from a file that :func:`to_geojson` made.

    Raises:
        ArtifactError: If it is no such file.
    """
    parts: dict[int, list[Polygon]] = {}
    try:
        for feature in _read_features(path):
            outer, *holes = feature["geometry"]["coordinates"]
            parts.setdefault(feature["properties"]["code"], []).append(Polygon(outer, holes))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArtifactError(f"{path}: no polygons of ours ({error}); run `polygons`") from error
    return {code: assembled(np.array(found, object)) for code, found in parts.items()}


@dataclass(frozen=True)
class MapObjects:
    """The objects of one class on a scene, as they were written.

    Attributes:
        parts: (n,) polygons in map units.
        probability: (n,) mean probability.
        area: (n,) square metres.
    """

    parts: Parts
    probability: NDArray[np.float64]
    area: NDArray[np.float64]


def read_objects(path: Path) -> dict[int, MapObjects]:
    """Objects by class code, from a file that :func:`to_geojson` made.

    Raises:
        ArtifactError: If it is no such file.
    """
    found: dict[int, list[tuple[Polygon, float, float]]] = {}
    try:
        for feature in _read_features(path):
            outer, *holes = feature["geometry"]["coordinates"]
            told = feature["properties"]
            values = float(told["mean_probability"]), float(told["area_m2"])
            found.setdefault(int(told["code"]), []).append((Polygon(outer, holes), *values))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArtifactError(f"{path}: no polygons of ours ({error}); run `polygons`") from error
    return {
        code: MapObjects(
            np.array([row[0] for row in rows], object),
            np.array([row[1] for row in rows]),
            np.array([row[2] for row in rows]),
        )
        for code, rows in found.items()
    }


def _read_features(path: Path) -> Iterator[dict[str, Any]]:
    """The features one by one, each on a line of its own."""
    with path.open(encoding="utf-8") as file:
        first, last = next(file, ""), ""
        if first.strip() != _START:
            raise ValueError("not a collection of features, one per line")
        for line in file:
            if last:
                yield json.loads(last.removesuffix(",\n"))
            last = line
        if last != _END.lstrip("\n"):
            raise ValueError("its end is missing")
