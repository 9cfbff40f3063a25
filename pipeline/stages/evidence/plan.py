"""Sampling plans, folds and the sheets of views, as the stage ``augment`` left them."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from PIL import Image

from pipeline.artifacts import Item, StageFolder
from pipeline.errors import ArtifactError
from pipeline.files import read_json
from pipeline.learning.plan import read_plan
from pipeline.reporting.page.blocks import Section
from pipeline.reporting.report.plan import FoldRecord, Sheet, plan_section
from pipeline.reporting.report.sampling_plan import SamplingPlan, ground_shares
from pipeline.stages.augment import SHEET
from pipeline.stages.evidence.catalogue import catalogue_of, records_of
from pipeline.stages.evidence.chapter import Chapter, finished
from pipeline.stages.job import PLAN, Job

_QUALITY: Final = 80
"""Of WebP: letters of a sheet stay sharp."""
_SHEET: Final = "contact-sheet-"


def chapter(job: Job, folder: StageFolder) -> Chapter | None:  # noqa: ARG001 - as all chapters
    """The chapter on sampling; None if nothing was planned, as where other networks predict."""
    items, catalogue = finished(job, "augment"), catalogue_of(job)
    if not items:
        return None
    config = job.config
    inputs: dict[str, Any] = {
        "items": {name: item.digest for name, item in items.items()},
        "catalogue": None if catalogue is None else catalogue.digest,
        "classes": [row.model_dump(mode="json") for row in config.dataset.classes],
        "models": [
            [row.name, config.codes_of(row), row.augment.model_dump(mode="json"), row.tiles.metres]
            for row in config.models
        ],
    }

    def write() -> list[Section]:
        records = [] if catalogue is None else records_of(catalogue)
        ground = ground_shares(records, config.dataset.codes)
        sheets = [
            _sheet(row.name, items[f"{_SHEET}{row.name}"])
            for row in config.models
            if f"{_SHEET}{row.name}" in items
        ]
        classes = config.dataset.classes
        return [plan_section(_plans(job, items), ground, _folds(items), classes, sheets)]

    return Chapter("plan", inputs, write)


def _plans(job: Job, items: Mapping[str, Item]) -> list[SamplingPlan]:
    return [
        SamplingPlan(
            row.name,
            job.config.codes_of(row),
            read_plan(items[f"{PLAN}{row.name}"].path("plan.csv")),
            row.augment,
            row.tiles.metres,
        )
        for row in job.config.models
        if f"{PLAN}{row.name}" in items
    ]


def _folds(items: Mapping[str, Item]) -> list[FoldRecord]:
    if "folds" not in items:
        return []
    path: Path = items["folds"].path("folds.json")
    record = read_json(path)
    try:
        shares = record.get("shares", {})
        return [
            FoldRecord(
                tuple(map(str, record["folds"][str(number)])),
                {int(code): float(s) for code, s in shares.get(str(number), {}).items()},
            )
            for number in range(len(record["folds"]))
        ]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ArtifactError(f"{path}: not a list of folds ({error}); run `augment`") from error


def _sheet(model: str, item: Item) -> Sheet:
    """A sheet of views in a tenth of its bytes."""
    data = io.BytesIO()
    with Image.open(item.path(SHEET)) as image:
        image.convert("RGB").save(data, "WEBP", quality=_QUALITY, method=4)
        return Sheet(model, data.getvalue(), image.width)
