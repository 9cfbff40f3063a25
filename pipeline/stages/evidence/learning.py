"""What trainings left behind: their histories and ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from pipeline.artifacts import MANIFEST, Item, StageFolder, load_stage
from pipeline.config import Config
from pipeline.errors import ArtifactError
from pipeline.files import is_safe_name, read_json
from pipeline.reporting.page.blocks import Section
from pipeline.reporting.report.learning import learning_section
from pipeline.reporting.report.training_record import TrainingRecord, read_training
from pipeline.stages.evidence.chapter import Chapter, finished
from pipeline.stages.job import Job

_HISTORY: Final = "history.csv"
_RECORD: Final = "training.json"


def chapter(job: Job, folder: StageFolder) -> Chapter | None:  # noqa: ARG001 - as all chapters
    """The chapter on learning; None if nothing was trained."""
    items = networks(job)
    if items is None:
        return None
    owner, dataset = job.config.ensemble.trained, job.config.dataset
    inputs = {
        "trainings": {name: item.digest for name, item in items.items()},
        "classes": [row.model_dump(mode="json") for row in dataset.classes],
        "owner": owner,
        "models": [row.name for row in job.config.models],
    }

    def write() -> list[Section]:
        trainings = in_order(job.config, items)
        return [learning_section(trainings, dataset.classes, owner)]

    return Chapter("learning", inputs, write)


def networks(job: Job) -> Mapping[str, Item] | None:
    """Items of the trainings of a run, or of the run whose networks it uses; None without any."""
    owner = job.config.ensemble.trained
    if owner is None:
        return finished(job, "train")
    stage: Path = job.run.parent / owner / "train"
    if not is_safe_name(owner) or not (stage / MANIFEST).exists():
        return {}
    try:
        return load_stage(stage)
    except ArtifactError:  # this run's report does not fail for another run's sake
        return {}


def in_order(config: Config, items: Mapping[str, Item]) -> Sequence[TrainingRecord]:
    """Trainings in the order of the models, of the folds, and of repeats; others come last.

    Raises:
        ArtifactError: If an item is not what ``train`` writes.
    """
    places = {row.name: place for place, row in enumerate(config.models)}
    trainings = [
        read_training(
            name,
            item.path(_HISTORY).read_text(encoding="utf-8"),
            read_json(item.path(_RECORD)),
        )
        for name, item in items.items()
        if {_HISTORY, _RECORD} <= set(item.files)
    ]
    return sorted(
        trainings,
        key=lambda t: (
            places.get(t.model, len(places)),
            t.fold is None,
            t.fold or 0,
            t.repeat,
            t.name,
        ),
    )
