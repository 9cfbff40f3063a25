"""A run as stage `tiles` leaves it: small scenes whose classes are easy to see."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from affine import Affine

from pipeline.artifacts import StageFolder
from pipeline.config import Config
from pipeline.files import write_json
from pipeline.imagery.bit_field import pack
from pipeline.imagery.channels import Channels
from pipeline.imagery.features import InputRecipe, Normalisation
from pipeline.imagery.scene import BandGroup
from pipeline.imagery.tiles import write_tiles
from pipeline.stages.job import SCENE, Job

CODES = (3, 7)
METRES = 2.0
LABELLED = {
    "6010_0_0": (40, 36),
    "6020_0_0": (24, 30),
    "6030_0_0": (36, 36),
    "6040_0_0": (9, 50),
}
CONFIG: dict[str, Any] = {
    "dataset": {
        "folder": "raw",
        "classes": [
            {"code": 3, "name": "Road", "colour": "#777777"},
            {"code": 7, "name": "Water", "colour": "#3366cc"},
        ],
        "groups": [{"name": "M", "file": "m/{id}.tif", "metres": METRES, "bands": ["x", "y", "z"]}],
    },
    "tiles": {"metres": METRES},
    "augment": {"patch": 16, "stride": 8, "folds": 2, "same_place": [["6010", "6030"]]},
    "network": {"kind": "unet", "width": 4, "depth": 2},
    "train": {
        "steps": 6,
        "batch": 2,
        "validations": 2,
        "device": "cpu",
        "precision": "float32",
    },
    "predict": {"window": 16},
}


def tiled_job(folder: Path, **sections: dict[str, Any]) -> Job:
    """The run in a folder, with keys of its configuration changed."""
    tree = {name: {**values, **sections.get(name, {})} for name, values in CONFIG.items()}
    return Job(Config.model_validate(tree), folder / "run")


def write_tiled_run(folder: Path, extra: tuple[str, ...] = (), seed: int = 0) -> Job:
    """Write the stage `tiles`: labelled scenes, and ``extra`` scenes without labels."""
    job = tiled_job(folder)
    with StageFolder(job.run / "tiles", "tiles", "test") as stage:
        stage.item("statistics-all", {}, lambda f: write_json(f / "statistics.json", _recipe(job)))
        for scene in (*LABELLED, *extra):
            stage.item(
                f"{SCENE}{scene}",
                {"seed": seed},
                lambda f, s=scene: _write_scene(f, s, s in LABELLED, seed),  # type: ignore[misc]
            )
    return job


def _write_scene(folder: Path, scene: str, labelled: bool, seed: int) -> None:
    """Band k is bright where class k is; the first row is invalid."""
    shape = LABELLED.get(scene, (20, 20))
    rng = np.random.default_rng([seed, *scene.encode()])
    coarse = rng.random((len(CODES), -(-shape[0] // 4), -(-shape[1] // 4))) < 0.4
    masks = coarse.repeat(4, axis=1).repeat(4, axis=2)[:, : shape[0], : shape[1]]
    bands = 1000 + rng.normal(0, 50, (3, *shape))
    bands[:2] += 1500 * masks
    valid = np.ones(shape, bool)
    valid[0] = False
    group = BandGroup("M", bands.astype(np.uint16), None, Affine.identity())
    field = pack(masks & labelled, valid)
    identity = Affine.identity()
    write_tiles(folder, scene, (group,), identity, identity, METRES, field, len(CODES), labelled)


def _recipe(job: Job) -> dict[str, Any]:
    normalisation = Normalisation((1500.0,) * 3, (700.0,) * 3)
    return InputRecipe(
        Channels.of(job.config, job.config.features), "bilinear", normalisation
    ).to_json()
