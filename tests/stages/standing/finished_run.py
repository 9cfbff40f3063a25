"""A run whose stages are finished, without the work: for tests of what is told of it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import yaml

from pipeline.chain import CHAIN, needed
from pipeline.config import load_config
from pipeline.files import write_json
from pipeline.stages.asked import Asked
from pipeline.stages.job import Job
from pipeline.stages.prepare import prepare
from tests.chain_project import tiny_config

SCORED = tuple(row.name for row in CHAIN if row.name in needed("score"))


def job_of(folder: Path, run: str = "r", **changes: dict[str, Any]) -> Job:
    """The job of a run in ``data/runs`` of a folder, and its configuration file.

    Args:
        folder: Where commands run.
        run: Name of the run.
        changes: Keys of sections that differ from the tiny configuration.
    """
    raw = folder / "raw"
    if not raw.exists():
        raw.mkdir()
        (raw / "a.tif").write_bytes(b"1")
    tree = tiny_config(str(raw))
    for section, values in changes.items():
        tree.setdefault(section, {}).update(values)
    path = folder / "configs" / f"{run}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump(tree))
    return asked_job(folder, Asked(path, run))


def asked_job(folder: Path, asked: Asked) -> Job:
    """The job of what is asked."""
    config = load_config(asked.config, asked.overrides)
    return Job(config, folder / "data" / "runs" / asked.run, asked=asked)


def make(job: Job, *stages: str) -> None:
    """Make stages of one item each, whose content is what the configuration says of the stage."""
    prepare(job)
    for stage in stages:
        with job.open(stage) as folder:
            settings = job.settings(stage)
            folder.item("scene-a", settings, partial(_write, settings))


def _write(settings: dict[str, Any], target: Path) -> None:
    write_json(target / "x.json", settings)
