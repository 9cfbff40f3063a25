"""The scenes with their polygons, to be looked at."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from pipeline.artifacts import Item, StageFolder
from pipeline.config import Config
from pipeline.files import read_json
from pipeline.imagery.tiles import TiledScene, open_tiles
from pipeline.progress import track
from pipeline.reporting.page.blocks import Block, Place, Section, Text
from pipeline.reporting.viewer.data import UNKNOWN, Viewer, ViewerLayer, ViewerScene
from pipeline.reporting.viewer.palette import viewer_classes
from pipeline.reporting.viewer.scene_choice import LEAST, chosen_scenes, shares
from pipeline.reporting.viewer.scene_notes import Standing, notes_of, scene_note
from pipeline.reporting.viewer.shapes import Shapes
from pipeline.stages.evidence.chapter import Chapter, finished
from pipeline.stages.evidence.scene_layers import (
    TruthReader,
    predicted_shapes,
    true_shapes,
    truth_keys,
    truth_reader,
    unknown_shapes,
)
from pipeline.stages.evidence.scene_views import Layers, SceneView, make_view
from pipeline.stages.held_out import fold_of_scenes
from pipeline.stages.job import SCENE, Job

PREDICTION, TRUTH = "prediction", "truth"
LEAST_PART: Final = 0.3
"""Part of the file that scenes may take at least."""
_PAGE, _CLASS, _PATCH, _MODEL = 400_000, 75_000, 20_000, 300_000
"""Bytes of the rest of the page, about: of any page, and of each class, of each of its patches and
of each model."""


@dataclass(frozen=True)
class ViewerChapter:
    """The viewer of a report and the section that it stands in.

    Attributes:
        inputs: All that the viewer depends on, as JSON.
        write: Makes what it shows; called only if the page is made anew.
        chapter: The section.
    """

    inputs: Mapping[str, Any]
    write: Callable[[], Viewer]
    chapter: Chapter


def viewer_of(job: Job, folder: StageFolder) -> ViewerChapter | None:
    """The viewer of a run's scenes; None where no scene has polygons yet."""
    results = {stage: _scenes(job, stage) for stage in ("scenes", "tiles", "polygons")}
    names = sorted(set.intersection(*(set(items) for items in results.values())))
    if not names:
        return None
    limit = scenes_limit(job.config)
    standing = _standing(job, results["scenes"], names)
    chosen = chosen_scenes(names, standing.scores, _most(job, limit))
    views = _views(job, folder, results, chosen, limit)
    shown = _within(views, limit)
    said = notes_of(len(names), len(chosen), len(shown), job.config.report, bool(standing.folds))
    classes = viewer_classes(job.config.dataset.classes)
    notes = {name: scene_note(name, standing) for name in shown}
    inputs = {
        "scenes": {name: [view.item.digest, notes[name]] for name, view in shown.items()},
        "classes": [vars(row) for row in classes],
    }

    def write() -> Viewer:
        scenes = [_scene(name, view, notes[name]) for name, view in shown.items()]
        layers = (ViewerLayer(PREDICTION, "Prediction"), ViewerLayer(TRUTH, "Truth"))
        return Viewer(classes, layers, ((PREDICTION, TRUTH),), tuple(scenes))

    def sections() -> list[Section]:
        blocks: list[Block] = [Text(said[0]), Place()]
        blocks += [Text(line, "note") for line in said[1:]]
        return [Section("scenes", "Scenes", tuple(blocks))]

    return ViewerChapter(inputs, write, Chapter("scenes", {"notes": said}, sections))


def scenes_limit(config: Config) -> int:
    """Bytes that all scenes may take: what the rest of the page leaves, as far as one can tell."""
    whole = int(1e6 * config.report.megabytes)
    each = _CLASS + _PATCH * config.report.patches
    rest = _PAGE + each * len(config.dataset.classes) + _MODEL * len(config.models)
    return max(whole - rest, int(LEAST_PART * whole))


def _scenes(job: Job, stage: str) -> dict[str, Item]:
    items = finished(job, stage) or {}
    return {
        name.removeprefix(SCENE): item for name, item in items.items() if name.startswith(SCENE)
    }


def _most(job: Job, limit: int) -> int:
    return max(1, min(job.config.report.scenes, limit // LEAST))


def _views(
    job: Job,
    folder: StageFolder,
    results: Mapping[str, Mapping[str, Item]],
    chosen: list[str],
    limit: int,
) -> dict[str, SceneView]:
    """The items of the scenes that are to be shown."""
    scenes, tiles, polygons = (results[stage] for stage in ("scenes", "tiles", "polygons"))
    shapes = {name: open_tiles(tiles[name].folder).shape for name in chosen}
    parts = shares(shapes, limit)
    dataset = job.config.dataset
    named = [[row.code, row.name] for row in dataset.classes]  # a solution may go by names
    keys, truth = truth_keys(dataset, scenes), truth_reader(dataset, scenes)
    found = {}
    for name in track(chosen, "report: scenes"):
        layers: Layers = {
            PREDICTION: partial(predicted_shapes, polygons[name]),
            TRUTH: partial(_truth, truth, name),
            UNKNOWN: partial(unknown_shapes, scenes[name]),
        }
        made_from = [polygons[name].digest, keys.get(name), named]
        found[name] = make_view(
            folder, job.config, name, tiles[name], layers, made_from, parts[name]
        )
    return found


def _truth(read: TruthReader, name: str, tile: TiledScene) -> list[Shapes] | None:
    known = read(name)
    return None if known is None else true_shapes(known, tile)


def _within(views: Mapping[str, SceneView], limit: int) -> dict[str, SceneView]:
    """The scenes that fit in so many bytes: the largest are left out, but never all."""
    sizes = {name: view.size for name, view in views.items()}
    kept = dict(views)
    for name in sorted(views, key=lambda name: (-sizes[name], name))[: len(views) - 1]:
        if sum(sizes[left] for left in kept) <= limit:
            break
        del kept[name]
    return kept


def _scene(name: str, view: SceneView, note: str) -> ViewerScene:
    record = view.record()
    said = [note, *_simplified(record)]
    return ViewerScene(name, "; ".join(filter(None, said)), tuple(record["layers"]), view.block())


def _simplified(record: Mapping[str, Any]) -> list[str]:
    """What a person should know of the layers of a scene that was too large."""
    said = []
    if record["tolerance"] > 0.5:
        said.append(f"outlines simplified by {record['tolerance']:g} pixels")
    if record["left_out"]:
        said.append(f"{record['left_out']:,} of the smallest polygons left out")
    return said


def _standing(job: Job, scenes: Mapping[str, Item], names: list[str]) -> Standing:
    """What is known of the scenes beside their pixels."""
    augmented = job.config.ensemble.trained is None and finished(job, "augment") is not None
    roles = {name: str(read_json(scenes[name].path("scene.json"))["role"]) for name in names}
    unknown = frozenset(name for name in names if "ignored.json" in scenes[name].files)
    return Standing(roles, fold_of_scenes(job) if augmented else {}, _scores(job), unknown)


def _scores(job: Job) -> dict[str, float]:
    """Mean Jaccard index of each scene over the classes that are there or were found."""
    found: dict[str, list[float]] = {}
    item = (finished(job, "score") or {}).get("table")
    if item is None:
        return {}
    with item.path("scenes.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["jaccard"]:
                found.setdefault(row["scene"], []).append(float(row["jaccard"]))
    return {scene: sum(values) / len(values) for scene, values in found.items()}
