"""Reads what :mod:`pipeline.reporting.viewer.encoding` writes, number by number."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import Any

import shapely
from shapely import Polygon


def numbers(text: str) -> Iterator[int]:
    """Unsigned LEB128 numbers of a base64 text."""
    value = shift = 0
    for byte in base64.b64decode(text, validate=True):
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            yield value
            value = shift = 0
    assert shift == 0


def signed(number: int) -> int:
    return -(number + 1) // 2 if number % 2 else number // 2


def rings_of(group: Mapping[str, Any]) -> list[list[list[tuple[int, int]]]]:
    """Polygons of a group: their rings' points in whole units."""
    stream, found = numbers(group["rings"]), []
    x = y = 0
    for _ in range(group["count"]):
        rings = []
        for _ in range(next(stream)):
            ring = []
            for _ in range(next(stream)):
                x, y = x + signed(next(stream)), y + signed(next(stream))
                ring.append((x, y))
            rings.append(ring)
        found.append(rings)
    assert next(stream, None) is None
    return found


def values_of(group: Mapping[str, Any]) -> list[tuple[float, float | None]]:
    """Area in square metres and probability of each polygon of a group."""
    flat = list(numbers(group["values"]))
    assert len(flat) == 2 * group["count"]
    pairs = zip(flat[::2], flat[1::2], strict=True)
    return [(area / 10, None if chance == 0 else (chance - 1) / 254) for area, chance in pairs]


def polygons_of(group: Mapping[str, Any], step: int) -> list[Polygon]:
    """Polygons of a group in pixels."""
    scaled = [
        [[(x / step, y / step) for x, y in ring] for ring in rings] for rings in rings_of(group)
    ]
    return [shapely.Polygon(rings[0], rings[1:]) for rings in scaled]
