"""``polygons``: outlines of the objects of every scene, in map units.

A scene without labels is cut at the thresholds chosen on all folds; a labelled one at those that
were chosen without its fold. Its network was not trained on it, but that network's weights were
chosen by their score on the fold, so its polygons flatter the chain. They do so more where
``polygons.thresholds`` names a threshold, or ``tune.use`` takes over what all folds tell.

A scene whose masks don't fit into ``work.memory`` is worked on by strips; the result is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import shapely

from pipeline.artifacts import Item, StageFolder
from pipeline.config.dataset import ClassRow
from pipeline.config.mapping import Polygons
from pipeline.files import TEMPORARY, read_json, write_bytes, write_json
from pipeline.imagery.tiles import open_tiles
from pipeline.mapping.geojson import ClassObjects, write_geojson
from pipeline.mapping.geometry.outlining import outlined, outlining_of
from pipeline.mapping.masks.finishing import Finish, finish_of, object_planes
from pipeline.mapping.masks.gains import gains_csv, gains_record, step_overlaps, steps_of
from pipeline.mapping.masks.planes import Strips
from pipeline.mapping.polygons import mean_levels
from pipeline.mapping.prediction.answers import LevelRows
from pipeline.mapping.prediction.raster import open_levels
from pipeline.mapping.rules.spectral import IndexSource
from pipeline.mapping.thresholds import probability_of
from pipeline.mapping.tracing.corners import corners_by_rows
from pipeline.mapping.tracing.rings import polygons_of, rings_of
from pipeline.progress import say, track
from pipeline.reporting.gains_table import show_gains
from pipeline.stages.crew import Order, kept_for_job, make_items
from pipeline.stages.currency import stale_stage
from pipeline.stages.held_out import folds_of, read_held_out, thresholds_of
from pipeline.stages.job import SCENE, TUNE, Job
from pipeline.stages.layers import write_layers
from pipeline.stages.scene_indices import indices_of

FILE = "polygons.geojson"
GAINS = "gains.json"
GIB = 2**30


def run(job: Job) -> None:
    """Trace every predicted scene, and say what each step gains."""
    predictions = _known(job).predictions
    if job.config.tune.use:
        _say_of_tuning(job)
    scenes = sorted(predictions)
    finishes = {scene: _finish(job, scene) for scene in scenes}
    with job.open("polygons") as folder:
        make_items(job, folder, recipe, scenes, "tracing scenes")
        made = len(folder.built)
        write_layers(job, folder, scenes)
        known = job.config.polygons.gains and folds_of(job)
        gains = _gains(job, folder, finishes) if known else None
    if gains is not None:
        show_gains(read_json(gains.path(GAINS)), job.config.dataset.classes)
    say(f"polygons: {len(scenes)} scenes, {made} made, {len(scenes) - made} unchanged")


@dataclass(frozen=True)
class _Known:
    """What the polygons of all scenes have in common: earlier items by scene, and thresholds."""

    predictions: Mapping[str, Item]
    tiles: Mapping[str, Item]
    thresholds: Callable[[str], list[int]]


@kept_for_job
def _known(job: Job) -> _Known:
    return _Known(job.scenes("predict"), job.scenes("tiles"), thresholds_of(job))


def _finish(job: Job, scene: str) -> Finish:
    """What is done to the levels of a scene."""
    thresholds = _known(job).thresholds(scene)
    return finish_of(job.config.polygons, job.config.dataset.classes, thresholds)


def recipe(job: Job, scene: str) -> list[Order]:
    """The order of a scene's item."""
    known, finish = _known(job), _finish(job, scene)
    prediction, tile = known.predictions[scene], known.tiles[scene]
    inputs = _inputs(job, prediction, tile, finish)

    def build(target: Path) -> None:
        _write(job, target, prediction, tile, finish)

    return [Order(f"{SCENE}{scene}", inputs, build)]


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
    predictions, tiles = _known(job).predictions, _known(job).tiles
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


def _write(job: Job, folder: Path, prediction: Item, tile: Item, finish: Finish) -> None:
    """Write the objects of a scene; masks that don't fit in memory wait beside the result."""
    scene = open_tiles(tile.folder)
    classes, settings = job.config.dataset.classes, job.config.polygons
    memory = job.config.work.memory * GIB
    with (
        open_levels(prediction.path("probability.tif")) as levels,
        TemporaryDirectory(prefix=TEMPORARY, dir=folder) as scratch,
    ):
        shape = levels.shape[1:]
        strips = Strips.within(memory, shape, len(classes), settings.window, Path(scratch))
        index = indices_of(job, scene)
        objects = scene_objects(levels, strips, scene.metres, classes, finish, settings, index)
    write_geojson(folder / FILE, objects, scene.to_map)


def scene_objects(
    levels: LevelRows,
    strips: Strips,
    metres: float,
    classes: Sequence[ClassRow],
    finish: Finish,
    settings: Polygons,
    index: IndexSource,
) -> list[ClassObjects]:
    """Objects of each class.

    Args:
        levels: Of the K classes.
        strips: How the scene is worked on; the result does not depend on it.
        metres: Side of a pixel.
        classes: The K classes.
        finish: How their masks are made.
        settings: How these are traced and outlined.
        index: Values of spectral indices, for rules that need them.
    """
    planes = object_planes(levels, strips, finish, metres, index)
    traced, means = [], []
    for place, plane in enumerate(planes):
        rings = rings_of(corners_by_rows(plane.read, strips.shape))
        level = mean_levels(plane, strips, partial(levels.read, place), rings)
        means.append(level * probability_of(1))
        traced.append(polygons_of(rings))
    outlines = outlined(
        traced, planes, strips, [outlining_of(settings, row.code) for row in classes]
    )
    return [
        ClassObjects(row, parts, mean, shapely.area(parts) * metres**2)
        for row, parts, mean in zip(classes, outlines, means, strict=True)
    ]
