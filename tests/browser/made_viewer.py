"""Scenes for the viewer, made and encoded by hand: a second reading of the wire format."""

from __future__ import annotations

import base64
import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from pipeline.reporting.viewer.data import ViewerClass, ViewerScene

Ring = Sequence[tuple[float, float]]
STEP = 16


@dataclass(frozen=True)
class Shape:
    """A polygon: its outline and holes in pixels of the scene, its area and probability."""

    rings: tuple[Ring, ...]
    area: float | None = None
    probability: float | None = None


def square(left: float, top: float, side: float) -> Ring:
    """Corners of a square."""
    return ((left, top), (left + side, top), (left + side, top + side), (left, top + side))


def box(
    left: float,
    top: float,
    side: float,
    area: float | None = None,
    probability: float | None = None,
) -> Shape:
    """A square polygon."""
    return Shape((square(left, top, side),), area, probability)


def _leb(value: int) -> bytes:
    digits = []
    while value > 127:
        digits.append(value % 128 + 128)
        value //= 128
    return bytes([*digits, value])


def _base64(numbers: Iterable[int]) -> str:
    return base64.b64encode(b"".join(map(_leb, numbers))).decode()


def _steps(shapes: Iterable[Shape]) -> Iterable[int]:
    x = y = 0
    for shape in shapes:
        yield len(shape.rings)
        for ring in shape.rings:
            yield len(ring)
            for right, down in ring:
                to_x, to_y = round(right * STEP), round(down * STEP)
                for step in (to_x - x, to_y - y):
                    yield 2 * step if step >= 0 else -2 * step - 1
                x, y = to_x, to_y


def _values(shapes: Iterable[Shape]) -> Iterable[int]:
    for shape in shapes:
        yield 0 if shape.area is None else round(shape.area * 10)
        yield 0 if shape.probability is None else round(shape.probability * 254) + 1


def layer(groups: Mapping[int, Sequence[Shape]]) -> dict[str, object]:
    """A layer's part of a scene's block."""
    rows = [
        {
            "code": code,
            "count": len(shapes),
            "rings": _base64(_steps(shapes)),
            "values": _base64(_values(shapes)),
        }
        for code, shapes in groups.items()
    ]
    return {"step": STEP, "groups": rows}


def picture(height: int, width: int, colour: tuple[int, int, int] | None = None) -> str:
    """A picture as a data address: one colour, or smooth hills."""
    if colour is not None:
        pixels = np.full((height, width, 3), colour, dtype=np.uint8)
    else:
        y, x = np.mgrid[:height, :width] / 60
        waves = [np.sin(x + k) * np.cos(y - k) + 0.4 * np.sin(3 * x * y / 9 + k) for k in (0, 1, 2)]
        pixels = (90 + 35 * np.stack(waves, axis=-1)).clip(0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def scene(
    name: str,
    layers: Mapping[str, Mapping[int, Sequence[Shape]]],
    shape: tuple[int, int] = (100, 100),
    *,
    metres: float | None = 0.5,
    pictures: Sequence[tuple[str, str]] | None = None,
    note: str = "",
) -> ViewerScene:
    """A scene; without pictures it has a grey one."""
    if pictures is None:
        pictures = [("true colour", picture(10, 10, (90, 90, 90)))]
    block = {
        "shape": shape,
        "metres": metres,
        "pictures": [{"name": title, "uri": uri} for title, uri in pictures],
        "layers": {key: layer(groups) for key, groups in layers.items()},
    }
    return ViewerScene(id=name, note=note, layers=tuple(layers), json=json.dumps(block))


def many(count: int, side: int, seed: int, points: int = 20) -> dict[int, list[Shape]]:
    """So many blobs of ten classes, spread over a scene of side pixels."""
    source = np.random.default_rng(seed)
    turns = np.linspace(0, 2 * math.pi, points, endpoint=False)
    middles = source.uniform(0, side, (count, 1, 2))
    sizes = source.gamma(2, side / (6 * math.sqrt(count)), (count, 1))
    radii = sizes * source.uniform(0.7, 1.3, (count, points))
    rings = middles + radii[..., None] * np.stack([np.cos(turns), np.sin(turns)], axis=-1)
    groups: dict[int, list[Shape]] = {}
    for number, ring in enumerate(rings.clip(0, side).tolist()):
        groups.setdefault(number % 10 + 1, []).append(Shape((ring,), 3.0 * number, 0.9))
    return groups


def classes(count: int = 3) -> tuple[ViewerClass, ...]:
    """Classes in clear colours; the first three are plain red, green and blue."""
    hues = ["#ff0000", "#00ff00", "#0000ff", "#e69f00", "#56b4e9", "#009e73", "#f0e442", "#cc79a7"]
    patterns = ["solid", "diagonal", "dots", "cross", "back-diagonal"]
    return tuple(
        ViewerClass(
            number + 1,
            f"Class {number + 1}",
            hues[number % 8],
            "solid" if number < 3 else patterns[number % 5],
        )
        for number in range(count)
    )
