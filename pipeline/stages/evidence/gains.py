"""What each step of post-processing gained, and what tuning found."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from pipeline.artifacts import StageFolder
from pipeline.files import read_json
from pipeline.reporting.page.blocks import Section
from pipeline.reporting.report.gains import gains_section
from pipeline.reporting.viewer.palette import viewer_classes
from pipeline.stages.currency import stale_stage
from pipeline.stages.evidence.chapter import Chapter, finished
from pipeline.stages.job import TUNE, Job

_GAINS, _TUNED, _RULES = (
    PurePath("gains", "gains.json"),
    PurePath("tuned", "scores.json"),
    PurePath("rules", "rules.json"),
)


def chapter(job: Job, folder: StageFolder) -> Chapter | None:  # noqa: ARG001 - nothing is kept
    """Section ``gains``; None where steps were not scored and nothing was tuned."""
    gains = _stored(job, "polygons", _GAINS)
    tuning, rules = _stored(job, TUNE, _TUNED), _stored(job, TUNE, _RULES) or []
    if gains is None and tuning is None:
        return None
    rows = job.config.dataset.classes
    warnings = [] if tuning is None else _of_currency(job)
    inputs: dict[str, Any] = {
        "gains": gains,
        "tuning": [tuning, rules],
        "classes": [row.model_dump(mode="json") for row in rows],
        "warnings": warnings,
    }

    def write() -> list[Section]:
        return [gains_section(gains, tuning, rules, viewer_classes(rows), warnings)]

    return Chapter("gains", inputs, write)


def _stored(job: Job, stage: str, file: PurePath) -> Any:
    """JSON of an item's file; None if the stage has none."""
    item = (finished(job, stage) or {}).get(file.parent.name)
    return None if item is None else read_json(item.path(file.name))


def _of_currency(job: Job) -> list[str]:
    old = stale_stage(job.run, TUNE)
    if old is None:
        return []
    return [
        f"What was tuned is old: `{old}` is missing or older than what it depends on. `make tune "
        f"RUN={job.run.name}` with this run's CONFIG and SET brings it up to date."
    ]
