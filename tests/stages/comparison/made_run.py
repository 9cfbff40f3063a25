"""A finished run of squares, as its stages leave it: as much as a comparison reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import shapely
import yaml
from affine import Affine
from shapely import MultiPolygon, box

from pipeline.artifacts import StageFolder
from pipeline.config.dataset import ClassRow
from pipeline.files import write_json
from pipeline.imagery.scene import BandGroup
from pipeline.imagery.tiles import write_tiles
from pipeline.imagery.transform import moved
from pipeline.mapping.geojson import ClassObjects, write_geojson
from pipeline.mapping.scores.score_record import scenes_csv, score_record
from pipeline.mapping.scores.scoring import score_scenes
from pipeline.stages.job import RUNS

SIDE = 40
TO_MAP = Affine(0.5, 0, 100, 0, -0.5, 200)
Boxes = Sequence[tuple[float, float, float, float]]
Scene = Mapping[int, Boxes]
"""Boxes by class code in pixels: left, top, right, bottom."""
ROAD, WATER = ClassRow(code=1, name="Road"), ClassRow(code=2, name="Water")
TRUTH: Mapping[str, Scene] = {
    "a": {1: [(0, 0, 10, 10)], 2: [(20, 20, 30, 30)]},
    "b": {1: [(5, 5, 15, 15)], 2: []},
    "c": {1: [(0, 20, 10, 30)], 2: [(20, 0, 30, 10)]},
}
"""A hundred pixels of each class, and no water on scene b."""


def shifted(truth: Mapping[str, Scene], right: float) -> dict[str, dict[int, Boxes]]:
    """A prediction that is off by so many pixels."""
    return {
        scene: {
            code: [(x0 + right, y0, x1 + right, y1) for x0, y0, x1, y1 in boxes]
            for code, boxes in classes.items()
        }
        for scene, classes in truth.items()
    }


def make_run(
    name: str,
    predicted: Mapping[str, Scene],
    truth: Mapping[str, Scene] = TRUTH,
    classes: Sequence[ClassRow] = (ROAD, WATER),
    **settings: Any,
) -> Path:
    """A run in data/runs of the working folder.

    Args:
        name: Of the run.
        predicted: Of each of its scenes.
        truth: Of the scenes that are scored.
        classes: Its classes.
        settings: Sections of its configuration.
    """
    run = RUNS / name
    dataset: dict[str, Any] = {
        "folder": "data/raw",
        "classes": [row.model_dump(mode="json") for row in classes],
        "groups": [{"name": "M", "file": "{id}.tif", "metres": 0.5, "bands": ["x", "y", "z"]}],
    }
    run.mkdir(parents=True)
    (run / "config.yaml").write_text(yaml.safe_dump({"dataset": dataset, **settings}))
    with _stage(run, "scenes") as scenes, _stage(run, "tiles") as tiles:
        for scene in predicted:
            scenes.item(f"scene-{scene}", {}, partial(_write_scene, truth=truth.get(scene)))
            tiles.item(
                f"scene-{scene}", {}, partial(_write_tiles, scene=scene, classes=len(classes))
            )
    with _stage(run, "polygons") as polygons:
        for scene, found in predicted.items():
            polygons.item(
                f"scene-{scene}", {}, partial(_write_objects, predicted=found, classes=classes)
            )
    with _stage(run, "score") as score:
        score.item("table", {}, lambda f: _write_score(f, predicted, truth, classes))
    with _stage(run, "train") as train:
        for fold in range(2):
            train.item(f"all-fold-{fold}", {}, partial(_write_training, fold=fold))
    return run


def _stage(run: Path, name: str) -> StageFolder:
    return StageFolder(run / name, name, "test")


def _whole(boxes: Boxes) -> MultiPolygon:
    return moved(MultiPolygon([box(*corners) for corners in boxes]), TO_MAP)


def _write_scene(folder: Path, truth: Scene | None) -> None:
    record = {"shape": [SIDE, SIDE], "to_map": list(TO_MAP[:6]), "crs": None, "role": "train"}
    write_json(folder / "scene.json", record)
    if truth is not None:
        labels = {str(code): _whole(boxes).wkt for code, boxes in truth.items()}
        write_json(folder / "labels.json", labels)


def _write_tiles(folder: Path, scene: str, classes: int) -> None:
    pixels = np.arange(3 * SIDE**2, dtype=np.uint16).reshape(3, SIDE, SIDE) + 1
    group = BandGroup("M", pixels, None, Affine.identity())
    field = np.zeros((SIDE, SIDE), np.uint8)
    write_tiles(folder, scene, (group,), Affine.identity(), TO_MAP, 0.5, field, classes, True)


def _write_objects(folder: Path, predicted: Scene, classes: Sequence[ClassRow]) -> None:
    objects = []
    for row in classes:
        parts = np.array([box(*corners) for corners in predicted.get(row.code, ())], object)
        area = shapely.area(parts) * 0.25
        objects.append(ClassObjects(row, parts, np.full(len(parts), 0.8), area))
    write_geojson(folder / "polygons.geojson", objects, TO_MAP)


def _write_score(
    folder: Path,
    predicted: Mapping[str, Scene],
    truth: Mapping[str, Scene],
    classes: Sequence[ClassRow],
) -> None:
    pairs = (
        (
            scene,
            {code: _whole(boxes) for code, boxes in predicted[scene].items()},
            {code: _whole(boxes) for code, boxes in true.items()},
        )
        for scene, true in truth.items()
        if scene in predicted
    )
    score = score_scenes(pairs, classes)
    write_json(folder / "score.json", score_record(score, classes, "zero", "held-out"))
    (folder / "scenes.csv").write_text(scenes_csv(score))


def _write_training(folder: Path, fold: int) -> None:
    rows = [f"{step},0.5,0.1,1.0,{0.1 * fold + step / 100}," for step in (10, 20)]
    text = "\n".join(["step,loss,rate,seconds,mean_jaccard,jaccard_1", *rows])
    (folder / "history.csv").write_text(text + "\n")
    record = {"best_step": 20, "steps": 20, "stopped": "steps", "seconds": 1.0, "device": "cpu"}
    write_json(folder / "training.json", record)
