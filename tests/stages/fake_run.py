"""A run as the stages before `predict` leave it: small scenes, networks of one convolution."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from affine import Affine
from numpy.typing import NDArray
from torch import nn

from pipeline.artifacts import StageFolder
from pipeline.config import Config
from pipeline.config.network import UNet
from pipeline.files import write_json
from pipeline.imagery.bit_field import pack
from pipeline.imagery.channels import Channels
from pipeline.imagery.features import InputRecipe, Normalisation
from pipeline.imagery.scene import BandGroup
from pipeline.imagery.tiles import write_tiles
from pipeline.imagery.transform import moved
from pipeline.learning.networks import build
from pipeline.learning.weights import NetworkRecord, save_network
from pipeline.mapping.polygons import assembled, trace
from pipeline.mapping.prediction.raster import Levels, write_levels
from pipeline.stages.job import SCENE, Job

FOLD = "all-fold-"
CODES = (3, 7)
TO_MAP = Affine.scale(0.001, -0.001)
METRES = 2.0
FOLDS: tuple[tuple[str, ...], ...] = (("a_0_0", "b_0_0"), ("c_0_0",))
LABELLED = tuple(scene for fold in FOLDS for scene in fold)
INSIDE, OUTSIDE = 200, 100
TEST = ("t_0_0", "t_0_1")
SHAPES = {"a_0_0": (20, 24), "b_0_0": (9, 30), "c_0_0": (24, 20), "t_0_0": (21, 21)}
CONFIG: dict[str, Any] = {
    "dataset": {
        "classes": [
            {"code": 3, "name": "Road", "colour": "#777777"},
            {"code": 7, "name": "Water", "colour": "#3366cc"},
        ],
        "groups": [{"name": "M", "file": "m/{id}.tif", "metres": METRES, "bands": ["x", "y", "z"]}],
        "sample": "sample.csv",
    },
    "tiles": {"metres": METRES},
    "augment": {"folds": len(FOLDS)},
    "network": {"kind": "unet", "width": 2, "depth": 1},
    "predict": {"window": 16, "overlap": 0.5, "d4": True, "precision": "float32"},
    "polygons": {"simplify_cost": 0},
}


def masks_of(scene: str) -> NDArray[np.bool_]:
    """True masks (K, H, W) of a scene: blobs that its name decides."""
    height, width = SHAPES.get(scene, (16, 18))
    rng = np.random.default_rng(list(scene.encode()))
    coarse = rng.random((len(CODES), -(-height // 4), -(-width // 4))) < 0.4
    fine = coarse.repeat(4, axis=1).repeat(4, axis=2)[:, :height, :width]
    fine[:, 0, 0] = True  # every class is everywhere, and never all of a scene
    fine[:, -1, -1] = False
    return fine


def labels_of(scene: str) -> dict[str, str]:
    """Labels of a scene in map units, as text by class code."""
    wholes = [moved(assembled(trace(mask)), TO_MAP) for mask in masks_of(scene)]
    return {str(code): whole.wkt for code, whole in zip(CODES, wholes, strict=True)}


def make_run(folder: Path, test: tuple[str, ...] = TEST, **sections: Mapping[str, Any]) -> Job:
    """A run with the stages before `predict`, and the dataset's tables.

    Args:
        folder: Holds run and dataset; what is there already is made anew.
        test: Scenes to be handed in.
        sections: Keys that are added to the configuration.
    """
    tree = {**CONFIG, "dataset": {**CONFIG["dataset"], "folder": str(folder / "raw")}}
    for name, keys in sections.items():
        tree[name] = {**tree.get(name, {}), **keys}
    job = Job(Config.model_validate(tree), folder / "run")
    (folder / "raw").mkdir(parents=True, exist_ok=True)
    write_table(folder / "raw" / "sample.csv", test, lambda _scene, _code: "POLYGON EMPTY")
    with _stage(job, "scenes") as stage:
        for scene in (*LABELLED, *test):
            _item(stage, f"{SCENE}{scene}", lambda f, s=scene: _write_scene(f, s, s in LABELLED))
    with _stage(job, "tiles") as stage:
        _item(stage, "statistics-all", lambda f: write_json(f / "statistics.json", _recipe(job)))
        for scene in (*LABELLED, *test):
            _item(stage, f"{SCENE}{scene}", lambda f, s=scene: _write_tiles(f, s, s in LABELLED))
    with _stage(job, "augment") as stage:
        record = {"folds": {str(i): list(fold) for i, fold in enumerate(FOLDS)}}
        _item(stage, "folds", lambda f: write_json(f / "folds.json", record))
    with _stage(job, "train") as stage:
        for index in range(len(FOLDS)):
            _item(stage, f"{FOLD}{index}", lambda f, i=index: write_network(f, i))
    return job


def write_table(path: Path, scenes: tuple[str, ...], wkt: Callable[[str, str], str]) -> None:
    """A table of polygons with a row for each scene and class."""
    rows = [f'{scene},{code},"{wkt(scene, str(code))}"\n' for scene in scenes for code in CODES]
    path.write_text("ImageId,ClassType,MultipolygonWKT\n" + "".join(rows))


def write_predictions(
    job: Job, scenes: tuple[str, ...], wrong: Mapping[str, int] | None = None
) -> None:
    """Predictions that are right but for ``wrong`` pixels of a scene's first class."""
    with _stage(job, "predict") as stage:
        for scene in scenes:
            levels = np.where(masks_of(scene), INSIDE, OUTSIDE).astype(np.uint8)
            number = (wrong or {}).get(scene, 0)
            places = np.argwhere(~masks_of(scene)[0])[:number]
            levels[0, places[:, 0], places[:, 1]] = INSIDE
            stage.item(f"{SCENE}{scene}", {"wrong": number}, _level_writer(levels))


def _level_writer(levels: Levels) -> Callable[[Path], None]:
    return lambda folder: write_levels(folder / "probability.tif", levels, TO_MAP, ("3", "7"))


def built(job: Job, run: Callable[[Job], None], stage: str) -> set[str]:
    """Items that a run of a stage makes."""
    before = _times(job.run / stage)
    run(job)
    after = _times(job.run / stage)
    return {name for name, time in after.items() if before.get(name) != time}


def _times(folder: Path) -> dict[str, int]:
    return {path.parent.name: path.stat().st_mtime_ns for path in folder.glob("*/item.json")}


def changed(job: Job, **sections: Mapping[str, Any]) -> Job:
    """The same run with keys of its configuration changed."""
    tree = job.config.model_dump()
    del tree["models"]  # made anew from the sections at the top
    for name, keys in sections.items():
        tree[name] = {**tree[name], **keys}
    return replace(job, config=Config.model_validate(tree))


def _stage(job: Job, name: str) -> StageFolder:
    return StageFolder(job.run / name, name, "test")


def _item(stage: StageFolder, name: str, build: Callable[..., None]) -> None:
    stage.item(name, {}, build)


def _write_scene(folder: Path, scene: str, labelled: bool) -> None:
    write_json(folder / "scene.json", {"id": scene, "role": "train" if labelled else "test"})
    if labelled:
        write_json(folder / "labels.json", labels_of(scene))


def _write_tiles(folder: Path, scene: str, labelled: bool) -> None:
    """Band k is 3000 in class k, 1000 elsewhere; the last pixel of each scene is invalid."""
    masks = masks_of(scene)
    bands = np.concatenate([1000 + 2000 * masks, np.full((1, *masks.shape[1:]), 500)])
    group = BandGroup("M", bands.astype(np.uint16), None, Affine.identity())
    valid = np.ones(masks.shape[1:], bool)
    valid[-1, -1] = False
    field = pack(masks & labelled, valid)
    write_tiles(
        folder, scene, (group,), Affine.identity(), TO_MAP, METRES, field, len(CODES), labelled
    )


def _recipe(job: Job) -> dict[str, Any]:
    channels = Channels.of(job.config, job.config.features)
    count = len(channels.names)
    return InputRecipe(
        channels, "bilinear", Normalisation((2000.0,) * count, (500.0,) * count)
    ).to_json()


def write_network(folder: Path, index: int, seed: int = 0) -> None:
    """Files of a fold's network; what it computes is :func:`fake_network`'s."""
    settings = UNet(width=2, depth=1)
    torch.manual_seed(10 * index + seed)
    record = NetworkRecord(settings, ("M.x", "M.y", "M.z"), CODES)
    save_network(folder, record, build(settings, 3, len(CODES)).state_dict())


def fake_network(folder: Path) -> nn.Module:
    """One convolution: logits 2 x in the class, -2 x elsewhere, x = 1 for fold 0, 2 for fold 1."""
    network = nn.Conv2d(3, len(CODES), 1, bias=False)
    factor = 1.0 + int(folder.name.removeprefix(FOLD))
    weights = torch.zeros(len(CODES), 3, 1, 1)
    for k in range(len(CODES)):
        weights[k, k] = factor
    network.weight.data = weights
    return network.eval()


def stored(path: Path) -> Any:
    """JSON of a file."""
    return json.loads(path.read_text())
