"""Items ``view-<id>`` of stage ``report``: what the viewer shows of a scene.

``picture-<n>.webp`` are its pictures; ``layers.json`` holds their names, the layers as the viewer
reads them, and how much of them was left out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pipeline.artifacts import Item, StageFolder
from pipeline.config import Config
from pipeline.files import read_json, write_bytes
from pipeline.imagery.tiles import TiledScene, open_tiles
from pipeline.reporting.viewer.composites import composites
from pipeline.reporting.viewer.scene_files import (
    ScenePicture,
    fit_layers,
    fit_pictures,
    pictures_limit,
    scene_json,
)
from pipeline.reporting.viewer.shapes import Shapes

VIEW: Final = "view-"
LAYERS: Final = "layers.json"
Layers = Mapping[str, Callable[[TiledScene], Sequence[Shapes] | None]]
"""By key, what gives a layer's polygons on a scene; None where the scene has no such layer."""


@dataclass(frozen=True)
class SceneView:
    """A scene that is shown.

    Attributes:
        item: Its item.
        tile: Its cache.
    """

    item: Item
    tile: Item

    @property
    def size(self) -> int:
        """Bytes that it takes in the page, about."""
        sizes = {name: file.size for name, file in self.item.files.items()}
        return sizes.pop(LAYERS) + sum(4 * -(-size // 3) for size in sizes.values())

    def record(self) -> dict[str, Any]:
        """What ``layers.json`` holds."""
        found: dict[str, Any] = read_json(self.item.path(LAYERS))
        return found

    def block(self) -> str:
        """Its block of the page."""
        record = self.record()
        pictures = [
            ScenePicture(name, self.item.path(_file(number)).read_bytes())
            for number, name in enumerate(record["pictures"])
        ]
        return scene_json(open_tiles(self.tile.folder), pictures, record["layers"])


def make_view(
    folder: StageFolder,
    config: Config,
    scene: str,
    tile: Item,
    layers: Layers,
    made_from: Any,
    limit: int,
) -> SceneView:
    """The item of a scene, made if it is not there or no longer true.

    Args:
        folder: The open folder of the stage that shows it.
        config: For its groups and the section ``report``.
        scene: Id of the scene.
        tile: Its cache.
        layers: What is shown; called only if the item is made.
        made_from: All that the layers depend on, as JSON.
        limit: Bytes that it may take in the page.
    """
    groups = [config.dataset.group(name) for name in config.used_groups()]
    chosen = composites(config.report, groups)
    inputs = {
        "tile": tile.digest,
        "layers": made_from,
        "pictures": [row.model_dump(mode="json") for row in chosen],
        "bands": [[row.name, list(row.bands)] for row in groups],
        "side": config.report.side,
        "limit": limit,
    }

    def build(target: Path) -> None:
        opened = open_tiles(tile.folder)
        found = {key: give(opened) for key, give in layers.items()}
        known = {key: shapes for key, shapes in found.items() if shapes is not None}
        encoded = fit_layers(known, opened.shape, limit)
        rest = pictures_limit(encoded, limit)
        pictures = fit_pictures(opened, chosen, groups, config.report.side, rest)
        for number, picture in enumerate(pictures):
            write_bytes(target / _file(number), picture.data)
        record = {
            "pictures": [picture.name for picture in pictures],
            "layers": {key: layer.record for key, layer in encoded.items()},
            "tolerance": max((layer.tolerance for layer in encoded.values()), default=0.0),
            "left_out": sum(layer.left_out for layer in encoded.values()),
        }
        write_bytes(target / LAYERS, json.dumps(record, separators=(",", ":")).encode())

    return SceneView(folder.item(f"{VIEW}{scene}", inputs, build), tile)


def _file(number: int) -> str:
    return f"picture-{number}.webp"
