"""The record of a run: its configuration, and the manifests of its stages."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from pipeline.artifacts import MANIFEST, StageFolder
from pipeline.chain import CHAIN
from pipeline.files import read_json
from pipeline.reporting.page.blocks import Section
from pipeline.reporting.report.run_record import RunRecord, run_section
from pipeline.reporting.report.stage_record import StageRecord
from pipeline.stages.evidence.catalogue import catalogue_of, records_of
from pipeline.stages.evidence.chapter import Chapter, finished
from pipeline.stages.job import Job

_REPORT: Final = "report"


def chapter(job: Job, folder: StageFolder) -> Chapter:  # noqa: ARG001 - as all chapters
    """The chapter on what was run: every run has one."""
    stages, catalogue = _stages(job), catalogue_of(job)
    config = job.config.to_yaml()
    inputs: dict[str, Any] = {
        "stages": [vars(stage) | {"machine": dict(stage.machine)} for stage in stages],
        "catalogue": None if catalogue is None else catalogue.digest,
        "config": config,
    }

    def write() -> list[Section]:
        dataset = job.config.dataset
        records = [] if catalogue is None else records_of(catalogue)
        run = RunRecord(
            name=job.run.name,
            folder=str(dataset.folder),
            layout=dataset.layout,
            classes=tuple(row.name for row in dataset.classes),
            bands=tuple(
                f"{row.name}: {', '.join(row.bands)}, {row.metres:g} m" for row in dataset.groups
            ),
            models=tuple(row.name for row in job.config.models),
            scenes=Counter(str(record["role"]) for record in records),
            config=config,
            stages=tuple(stages),
        )
        return [run_section(run)]

    return Chapter("run", inputs, write)


def _stages(job: Job) -> list[StageRecord]:
    """Stages that have finished, in the order of the chain; the report itself has not."""
    found = []
    for row in CHAIN:
        items = None if row.name == _REPORT else finished(job, row.name)
        if items is not None:
            size = sum(file.size for item in items.values() for file in item.files.values())
            manifest = read_json(job.run / row.name / MANIFEST)
            found.append(StageRecord.of(row.name, row.purpose, size, manifest))
    return found
