"""The picture of a run: part of stage ``score``, item ``overview``."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.artifacts import Item, StageFolder, publish
from pipeline.config.dataset import ClassRow
from pipeline.files import hash_file, read_json
from pipeline.imagery.outlines import made_valid
from pipeline.imagery.tiles import TiledScene, open_tiles
from pipeline.imagery.transform import moved
from pipeline.mapping.geojson import read_geojson
from pipeline.mapping.scores.scoring import Polygons
from pipeline.mapping.tables import Polygonal, geometry_of
from pipeline.mapping.vectors.sources import Source
from pipeline.reporting.overview import SceneView, draw_overview
from pipeline.reporting.picture import colour_picture
from pipeline.reporting.viewer.scene_choice import spread
from pipeline.stages.job import Job

FILE = "overview.png"
_SHOWN = 3
_LABELS = "labels.json"


def make_overview(job: Job, folder: StageFolder) -> None:
    """Draw up to three scenes: imagery, predicted polygons, and true ones where they are known."""
    scenes, tiles, polygons = (job.scenes(stage) for stage in ("scenes", "tiles", "polygons"))
    chosen = shown_scenes(scenes, polygons)
    dataset = job.config.dataset
    solution = None if dataset.solution is None else dataset.folder / dataset.solution
    inputs: dict[str, Any] = {
        "classes": [row.model_dump(mode="json") for row in dataset.classes],
        "solution": None if solution is None else hash_file(solution),
        "scenes": {
            scene: [items[scene].digest for items in (scenes, tiles, polygons)] for scene in chosen
        },
    }

    def build(target: Path) -> None:
        truths = truths_of(scenes, chosen, solution, dataset.classes)
        views = []
        for scene in chosen:
            tile = open_tiles(tiles[scene].folder)
            predicted = read_geojson(polygons[scene].path("polygons.geojson"))
            truth = truths.get(scene)
            views.append(
                SceneView(
                    name=scene,
                    picture=colour_picture(tile),
                    shape=tile.shape,
                    predicted=on_grid(predicted, tile),
                    truth=None if truth is None else on_grid(truth, tile),
                )
            )
        draw_overview(views, dataset.classes).save(target / FILE)

    item = folder.item("overview", inputs, build)
    publish(item, FILE, folder.folder / FILE)


def shown_scenes(scenes: Mapping[str, Item], polygons: Collection[str]) -> list[str]:
    """The test scenes (or else any) with the largest labels, or else evenly spaced ones.

    What was predicted has no part in it, so that pictures of two runs show the same scenes.
    """
    roles = {scene: read_json(scenes[scene].path("scene.json"))["role"] for scene in polygons}
    wanted = sorted(scene for scene in polygons if roles[scene] == "test") or sorted(polygons)
    sizes = {
        scene: scenes[scene].files[_LABELS].size
        for scene in wanted
        if _LABELS in scenes[scene].files
    }
    first = sorted(sizes, key=lambda scene: (-sizes[scene], scene))[:_SHOWN]
    others = [scene for scene in wanted if scene not in sizes]
    return sorted([*first, *spread(others, _SHOWN - len(first))])


def truths_of(
    scenes: Mapping[str, Item],
    chosen: Collection[str],
    solution: Path | None,
    classes: Sequence[ClassRow],
) -> dict[str, Polygons]:
    """True polygons in map units of those chosen scenes whose truth is known.

    Args:
        scenes: Items of stage ``scenes``; labels that they have come first.
        chosen: Ids of the scenes.
        solution: File of the test scenes' true polygons, or None.
        classes: Classes that may occur there.
    """
    truths: dict[str, dict[int, Polygonal]] = {
        scene: read_labels(scenes[scene]) for scene in chosen if _LABELS in scenes[scene].files
    }
    if solution is not None:
        for entry in Source(solution, classes).entries():
            if entry.image in chosen:
                truths.setdefault(entry.image, {})[entry.code] = entry.geometry()
    return {scene: dict(truth) for scene, truth in truths.items()}


def on_grid(polygons: Polygons, tile: TiledScene) -> Polygons:
    """Valid polygons by class code in pixels of the working grid."""
    return {code: moved(made_valid(whole), ~tile.to_map) for code, whole in polygons.items()}


def read_labels(item: Item) -> dict[int, Polygonal]:
    """Labels of a scene by class code, in map units."""
    texts = read_json(item.path(_LABELS))
    return {int(code): geometry_of(text) for code, text in texts.items()}


def read_ignored(item: Item) -> Polygonal | None:
    """Ground of a scene of which nothing is known, in map units; None where all is known."""
    if "ignored.json" not in item.files:
        return None
    return geometry_of(read_json(item.path("ignored.json"))["ignored"])
