"""``train``: networks per model and fold.

Item ``<model>-fold-<i>``: weights.safetensors and network.json, history.csv, training.json (how it
ended) and a TensorBoard log; further trainings of the same fold end in ``.1``, ``.2`` ..., and
``<model>-retrained`` is trained on all labelled scenes. A killed training continues from its last
checkpoint.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.artifacts import Item, StageFolder
from pipeline.config.models import ModelRow
from pipeline.errors import TrainingError
from pipeline.files import read_json, write_bytes, write_json
from pipeline.learning.checkpoint import Checkpoints
from pipeline.learning.device import Compute, choose_compute
from pipeline.learning.history import Result, Row, history_text
from pipeline.learning.losses import build_loss
from pipeline.learning.networks import parameters_of
from pipeline.learning.training import Training as Loop
from pipeline.learning.training_log import Value, flat_values, write_log
from pipeline.learning.weights import NetworkRecord, save_network
from pipeline.progress import say
from pipeline.stages.fold import (
    Ground,
    Training,
    load_ground,
    make_source,
    start_network,
    trainings,
    transfer_source,
)
from pipeline.stages.job import Job
from pipeline.stages.patch_log import PatchLog
from pipeline.stages.preflight import check_trainings
from pipeline.stages.trained_run import trained_run
from pipeline.stages.watch import Watch

RECORD = "training.json"


def run(job: Job) -> None:
    """Make every training that is not made yet, after a check that all of them can be made."""
    if job.config.ensemble.trained is not None:
        with job.open("train"):
            say(f"train: nothing to train, the networks are those of {trained_run(job).run.name}")
        return
    check_trainings(job)
    count = 0
    with job.open("train") as folder:
        for row in job.config.models:
            ground = load_ground(job, row)
            compute = choose_compute(row.train.device, row.train.precision)
            wanted = trainings(job, row)
            for training in wanted:
                steps = row.train.steps
                if training.fold is None:
                    steps = _chosen_steps(folder.items, wanted)
                _train(job, folder, ground, training, steps, compute)
            count += len(wanted)
        made = len(folder.built)
    say(f"train: {count} networks, {made} trained, {count - made} unchanged")


def _chosen_steps(items: Mapping[str, Item], wanted: list[Training]) -> int:
    """Steps of a training without validation: the median of those that validation chose.

    Where every score of a fold is 0, or it holds out no class, its last step was kept and nothing
    was chosen: such folds count only if all are so.
    """
    folds = [items[training.name] for training in wanted if training.fold is not None]
    ends = [read_json(item.path(RECORD)) for item in folds]
    chosen = [end for end in ends if end["mean_jaccard"]] or ends
    return round(statistics.median(int(end["best_step"]) for end in chosen))


def _settings(ground: Ground, steps: int) -> dict[str, Any]:
    """The part of the configuration that weights depend on, besides plan and inputs."""
    row = ground.row
    augment = row.augment.model_dump(mode="json")
    return {
        "codes": list(ground.codes),
        "augment": {name: augment[name] for name in ("patch", "stride", "d4", "enrich", "seed")},
        "network": row.scaled_network().model_dump(mode="json"),
        "train": row.train.model_dump(mode="json") | {"steps": steps},
        "transfer": row.transfer.model_dump(mode="json"),
    }


def _values(job: Job, ground: Ground, training: Training, steps: int) -> dict[str, Value]:
    """All that is set for a training, by name, for people who compare trainings."""
    row = ground.row.model_dump(mode="json", exclude={"name", "classes"})
    row["train"]["steps"] = steps
    which = {
        "run": job.run.name,
        "model": training.model,
        "fold": training.fold,
        "repeat": training.repeat,
        "classes": ground.codes,
    }
    return flat_values({**which, **row})


def _train(
    job: Job,
    folder: StageFolder,
    ground: Ground,
    training: Training,
    steps: int,
    compute: Compute,
) -> None:
    """Make the item of one training."""
    name = training.name
    settings, origin = _settings(ground, steps), transfer_source(job, ground, training)
    seconds = seconds_of(job, ground.row)
    inputs: dict[str, Any] = {
        "origin": None if origin is None else origin.digests(),
        "settings": settings,
        "ground": ground.digests,
        "fold": training.fold,
        "repeat": training.repeat,
    }
    if seconds is not None:  # others that share the limit shorten this one
        inputs["seconds"] = seconds

    def build(target: Path) -> None:
        workspace = folder.workspace(name, inputs)
        started = start_network(job, ground, training, origin)
        network = started.network
        held_out = ", ".join(ground.held_out(training.fold)) or "nothing"
        say(f"train: {name} holds out {held_out}; {parameters_of(network):,} weights on {compute}")
        for line in started.transfer.lines():
            say(f"train: {name}: {line}")
        source = make_source(ground, training, compute)
        recipe = ground.row.train.model_copy(update={"steps": steps})
        classes = [job.config.dataset.classes[place].name for place in ground.places]
        values = _values(job, ground, training, steps)
        patches = PatchLog.of(job, ground, training, compute, workspace)
        log = workspace / "tensorboard"
        with Watch(name, recipe.steps, classes, log, _place(job, training), values) as watch:

            def on_row(row: Row) -> None:
                watch.row(row)
                number = loop.progress.validations
                watch.show(row.step, patches.draw(loop.averaged, row.step, number))

            loop = Loop(
                compute.place(network),
                build_loss(recipe.loss, ground.codes).to(compute.device),
                source,
                len(ground.codes),
                recipe,
                compute,
                Checkpoints(workspace),
                seconds,
                watch.step,
                on_row,
                started.transfer.factors,
            )
            try:
                result = loop.run()
            except TrainingError as error:
                raise TrainingError(f"{name}: {error}") from None
        _write(target, result, started.record, settings, compute)
        pictures = patches.history(row.step for row in result.rows)
        write_log(target / "tensorboard", result.rows, result.best, classes, values, pictures)

    folder.item(name, inputs, build)
    if name in folder.built:
        folder.close_workspace(folder.workspace(name, inputs))


def _place(job: Job, training: Training) -> tuple[int, int]:
    """Which training of a run this is, and how many there are."""
    every = [one for row in job.config.models for one in trainings(job, row)]
    return every.index(training) + 1, len(every)


def seconds_of(job: Job, row: ModelRow) -> float | None:
    """The time that each training of a model may take; None for no limit.

    All trainings of the models that have the limit at the top of the configuration share it; a
    model with another one has it for its own trainings.
    """
    minutes = row.train.minutes
    if minutes is None:
        return None
    rows = [row]
    if minutes == job.config.train.minutes:
        rows = [other for other in job.config.models if other.train.minutes == minutes]
    return minutes * 60 / sum(len(trainings(job, other)) for other in rows)


def _write(
    target: Path,
    result: Result,
    record: NetworkRecord,
    settings: Mapping[str, Any],
    compute: Compute,
) -> None:
    """The files of a training's item but its log."""
    codes, best = record.codes, result.best
    save_network(target, record, result.weights)
    write_bytes(target / "history.csv", history_text(result.rows, codes).encode())
    scores = zip(codes, best.jaccard, strict=True)
    values = {
        "best_step": best.step,
        "device": str(compute),
        "jaccard": {str(code): _known(jaccard) for code, jaccard in scores},
        "mean_jaccard": _known(best.mean),
        "seconds": round(result.rows[-1].seconds, 1),
        "settings": settings,
        "steps": result.rows[-1].step,
        "stopped": result.stopped,
    }
    write_json(target / RECORD, values)


def _known(jaccard: float) -> float | None:
    """A score as JSON holds it; None where nothing was held out, or nothing of the class."""
    return None if math.isnan(jaccard) else round(jaccard, 6)
