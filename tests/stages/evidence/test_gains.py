"""Post-processing in the report."""

from functools import partial
from pathlib import Path
from typing import Any

from pipeline.artifacts import StageFolder
from pipeline.files import write_json
from pipeline.reporting.page.blocks import Group, Text
from pipeline.stages.evidence.gains import chapter
from pipeline.stages.job import Job
from tests.reporting.report.test_gains import RECORD, RULES, tuning
from tests.stages.fake_run import make_run


def put(job: Job, stage: str, **items: tuple[str, Any]) -> None:
    """Items of a stage, each with a JSON file."""
    with StageFolder(job.run / stage, stage, "test") as folder:
        for name, (file, value) in items.items():
            folder.item(name, {}, partial(_write, file, value))


def _write(file: str, value: Any, folder: Path) -> None:
    write_json(folder / file, value)


def blocks_of(job: Job) -> tuple[object, ...]:
    found = chapter(job, StageFolder(job.run / "report", "report", "test"))
    assert found is not None
    (section,) = found.write()
    return section.blocks


def test_run_without_either(tmp_path: Path) -> None:
    job = make_run(tmp_path)
    assert chapter(job, StageFolder(job.run / "report", "report", "test")) is None


def test_gains_alone(tmp_path: Path) -> None:
    job = make_run(tmp_path)
    put(job, "polygons", gains=("gains.json", RECORD))
    assert len(blocks_of(job)) == 4


def test_tuning_says_that_it_is_old(tmp_path: Path) -> None:
    job = make_run(tmp_path)
    put(job, "polygons", gains=("gains.json", RECORD))
    put(job, "tune", tuned=("scores.json", tuning()), rules=("rules.json", RULES))
    group = blocks_of(job)[-1]
    assert isinstance(group, Group)
    warning = group.blocks[0]
    assert isinstance(warning, Text)
    assert "What was tuned is old: `scenes` is missing" in warning.text
