"""Before hours of training: whatever a configuration can break breaks here, in seconds.

Every training of every model is made up to its first step and dropped again, so that a fault of
the last one does not wait for all others. Repeats differ in their seeds alone; one of each fold
stands for them. Only memory that is too small, and a loss that diverges, are left to be found.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from pipeline.config.models import ModelRow
from pipeline.errors import ConfigError, PipelineError
from pipeline.learning.device import Compute, choose_compute
from pipeline.learning.losses import build_loss
from pipeline.learning.optimizer import build_optimizer
from pipeline.learning.weights import check_record
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
from pipeline.stages.other_runs import check_runs


def check_trainings(job: Job) -> None:
    """Check that every training of every model can begin, and other runs be joined afterwards.

    Raises:
        ConfigError: If one can't: its device, loss, augmentation, network or first weights; the
            message begins with the model or the training. Or if a run of ``ensemble.runs`` doesn't
            fit this one.
        ArtifactError: If a stage before, or another run, has not finished, or if weights to start
            from are damaged.
        TrainingError: If all weights of a network are frozen.
    """
    check_runs(job)
    for row in job.config.models:
        _check_model(job, row)


def _check_model(job: Job, row: ModelRow) -> None:
    """What all trainings of a model share, then each of them."""
    with _naming(f"model {row.name}"):
        ground = load_ground(job, row)
        compute = choose_compute(row.train.device, row.train.precision)
        build_loss(row.train.loss, ground.codes)
    for training in trainings(job, row):
        if training.repeat == 0:
            with _naming(training.name):
                _check_training(job, ground, training, compute)


def _check_training(job: Job, ground: Ground, training: Training, compute: Compute) -> None:
    """One training up to its first step; the network is on the CPU and freed at the end."""
    make_source(ground, training, compute)
    origin = transfer_source(job, ground, training)
    started = start_network(job, ground, training, origin)
    build_optimizer(started.network, ground.row.train, started.transfer.factors)
    check_record(started.record)
    if training.fold == 0:
        _check_forward(started.network, ground, len(started.record.channels))


def _check_forward(network: nn.Module, ground: Ground, channels: int) -> None:
    """One forward pass as in training, on a device that computes shapes and no numbers."""
    batch, patch = ground.row.train.batch, ground.row.augment.patch
    inputs = torch.empty((batch, channels, patch, patch), device="meta")
    try:
        network.to("meta").train()(inputs)
    except (ValueError, RuntimeError) as error:
        reason = str(error).partition("\n")[0]
        raise ConfigError(
            f"network: can't be trained on train.batch {batch} patches of augment.patch {patch}: "
            f"{reason}; raise train.batch or augment.patch, or change network"
        ) from None


@contextmanager
def _naming(what: str) -> Iterator[None]:
    """Say in an error what it is about."""
    try:
        yield
    except PipelineError as error:
        raise type(error)(f"{what}: {error}") from None
