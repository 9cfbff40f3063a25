"""``sanity``: is a long training worth its time? Checks of a minute or two, before it.

Writes report.txt, report.json, summary.txt and pictures into ``sanity/`` of the run, a folder per
model where the configuration lists several. No later stage reads any of it, so it is made anew
each time.
"""

from __future__ import annotations

import io
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import nn

from pipeline.config.augment import Enrichment
from pipeline.config.dataset import ClassRow
from pipeline.config.models import ModelRow
from pipeline.errors import TrainingError
from pipeline.files import write_bytes, write_json
from pipeline.imagery.bit_field import unpack
from pipeline.imagery.tiles import TiledScene
from pipeline.learning.batch import Batch, Source
from pipeline.learning.device import choose_compute
from pipeline.learning.folds import place_of
from pipeline.learning.losses import build_loss
from pipeline.learning.probes.drawn import check_drawn
from pipeline.learning.probes.finding import Finding
from pipeline.learning.probes.fold_classes import FoldClasses, check_folds
from pipeline.learning.probes.gradients import check_gradients
from pipeline.learning.probes.initial_loss import check_initial_loss
from pipeline.learning.probes.loss_gradient import check_loss_gradient
from pipeline.learning.probes.overfit import check_overfit, fewer
from pipeline.learning.probes.rate_range import check_rates
from pipeline.learning.probes.trial import Recipe
from pipeline.learning.probes.units import check_units
from pipeline.learning.summary import summarise, summary_text
from pipeline.progress import say
from pipeline.reporting.sanity import findings_table, report_text, report_values
from pipeline.reporting.sanity_plots import draw_gradients, draw_overfit, draw_rates, draw_units
from pipeline.reporting.sanity_sheet import draw_sheet
from pipeline.stages.fold import (
    Training,
    load_ground,
    make_source,
    start_network,
    transfer_source,
)
from pipeline.stages.job import Job
from pipeline.stages.preflight import check_trainings

FOLDER = "sanity"
SECONDS = 60.0
"""Limit of time of each of the two longest checks."""
_BATCHES = 4
_UNIT_STEPS = 10


@dataclass(frozen=True)
class Parts:
    """What the checks of a model need.

    Attributes:
        title: Which training this is.
        network: Before its first step, on its device.
        recipe: How a step is made.
        source: Batches as a training draws them.
        plain: The same without augmentation.
        channels: Names of the input channels.
        classes: The model's classes.
        scenes: Labelled scenes by id.
        positions: Of the model's classes among those of the scenes' masks.
        folds: Ids of the scenes that each fold holds out.
    """

    title: str
    network: nn.Module
    recipe: Recipe
    source: Source
    plain: Source
    channels: tuple[str, ...]
    classes: tuple[ClassRow, ...]
    scenes: Mapping[str, TiledScene]
    positions: Sequence[int]
    folds: Sequence[Sequence[str]]


def run(job: Job, seconds: float = SECONDS) -> None:
    """Check every model; print what was found and write the reports.

    Args:
        job: The run; ``augment`` has finished.
        seconds: Limit of time of learning one batch by heart, and of the rate test.

    Raises:
        TrainingError: If a check fails; all reports are written first.
        ConfigError: If a training can't begin; nothing is written.
    """
    check_trainings(job)
    failed, top = [], job.run / FOLDER
    if top.exists():
        shutil.rmtree(top)
    for row in job.config.models:
        folder = top / row.name if len(job.config.models) > 1 else top
        started, parts = time.monotonic(), _parts(job, row)
        results = _check(job, parts, seconds)
        findings: dict[str, Finding] = {name: result.finding for name, result in results.items()}
        _write(folder, parts, results, findings)
        say(findings_table(findings))
        say(f"sanity: {parts.title}, {time.monotonic() - started:.0f} s; see {folder}")
        failed += [f"{row.name}: {n}" for n, f in findings.items() if f.level == "failure"]
    if failed:
        raise TrainingError(f"checks failed ({', '.join(failed)}); what to do stands above")


def _parts(job: Job, row: ModelRow) -> Parts:
    """All that other stages' code gives: the training of a model's first fold."""
    ground, training = load_ground(job, row), Training(row.name, 0)
    compute = choose_compute(row.train.device, row.train.precision)
    started = start_network(job, ground, training, transfer_source(job, ground, training))
    loss = build_loss(row.train.loss, ground.codes).to(compute.device)
    still = row.augment.model_copy(update={"d4": False, "enrich": Enrichment()})
    unaugmented = replace(ground, row=row.model_copy(update={"augment": still}))
    return Parts(
        f"model {row.name}, fold 0, on {compute}",
        compute.place(started.network),
        Recipe(loss, row.train, compute, started.transfer.factors),
        make_source(ground, training, compute),
        make_source(unaugmented, training, compute),
        ground.recipe.names,
        tuple(job.config.dataset.classes[place] for place in ground.places),
        ground.scenes,
        ground.places,
        ground.folds,
    )


def _check(job: Job, parts: Parts, seconds: float) -> dict[str, Any]:
    """Results of all checks by name, in the order in which a person should mend them."""
    network, recipe, batch = parts.network, parts.recipe, parts.source.batch
    torch.manual_seed(recipe.settings.seed)
    batches = [batch(step) for step in range(_BATCHES)]
    by_heart = fewer(parts.plain.batch(0))
    names = [row.name for row in parts.classes]
    checks: dict[str, Callable[[], Any]] = {
        "folds": lambda: _folds(job, parts, names),
        "batches": lambda: check_drawn(batches, parts.channels, names),
        "loss gradient": lambda: check_loss_gradient(network, recipe, batches[0]),
        "first loss": lambda: check_initial_loss(network, recipe, batches),
        "gradients": lambda: check_gradients(network, recipe, batch),
        "units": lambda: check_units(network, recipe, batches, _UNIT_STEPS),
        "one batch": lambda: check_overfit(network, recipe, by_heart, seconds=seconds),
        "rate": lambda: check_rates(network, recipe, batch, seconds=seconds),
    }
    results = {}
    for name, check in checks.items():
        started = time.monotonic()
        results[name] = check()
        say(f"sanity: {name} checked, {time.monotonic() - started:.1f} s")
    return results


def _folds(job: Job, parts: Parts, names: Sequence[str]) -> FoldClasses:
    areas = {scene: _areas(tiled, parts.positions) for scene, tiled in parts.scenes.items()}
    same_place = job.config.augment.same_place
    places = {scene: place_of(scene, same_place) for scene in areas}
    return check_folds(areas, parts.folds, places, names)


def _areas(scene: TiledScene, positions: Sequence[int]) -> NDArray[np.int64]:
    """(K + 1,) pixels of each of the model's classes, and last all valid ones."""
    masks, valid = unpack(scene.mask, scene.classes)
    counts = (masks & valid).sum(axis=(1, 2))[list(positions)]
    return np.array([*counts, valid.sum()], np.int64)


def _write(
    folder: Path, parts: Parts, results: Mapping[str, Any], findings: Mapping[str, Finding]
) -> None:
    """Pictures, the network's summary, and last the report."""
    batch = parts.source.batch(0)
    pictures = {
        "batch": _sheet(batch, parts),
        "rates": draw_rates(results["rate"], parts.recipe.settings.rate),
        "one-batch": draw_overfit(results["one batch"]),
        "gradients": draw_gradients(results["gradients"]),
        "units": draw_units(results["units"]),
    }
    for name, picture in pictures.items():
        if picture is not None:
            data = io.BytesIO()
            picture.save(data, "PNG", optimize=True)
            write_bytes(folder / f"{name}.png", data.getvalue())
    summary = summarise(parts.network, len(parts.channels), batch.inputs.shape[-1])
    write_bytes(folder / "summary.txt", f"{summary_text(summary)}\n".encode())
    text = report_text(findings, results["folds"], f"Checks of {parts.title}")
    write_bytes(folder / "report.txt", text.encode())
    write_json(folder / "report.json", report_values(results))


def _sheet(batch: Batch, parts: Parts) -> Image.Image:
    return draw_sheet(
        batch.inputs.float().cpu().numpy(),
        batch.masks.float().cpu().numpy(),
        batch.valid.cpu().numpy(),
        parts.channels,
        parts.classes,
        f"batch 0 of {parts.title.partition(', on')[0]}",
    )
