"""The catalogue of scenes, as the stage ``scenes`` left it."""

from __future__ import annotations

from typing import Any

from pipeline.artifacts import Item, StageFolder
from pipeline.files import read_json
from pipeline.reporting.report.catalogue import catalogue_section
from pipeline.stages.evidence.chapter import Chapter, finished
from pipeline.stages.job import Job


def chapter(job: Job, folder: StageFolder) -> Chapter | None:  # noqa: ARG001 - as all chapters
    """The chapter on the data; None if no scene was looked at."""
    item = catalogue_of(job)
    if item is None:
        return None
    classes = job.config.dataset.classes
    inputs = {
        "catalogue": item.digest,
        "classes": [row.model_dump(mode="json") for row in classes],
    }
    return Chapter("catalogue", inputs, lambda: [catalogue_section(records_of(item), classes)])


def catalogue_of(job: Job) -> Item | None:
    """The item that holds the catalogue; None if there is none."""
    return (finished(job, "scenes") or {}).get("catalogue")


def records_of(catalogue: Item) -> list[dict[str, Any]]:
    """Records of all scenes, used or not."""
    records: list[dict[str, Any]] = read_json(catalogue.path("catalogue.json"))["scenes"]
    return records
