"""``train``: one network per fold.

Item ``fold-<i>``: weights.safetensors and network.json, history.csv, training.json (how it ended)
and a TensorBoard log. A killed training continues from its last checkpoint.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from torch import nn

from pipeline.artifacts import StageFolder
from pipeline.errors import TrainingError
from pipeline.files import write_bytes, write_json
from pipeline.imagery.features import InputRecipe
from pipeline.learning.checkpoint import Checkpoints
from pipeline.learning.device import Compute, choose_compute
from pipeline.learning.history import Result, draw_curves, history_text
from pipeline.learning.losses import build_loss
from pipeline.learning.networks import parameters_of
from pipeline.learning.scene_source import SceneSource
from pipeline.learning.training import Training
from pipeline.learning.weights import NetworkRecord, save_network
from pipeline.progress import say
from pipeline.stages.fold import Ground, load_ground, make_source, start_network
from pipeline.stages.job import FOLD, Job
from pipeline.stages.watch import Watch


def run(job: Job) -> None:
    """Train every fold that is not trained yet."""
    ground = load_ground(job)
    compute = choose_compute(job.config.train.device, job.config.train.precision)
    with job.open("train") as folder:
        for fold in range(len(ground.folds)):
            _train_fold(job, folder, ground, fold, compute)
        made = len(folder.built)
    say(f"train: {len(ground.folds)} folds, {made} trained, {len(ground.folds) - made} unchanged")


def _settings(job: Job) -> dict[str, Any]:
    """The part of the configuration that a fold's weights depend on, besides plan and inputs."""
    config = job.config
    augment = config.augment.model_dump(mode="json")
    return {
        "codes": list(config.dataset.codes),
        "augment": {name: augment[name] for name in ("patch", "stride", "d4", "enrich", "seed")},
        "network": config.network.model_dump(mode="json"),
        "train": config.train.model_dump(mode="json"),
    }


def _train_fold(
    job: Job,
    folder: StageFolder,
    ground: Ground,
    fold: int,
    compute: Compute,
) -> None:
    """Make the item of one fold."""
    name = f"{FOLD}{fold}"
    inputs = {"settings": _settings(job), "ground": ground.digests, "fold": fold}

    def build(target: Path) -> None:
        workspace = folder.workspace(name, inputs)
        network = start_network(job, ground, fold)
        say(
            f"train: {name} holds out {', '.join(ground.folds[fold])}; "
            f"{parameters_of(network):,} weights on {compute}"
        )
        source = make_source(job, ground, fold, compute)
        with Watch(name, job, workspace / "tensorboard") as watch:
            result = _run(job, name, compute.place(network), source, compute, workspace, watch)
        _write(job, target, result, ground.recipe, compute)

    folder.item(name, inputs, build)
    if name in folder.built:
        folder.close_workspace(folder.workspace(name, inputs))


def _run(
    job: Job,
    name: str,
    network: nn.Module,
    source: SceneSource,
    compute: Compute,
    workspace: Path,
    watch: Watch,
) -> Result:
    settings, codes = job.config.train, job.config.dataset.codes
    share = None if settings.minutes is None else settings.minutes * 60 / job.config.augment.folds
    training = Training(
        network,
        build_loss(settings.loss, codes).to(compute.device),
        source,
        len(codes),
        settings,
        compute,
        Checkpoints(workspace),
        share,
        watch.step,
        watch.row,
    )
    try:
        return training.run()
    except TrainingError as error:
        raise TrainingError(f"{name}: {error}") from None


def _write(job: Job, target: Path, result: Result, recipe: InputRecipe, compute: Compute) -> None:
    """The files of a fold's item."""
    dataset, best = job.config.dataset, result.best
    record = NetworkRecord(job.config.network, recipe.names, dataset.codes)
    save_network(target, record, result.weights)
    write_bytes(target / "history.csv", history_text(result.rows, dataset.codes).encode())
    draw_curves(target / "tensorboard", result.rows, [row.name for row in dataset.classes])
    scores = zip(dataset.codes, best.jaccard, strict=True)
    values = {
        "best_step": best.step,
        "device": str(compute),
        "jaccard": {str(code): None if math.isnan(j) else round(j, 6) for code, j in scores},
        "mean_jaccard": round(best.mean, 6),
        "seconds": round(result.rows[-1].seconds, 1),
        "settings": _settings(job),
        "steps": result.rows[-1].step,
        "stopped": result.stopped,
    }
    write_json(target / "training.json", values)
