"""``polygons``: outlines of the objects of every scene, in map units.

A scene without labels is cut at the thresholds chosen on all folds; a labelled one at those that
were chosen without its fold. Its network was not trained on it, but that network's weights were
chosen by their score on the fold, so its polygons flatter the chain. They do so more where
``polygons.thresholds`` names a threshold, or ``tune.use`` takes over what all folds tell.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import shapely

from pipeline.artifacts import Item
from pipeline.config.dataset import ClassRow
from pipeline.config.mapping import Polygons
from pipeline.errors import ArtifactError
from pipeline.files import read_json, write_bytes
from pipeline.imagery.tiles import TiledScene, open_tiles
from pipeline.learning.folds import read_folds
from pipeline.mapping.geojson import ClassObjects, to_geojson
from pipeline.mapping.polygons import mean_levels
from pipeline.mapping.postprocessing import cleaning_of, object_mask
from pipeline.mapping.raster import Levels, read_levels
from pipeline.mapping.simplification import simplified
from pipeline.mapping.thresholds import probability_of
from pipeline.mapping.tracing.corners import corners_of
from pipeline.mapping.tracing.rings import polygons_of, rings_of
from pipeline.progress import say, track
from pipeline.stages.currency import stale_stage
from pipeline.stages.job import SCENE, TUNE, Job

FILE = "polygons.geojson"


def run(job: Job) -> None:
    """Trace every predicted scene."""
    predictions, tiles = job.scenes("predict"), job.scenes("tiles")
    thresholds = _thresholds_of(job)
    if job.config.tune.use:
        _say_of_tuning(job)
    classes, settings = job.config.dataset.classes, job.config.polygons
    with job.open("polygons") as folder:
        for scene in track(sorted(predictions), "tracing scenes"):
            levels = thresholds(scene)
            inputs = {
                "prediction": predictions[scene].digest,
                "tile": tiles[scene].digest,
                "thresholds": levels,
                "classes": [[row.code, row.name] for row in classes],
                "polygons": settings.model_dump(mode="json"),
            }
            build = _build(predictions[scene], tiles[scene], classes, levels, settings)
            folder.item(f"{SCENE}{scene}", inputs, build)
        made = len(folder.built)
    say(f"polygons: {len(predictions)} scenes, {made} made, {len(predictions) - made} unchanged")


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


def _thresholds_of(job: Job) -> Callable[[str], list[int]]:
    """Levels of a scene, one per class in the configuration's order."""
    item = job.results("evaluate")["thresholds"]
    for_all = read_json(item.path("thresholds.json"))
    for_fold = read_json(item.path("held_out.json"))
    folds = read_folds(job.results("augment")["folds"].path("folds.json"))
    fold_of = {scene: str(index) for index, fold in enumerate(folds) for scene in fold}
    codes = job.config.dataset.codes

    def levels(scene: str) -> list[int]:
        table = for_fold[fold_of[scene]] if scene in fold_of else for_all
        try:
            return [int(table[str(code)]["level"]) for code in codes]
        except KeyError as error:
            raise ArtifactError(
                f"{item.folder}: has no threshold of class {error}; run `evaluate`"
            ) from None

    return levels


def _build(
    prediction: Item,
    tile: Item,
    classes: Sequence[ClassRow],
    thresholds: Sequence[int],
    settings: Polygons,
) -> Callable[[Path], None]:
    def build(folder: Path) -> None:
        scene = open_tiles(tile.folder)
        levels = read_levels(prediction.path("probability.tif"))
        objects = scene_objects(levels, scene, classes, thresholds, settings)
        write_bytes(folder / FILE, to_geojson(objects, scene.to_map).encode())

    return build


def scene_objects(
    levels: Levels,
    scene: TiledScene,
    classes: Sequence[ClassRow],
    thresholds: Sequence[int],
    settings: Polygons,
) -> list[ClassObjects]:
    """Objects of each class.

    Args:
        levels: (K, H, W) uint8.
        scene: For its resolution.
        classes: The K classes.
        thresholds: Level per class that ``evaluate`` chose.
        settings: Thresholds that replace those, smoothing, smallest areas and simplification.
    """
    pixel = scene.metres**2
    found = []
    for row, plane, level in zip(classes, levels, thresholds, strict=True):
        mask = object_mask(plane, cleaning_of(settings, row.code, level), scene.metres)
        rings = rings_of(corners_of(mask))
        parts = polygons_of(rings)
        if settings.simplify > 0:
            parts = simplified(parts, settings.simplify)
        means = mean_levels(mask, plane, rings) * probability_of(1)
        found.append(ClassObjects(row, parts, means, shapely.area(parts) * pixel))
    return found
