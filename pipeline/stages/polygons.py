"""``polygons``: outlines of the objects of every scene, in map units.

A scene without labels is cut at the thresholds chosen on all folds; a labelled one at those that
were chosen without its fold. Its network was not trained on it, but that network's weights were
chosen by their score on the fold, so its polygons flatter the chain. They do so more where
``polygons.thresholds`` names a threshold, or ``tune.use`` takes over what all folds tell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import shapely

from pipeline.artifacts import Item, StageFolder
from pipeline.config.dataset import ClassRow
from pipeline.config.mapping import Polygons
from pipeline.files import read_json, write_bytes, write_json
from pipeline.imagery.tiles import open_tiles
from pipeline.mapping.geojson import ClassObjects, to_geojson
from pipeline.mapping.geometry.outlining import outlined, outlining_of
from pipeline.mapping.masks.finishing import Finish, finish_of, object_masks
from pipeline.mapping.masks.gains import gains_csv, gains_record, step_overlaps, steps_of
from pipeline.mapping.polygons import mean_levels
from pipeline.mapping.prediction.raster import Levels, read_levels
from pipeline.mapping.rules.spectral import IndexSource
from pipeline.mapping.thresholds import probability_of
from pipeline.mapping.tracing.corners import corners_of
from pipeline.mapping.tracing.rings import polygons_of, rings_of
from pipeline.progress import say, track
from pipeline.reporting.gains_table import show_gains
from pipeline.stages.currency import stale_stage
from pipeline.stages.held_out import folds_of, read_held_out, thresholds_of
from pipeline.stages.job import SCENE, TUNE, Job
from pipeline.stages.scene_indices import indices_of

FILE = "polygons.geojson"
GAINS = "gains.json"


def run(job: Job) -> None:
    """Trace every predicted scene, and say what each step gains."""
    predictions, tiles = job.scenes("predict"), job.scenes("tiles")
    thresholds = thresholds_of(job)
    if job.config.tune.use:
        _say_of_tuning(job)
    classes, settings = job.config.dataset.classes, job.config.polygons
    finishes = {scene: finish_of(settings, classes, thresholds(scene)) for scene in predictions}
    with job.open("polygons") as folder:
        for scene in track(sorted(predictions), "tracing scenes"):
            inputs = _inputs(job, predictions[scene], tiles[scene], finishes[scene])
            build = _build(job, predictions[scene], tiles[scene], finishes[scene])
            folder.item(f"{SCENE}{scene}", inputs, build)
        made = len(folder.built)
        gains = _gains(job, folder, finishes) if settings.gains else None
    if gains is not None:
        show_gains(read_json(gains.path(GAINS)), classes)
    say(f"polygons: {len(predictions)} scenes, {made} made, {len(predictions) - made} unchanged")


def _inputs(job: Job, prediction: Item, tile: Item, finish: Finish) -> dict[str, Any]:
    """What a scene's polygons depend on."""
    outlines = {"simplify_cost", "square", "round", "reshape_cost"}
    return {
        "prediction": prediction.digest,
        "tile": tile.digest,
        "finish": finish.to_json(),
        "classes": [[row.code, row.name] for row in job.config.dataset.classes],
        "outlines": job.config.polygons.model_dump(mode="json", include=outlines),
        **_bands(job),
    }


def _bands(job: Job) -> dict[str, Any]:
    """What spectral indices depend on beside the tiles, if a rule asks for one."""
    if not any(row.rule == "index" and row.on for row in job.config.polygons.rules):
        return {}
    groups = [row.model_dump(mode="json") for row in job.config.dataset.groups]
    return {"groups": groups, "resampling": job.config.features.resampling}


def _gains(job: Job, folder: StageFolder, finishes: Mapping[str, Finish]) -> Item:
    """What each step gains on held-out scenes, pixels."""
    predictions, tiles = job.scenes("predict"), job.scenes("tiles")
    labelled = [scene for fold in folds_of(job) for scene in fold]
    absent, classes = job.config.score.absent, job.config.dataset.classes
    inputs = {
        "scenes": {
            scene: [predictions[scene].digest, tiles[scene].digest, finishes[scene].to_json()]
            for scene in labelled
        },
        "absent": absent,
        **_bands(job),
    }

    def build(target: Path) -> None:
        every, overlaps = [finishes[scene] for scene in labelled], []
        for scene in track(labelled, "scoring steps"):
            held_out = read_held_out(predictions[scene], tiles[scene])
            index = indices_of(job, open_tiles(tiles[scene].folder))
            overlaps.append(step_overlaps(held_out, steps_of(finishes[scene], every), index))
        names = [step.name for step in steps_of(every[0], every)]
        record = gains_record(names, overlaps, classes, absent)
        write_json(target / GAINS, record)
        write_bytes(target / "gains.csv", gains_csv(record).encode())

    return folder.item("gains", inputs, build)


def _say_of_tuning(job: Job) -> None:
    """What a person should know of values that are taken over."""
    say(
        "polygons: tune.use: labelled scenes are cut by what their own labels helped to choose, "
        f"so their polygons' score flatters; {job.run / TUNE}/tuned/scores.json has the "
        "cross-fitted one"
    )
    if stale_stage(job.run, TUNE) is not None:
        say(
            "polygons: tune.use: what is taken over was tuned on other predictions, by other "
            "settings or code; `make tune` brings it up to date"
        )


def _build(job: Job, prediction: Item, tile: Item, finish: Finish) -> Callable[[Path], None]:
    def build(folder: Path) -> None:
        scene = open_tiles(tile.folder)
        levels = read_levels(prediction.path("probability.tif"))
        index = indices_of(job, scene)
        classes, settings = job.config.dataset.classes, job.config.polygons
        objects = scene_objects(levels, scene.metres, classes, finish, settings, index)
        write_bytes(folder / FILE, to_geojson(objects, scene.to_map).encode())

    return build


def scene_objects(
    levels: Levels,
    metres: float,
    classes: Sequence[ClassRow],
    finish: Finish,
    settings: Polygons,
    index: IndexSource,
) -> list[ClassObjects]:
    """Objects of each class.

    Args:
        levels: (K, H, W) uint8.
        metres: Side of a pixel.
        classes: The K classes.
        finish: How their masks are made.
        settings: How these are traced and outlined.
        index: Values of spectral indices, for rules that need them.
    """
    masks = object_masks(levels, finish, metres, index, settings.window)
    rings = [rings_of(corners_of(mask)) for mask in masks]
    rows = [outlining_of(settings, row.code) for row in classes]
    outlines = outlined([polygons_of(row) for row in rings], list(masks), rows)
    found = []
    for row, plane, mask, ring, parts in zip(classes, levels, masks, rings, outlines, strict=True):
        means = mean_levels(mask, plane, ring) * probability_of(1)
        areas = shapely.area(parts) * metres**2
        found.append(ClassObjects(row, parts, means, areas))
    return found
