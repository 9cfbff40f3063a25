"""A trial of a search, as its worker runs it: trainings up to a budget, and their score.

The argument and the result are JSON, so that a worker may be another process or machine that
shares the run's folder. Nothing but checkpoints is written, each whole or not at all: a trial that
was killed continues from its last ones, and one that goes on to a larger budget from those of the
smaller one. A scene's prediction is made as ``predict`` makes it, without the eight views.
"""

from __future__ import annotations

import errno
import gc
import resource
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import torch
from torch import nn

from pipeline.config import Config
from pipeline.config.models import ModelRow
from pipeline.errors import ArtifactError
from pipeline.imagery.bit_field import unpack
from pipeline.learning.checkpoint import Checkpoints
from pipeline.learning.device import Compute, choose_compute
from pipeline.learning.losses import build_loss
from pipeline.learning.metrics import LevelCounts
from pipeline.learning.training import Training as Loop
from pipeline.mapping.objective import score_folds
from pipeline.mapping.prediction.coverage import Levels, mark_answers, predictable
from pipeline.mapping.prediction.cutting import cutter
from pipeline.mapping.prediction.ensemble import joined_classes
from pipeline.mapping.prediction.forward import make_forward
from pipeline.mapping.prediction.inference import Sliding, predict_levels
from pipeline.progress import bar
from pipeline.stages.fold import (
    Ground,
    Training,
    load_ground,
    make_source,
    start_network,
    transfer_source,
)
from pipeline.stages.grids import Tile, labelled_tiles, tiles_of
from pipeline.stages.job import Job

_KIBIBYTE: Final = 1024
Report = Callable[[int], None]
"""Is told how many steps were done."""


@dataclass(frozen=True)
class Task:
    """What a worker is asked.

    Attributes:
        config: The trial's whole configuration, as JSON.
        ground: Folder of its tiles and plan, like that of a run.
        run: Folder of the run, beside which other runs lie.
        rows: Names of the models that are tried.
        folds: Numbers of the folds that are held out, one after the other.
        budgets: Steps of each training at which its rungs end, the last being the one that is asked
            for.
        workspace: Folder of its checkpoints.
        show: Whether to show progress on a terminal.
    """

    config: Mapping[str, Any]
    ground: str
    run: str
    rows: Sequence[str]
    folds: Sequence[int]
    budgets: Sequence[int]
    workspace: str
    show: bool = False


def run_trial(argument: Mapping[str, Any]) -> dict[str, Any]:
    """Train a trial up to its budget and score it.

    Args:
        argument: The fields of :class:`Task`.

    Returns:
        ``outcome`` (done, failed, or broken where files can't be read or written) with ``reason``,
        or ``score``, ``classes`` by code, ``folds`` and ``loss``; and ``seconds``, ``peak_bytes``.
    """
    started = time.monotonic()
    try:
        result = _score(Task(**argument))
    except (OSError, ArtifactError) as error:
        is_memory = isinstance(error, OSError) and error.errno == errno.ENOMEM
        outcome = "failed" if is_memory else "broken"
        result = {"outcome": outcome, "reason": f"{'out of memory: ' * is_memory}{error}"}
    except Exception as error:  # whatever a trial breaks on is its result
        result = {"outcome": "failed", "reason": _reason(error)}
    _free_memory()
    return {**result, "seconds": time.monotonic() - started, "peak_bytes": _peak_bytes()}


def _peak_bytes() -> int:
    """Largest memory so far: of the GPU where there is one, else of this process."""
    if torch.cuda.is_available() and torch.cuda.max_memory_allocated() > 0:
        return torch.cuda.max_memory_allocated()
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if sys.platform == "darwin" else used * _KIBIBYTE


def _reason(error: Exception) -> str:
    """What a trial broke on, in one line."""
    text = str(error).strip().partition("\n")[0][:300]
    if isinstance(error, MemoryError | torch.OutOfMemoryError) or "can't allocate memory" in text:
        return f"out of memory: {text}"
    return f"{type(error).__name__}: {text}"


def _free_memory() -> None:
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _score(task: Task) -> dict[str, Any]:
    config = Config.model_validate(task.config)
    job = Job(config, Path(task.ground))
    rows = [row for row in config.models if row.name in task.rows]
    truth, codes = tiles_of(job), config.dataset.codes
    counts: list[LevelCounts] = []
    losses: list[float] = []
    grounds = [load_ground(job, row) for row in rows]
    with bar() as display:
        shown = display.add_task("trial", total=None, note="", visible=task.show)
        total = len(task.folds) * len(rows) * task.budgets[-1]
        display.update(shown, total=total)
        for fold in task.folds:
            parts: list[_Trained] = []
            for ground in grounds:
                trained = _train(job, task, ground, fold, partial(display.advance, shown))
                parts.append(trained)
                losses.append(trained.loss)
            counts.append(_count(config, truth, parts, grounds[0].folds[fold]))
    answers = {code for row in rows for code in config.answers_of(row)}
    places = [place for place, code in enumerate(codes) if code in answers]
    found = score_folds(
        [_only(count, places) for count in counts],
        config.search.objective,
        config.score.absent,
        config.evaluate.slack,
    )
    return {
        "outcome": "done",
        "score": found.mean,
        "classes": {str(codes[p]): v for p, v in zip(places, found.classes, strict=True)},
        "folds": list(found.folds),
        "loss": sum(losses) / len(losses),
    }


def _only(counts: LevelCounts, places: Sequence[int]) -> LevelCounts:
    return LevelCounts(counts.positives[places], counts.negatives[places])


@dataclass(frozen=True)
class _Trained:
    """One model of a fold.

    Attributes:
        ground: What it was trained on.
        tiles: Scenes on its grid.
        network: The averaged network.
        compute: Device and arithmetic of its predictions.
        loss: Mean loss of all steps so far.
    """

    ground: Ground
    tiles: Mapping[str, Tile]
    network: nn.Module
    compute: Compute
    loss: float


def _train(job: Job, task: Task, ground: Ground, fold: int, advance: Report) -> _Trained:
    """Take a training of a fold to the budget, from where its checkpoint is."""
    row, training = ground.row, Training(ground.row.name, fold)
    compute = choose_compute(row.train.device, row.train.precision)
    origin = transfer_source(replace(job, run=Path(task.run)), ground, training)
    started = start_network(job, ground, training, origin)
    folder = Path(task.workspace) / training.name
    folder.mkdir(parents=True, exist_ok=True)
    loop = Loop(
        compute.place(started.network),
        build_loss(row.train.loss, ground.codes).to(compute.device),
        make_source(ground, training, compute),
        len(ground.codes),
        row.train,
        compute,
        Checkpoints(folder),
        on_step=lambda _progress, _loss: advance(1),
        factors=started.transfer.factors,
    )
    progress = loop.advance(task.budgets)
    predicting = choose_compute(row.train.device, row.predict.precision)
    return _Trained(ground, labelled_tiles(job, row), loop.averaged, predicting, progress.loss)


def _count(
    config: Config, truth: Mapping[str, Tile], parts: Sequence[_Trained], scenes: Sequence[str]
) -> LevelCounts:
    """Levels of a fold's valid pixels on the run's grid, for all classes of the dataset."""
    counts = LevelCounts.empty(len(config.dataset.codes))
    for scene in scenes:
        grid = truth[scene].open()
        joined = joined_classes(
            [_answer(config, part, scene) for part in parts],
            len(config.dataset.codes),
            grid.shape,
            config.ensemble.combine,
        )
        masks, valid = unpack(grid.mask, grid.classes)
        counts.add(joined, masks, valid)
    return counts


def _answer(
    config: Config, part: _Trained, scene: str
) -> tuple[Sequence[int], Callable[[], Levels]]:
    """Positions of the classes that a model answers, and what gives their levels."""
    row = part.ground.row
    told, answers = config.codes_of(row), config.answers_of(row)
    places = [config.dataset.codes.index(code) for code in answers]
    kept = [told.index(code) for code in answers]
    return places, partial(_levels, row, part, scene, kept)


def _levels(row: ModelRow, part: _Trained, scene: str, kept: Sequence[int]) -> Levels:
    """(K_a, h, w) levels of a scene on the model's grid."""
    tile, settings = part.tiles[scene].open(), row.predict
    sliding = Sliding(settings.window, settings.overlap, settings.batch, d4=False)
    cut = cutter(tile, part.ground.recipe, sliding.side, part.compute.device)
    levels = predict_levels(tile.shape, cut, [make_forward(part.network, part.compute)], sliding)
    return mark_answers(levels[list(kept)], predictable(tile))
