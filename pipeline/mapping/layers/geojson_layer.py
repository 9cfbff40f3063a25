"""GeoJSON by RFC 7946: one collection for all scenes, in longitude and latitude."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import numpy as np
import shapely

from pipeline.mapping.geometry.simplification import Parts
from pipeline.mapping.layers.ground_area import west_and_east
from pipeline.mapping.layers.lon_lat import DIGITS
from pipeline.mapping.layers.map_objects import MapObjects


def geojson_lines(objects: MapObjects, shapes: Parts, names: Mapping[int, str]) -> Iterator[str]:
    """Text of a collection, a feature per line; objects without a shape are left out.

    Args:
        objects: Their attributes.
        shapes: (n,) their polygons in longitude and latitude.
        names: Name of each class code.
    """
    there = np.flatnonzero(~shapely.is_empty(shapes))
    box = json.dumps(_bounds(shapes[there])) if len(there) else None
    yield '{"type":"FeatureCollection",' + (f'"bbox":{box},' if box else "") + '"features":[\n'
    heads = {code: _text({"class": name, "code": code})[:-1] for code, name in names.items()}
    columns = zip(
        objects.code[there],
        np.round(objects.area[there], 3),
        np.round(objects.probability[there], 4),
        objects.scene[there],
        shapely.to_geojson(shapes[there]),
        strict=True,
    )
    for row, (code, area, probability, scene, shape) in enumerate(columns):
        yield (
            f'{"," if row else ""}{{"type":"Feature","properties":{heads[code]},'
            f'"area_m2":{area!s},"probability":{probability!s},"scene":{_text(scene)}}},'
            f'"geometry":{shape}}}\n'
        )
    yield "]}\n"


def _bounds(shapes: Parts) -> list[float]:
    """West, south, east, north; west is the larger one where the antimeridian lies between."""
    bounds = shapely.bounds(shapely.get_parts(shapes))
    west, east = west_and_east(bounds[:, 0], bounds[:, 2])
    east = east if east <= 180 else round(east - 360, DIGITS)
    return [west, float(bounds[:, 1].min()), east, float(bounds[:, 3].max())]


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
