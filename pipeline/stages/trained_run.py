"""The run whose networks predict: this one, or the one that ``ensemble.trained`` names."""

from __future__ import annotations

from pipeline.config import load_config
from pipeline.config.models import ModelRow
from pipeline.errors import ArtifactError, ConfigError
from pipeline.files import is_safe_name
from pipeline.stages.currency import stale_stage
from pipeline.stages.job import Job


def trained_run(job: Job) -> Job:
    """The run that has the networks, the statistics of their inputs and the thresholds.

    Raises:
        ArtifactError: If the named run is not there, or not up to date.
        ConfigError: If its networks don't fit this run's models.
    """
    name = job.config.ensemble.trained
    if name is None:
        return job
    run = job.run.parent / name
    if not is_safe_name(name) or run == job.run or not (run / "config.yaml").exists():
        raise ConfigError(
            f"ensemble.trained: {name!r} is no other run in {job.run.parent}; train it first, as "
            f"with: make evaluate RUN={name}"
        )
    other = Job(load_config(run / "config.yaml"), run)
    _check_networks(job, other)
    old = stale_stage(run, "evaluate")
    if old is not None:
        raise ArtifactError(
            f"ensemble.trained: `{old}` of {name} is missing or older than what it depends on; run "
            f"`make evaluate RUN={name}` with its own CONFIG and SET first"
        )
    _check_alike(job, other)
    return other


def _check_networks(job: Job, other: Job) -> None:
    """Whether another run has the networks that this one asks for.

    Raises:
        ConfigError: If it has not.
    """
    wanted, ensemble = job.config.ensemble.unlabelled, other.config.ensemble
    if ensemble.trained is not None:
        raise ConfigError(
            f"ensemble.trained: {other.run.name} has no networks of its own, they are those of "
            f"{ensemble.trained}; name that run"
        )
    if wanted != "folds" and ensemble.unlabelled == "folds":
        raise ConfigError(
            f"ensemble.unlabelled: {wanted} asks for networks that {other.run.name}, which "
            f"ensemble.trained names, has not; set it to folds, or run `make evaluate "
            f"RUN={other.run.name}` with it"
        )


def _check_alike(job: Job, other: Job) -> None:
    """Whether another run's networks take this run's inputs and tell its classes.

    Raises:
        ConfigError: If they don't.
    """
    same = (
        ("dataset.classes", job.config.dataset.codes, other.config.dataset.codes),
        ("bands", _bands(job), _bands(other)),
        ("models", _models(job), _models(other)),
    )
    for field, mine, theirs in same:
        if mine != theirs:
            raise ConfigError(
                f"ensemble.trained: {other.run.name} was trained with other {field}; begin this "
                f"run's configuration with extends: and the name of that run's file"
            )


def _bands(job: Job) -> list[object]:
    """What a network's inputs are made from."""
    keys = {"name", "bands", "scale"}
    return [row.model_dump(mode="json", include=keys) for row in job.config.dataset.groups]


def _models(job: Job) -> list[object]:
    """What decides how models see the ground."""
    return [_seen(row) for row in job.config.models]


def _seen(row: ModelRow) -> object:
    keys = {"name", "classes", "answers", "tiles", "features"}
    return row.model_dump(mode="json", include=keys)
