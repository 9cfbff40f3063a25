"""Polygons of any GeoJSON file (RFC 7946): written by this pipeline or by others."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from shapely import MultiPolygon, Polygon

from pipeline.config.dataset import ClassRow
from pipeline.errors import ScoringError
from pipeline.imagery.polygon_text import MOST_COORDINATE, is_measurable
from pipeline.mapping.vectors.features import Entry, code_of, columns_of, scene_of

_SYSTEM: Final = re.compile(r"(EPSG):(?:[\d.]*:)?(\d+)$", re.IGNORECASE)
_LEAST_POINTS: Final = 4


def read_geojson_file(path: Path, classes: Sequence[ClassRow], scene: str) -> Iterator[Entry]:
    """Polygons by scene and class, in that order.

    Args:
        path: A collection of features that are polygons or multipolygons.
        classes: Classes that may occur, by code or name.
        scene: Scene of all features that no property gives another.

    Raises:
        ScoringError: If the file is no such collection, naming the feature.
    """
    whole = _loaded(path)
    shapes: dict[tuple[str, int], list[Any]] = {}
    for number, feature in enumerate(whole["features"], start=1):
        place = f"{path}, feature {number}"
        properties, geometry = _checked(place, feature)
        columns = columns_of(path, properties)
        code = code_of(place, properties[columns.code], classes)
        image = scene if columns.scene is None else scene_of(place, properties[columns.scene])
        shapes.setdefault((image, code), []).append(geometry)
    system = _system(whole.get("crs"))
    for image, code in sorted(shapes):
        place = f"{path}, scene {image}, class {code}"
        yield Entry(place, image, code, partial(_polygons, shapes[image, code]), system)


def _loaded(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise ScoringError(f"{path}: no such file; put it there or correct its name")
    try:
        whole = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as fault:
        raise ScoringError(f"{path}: is no JSON ({str(fault)[:80]}); write it anew") from None
    if not isinstance(whole, dict) or not isinstance(whole.get("features"), list):
        raise ScoringError(f"{path}: is no FeatureCollection of GeoJSON; write it as one")
    return whole


def _checked(place: str, feature: Any) -> tuple[Mapping[str, Any], Any]:
    """Properties and geometry of a feature."""
    if not isinstance(feature, dict) or not isinstance(feature.get("properties"), dict):
        raise ScoringError(f"{place}: is no feature with properties; write the file anew")
    return feature["properties"], feature.get("geometry")


def _system(member: Any) -> str | None:
    """Coordinate system that a file of before RFC 7946 may name."""
    try:
        found = _SYSTEM.search(member["properties"]["name"])
    except (KeyError, TypeError):
        return None
    return None if found is None else f"{found[1]}:{found[2]}".upper()


def _polygons(shapes: Sequence[Any]) -> MultiPolygon:
    """Polygons of several geometries as one, not necessarily valid.

    Raises:
        ValueError: Saying what is wrong.
    """
    return MultiPolygon([Polygon(*rings) for shape in shapes for rings in _parts(shape)])


def _parts(shape: Any) -> list[tuple[Any, list[Any]]]:
    """Shell and holes of each polygon of a geometry; null has none."""
    if shape is None:
        return []
    kind = shape.get("type") if isinstance(shape, dict) else None
    if kind not in {"Polygon", "MultiPolygon"}:
        raise ValueError(f"a geometry is {str(kind)[:40]!r}; only Polygon and MultiPolygon")
    inner = shape.get("coordinates")
    parts = [inner] if kind == "Polygon" else inner
    if not isinstance(parts, list) or not all(isinstance(part, list) for part in parts):
        raise ValueError("a geometry has no lists of rings as coordinates; write the file anew")
    return [(_ring(part[0]), [_ring(ring) for ring in part[1:]]) for part in parts if part]


def _ring(points: Any) -> Any:
    """A ring of (n, 2) or (n, 3) finite numbers, closed if it is not."""
    try:
        numbers = np.array(points, np.float64)
    except (TypeError, ValueError, OverflowError, RecursionError):
        raise ValueError("a ring is no list of points; write the file anew") from None
    if numbers.ndim != 2 or numbers.shape[1] not in {2, 3} or len(numbers) < _LEAST_POINTS:
        raise ValueError(f"a ring of shape {numbers.shape} is no list of {_LEAST_POINTS} points")
    if not is_measurable(numbers[:, :2]).all():
        raise ValueError(
            f"holds coordinates that are not finite, or past {MOST_COORDINATE:g}; correct them"
        )
    return shapely.linearrings(numbers[:, :2])
