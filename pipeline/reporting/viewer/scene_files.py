"""A scene of the viewer within a limit of bytes: its pictures, its layers, its block."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pipeline.config.dataset import BandGroupRow
from pipeline.config.report import Composite
from pipeline.imagery.tiles import TiledScene
from pipeline.imagery.transform import Shape
from pipeline.reporting.viewer.composites import (
    caption,
    draw_composite,
    natural_side,
    webp_bytes,
)
from pipeline.reporting.viewer.polygon_layer import EncodedLayer, encode_layer
from pipeline.reporting.viewer.shapes import Shapes

_LAYERS: Final = 0.6
"""Most that layers may take of a scene's bytes."""
_AROUND: Final = 600
"""Bytes of names and brackets, about."""
_TRIES: Final = tuple(
    (share, *quality)
    for share in (1.0, 0.8, 0.65, 0.5, 0.4, 0.3, 0.22, 0.16)
    for quality in ((80, 1.0), (65, 0.7), (50, 0.54))
)
"""Parts of the wanted side that are tried, each in three qualities, and what part of the best
quality's bytes these take, about."""
_GROWTH: Final = 1.6
"""A file grows with its side to this power, about."""


@dataclass(frozen=True)
class ScenePicture:
    """A picture of all of a scene: what the person reads, and a WebP file."""

    name: str
    data: bytes


def text_bytes(pictures: Sequence[ScenePicture]) -> int:
    """Bytes that pictures take in the page."""
    return sum(4 * -(-len(picture.data) // 3) for picture in pictures)


def fit_pictures(
    scene: TiledScene,
    chosen: Sequence[Composite],
    groups: Sequence[BandGroupRow],
    side: int,
    limit: int,
) -> list[ScenePicture]:
    """Pictures of a scene, as large and then as good as so many bytes of the page allow.

    Args:
        scene: The scene.
        chosen: What is shown.
        groups: Groups of the dataset.
        side: Pixels of the longer side at most.
        limit: Bytes in the page; the smallest pictures may take more.
    """
    sides = [min(side, natural_side(scene, composite)) for composite in chosen]
    found: list[ScenePicture] = []
    whole = 0.0
    for share, quality, size in _TRIES:
        hopeless = whole * size * share**_GROWTH > limit
        if hopeless and (share, quality, size) != _TRIES[-1]:
            continue
        longest = round(share * max(sides))
        found = [
            ScenePicture(
                caption(composite),
                webp_bytes(draw_composite(scene, composite, groups, min(own, longest)), quality),
            )
            for composite, own in zip(chosen, sides, strict=True)
        ]
        if text_bytes(found) <= limit:
            return found
        whole = text_bytes(found) / (size * share**_GROWTH)
    return found


def fit_layers(
    layers: Mapping[str, Sequence[Shapes]], shape: Shape, limit: int
) -> dict[str, EncodedLayer]:
    """Layers of a scene by key; what one leaves of its part, the later ones may use.

    Args:
        layers: Polygons in pixels of the working grid.
        shape: (H, W) of the working grid.
        limit: Bytes of the whole scene in the page, pictures included.
    """
    found: dict[str, EncodedLayer] = {}
    rest = int(_LAYERS * limit)
    for number, (key, shapes) in enumerate(layers.items()):
        found[key] = encode_layer(shapes, shape, rest // (len(layers) - number))
        rest -= found[key].size
    return found


def pictures_limit(layers: Mapping[str, EncodedLayer], limit: int) -> int:
    """Bytes that are left for a scene's pictures."""
    return max(0, limit - _AROUND - sum(layer.size for layer in layers.values()))


def scene_json(
    scene: TiledScene, pictures: Sequence[ScenePicture], layers: Mapping[str, Any]
) -> str:
    """A scene's block of the page.

    Args:
        scene: For its shape and the side of its pixels.
        pictures: Its pictures.
        layers: Record of each layer by key, see :class:`~.polygon_layer.EncodedLayer`.
    """
    block = {
        "shape": list(scene.shape),
        "metres": scene.metres,
        "pictures": [{"name": picture.name, "uri": _uri(picture.data)} for picture in pictures],
        "layers": layers,
    }
    return json.dumps(block, separators=(",", ":"))


def _uri(data: bytes) -> str:
    return f"data:image/webp;base64,{base64.b64encode(data).decode()}"
