"""A chapter of the report, before it is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.artifacts import MANIFEST, Item
from pipeline.reporting.page.blocks import Section
from pipeline.stages.job import Job


@dataclass(frozen=True)
class Chapter:
    """What a module of this package has to say.

    Attributes:
        name: Its name, which no other has.
        inputs: All that its sections depend on, as JSON: digests of items, settings.
        write: Makes its sections; called only if the page is made anew.
    """

    name: str
    inputs: Mapping[str, Any]
    write: Callable[[], list[Section]]


def finished(job: Job, stage: str) -> dict[str, Item] | None:
    """Items of a stage; None if the run has none, as of a stage that was never asked for.

    Raises:
        ArtifactError: If an item was damaged since.
    """
    if not (job.run / stage / MANIFEST).exists():
        return None
    return job.results(stage)
