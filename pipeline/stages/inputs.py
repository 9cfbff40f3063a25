"""What a stage's results depend on besides the stages before it, as it is now; nothing is written.

That is its part of the configuration, its code and, for the first stage, the raw files; and what it
takes from other runs or files of weights.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.chain import Stage
from pipeline.code_version import code_version
from pipeline.items import read_object
from pipeline.stages.job import SEARCH, Job


def inputs_of(job: Job, row: Stage, code: Callable[[str], str] = code_version) -> dict[str, Any]:
    """What a stage depends on, as JSON: ``settings``, ``code`` and what else there is.

    Args:
        job: The run.
        row: The stage.
        code: Gives the version of a module.
    """
    needs: dict[str, Any] = {
        "settings": job.settings(row.name),
        "code": code(row.module),
    }
    if not row.upstream:
        needs["files"] = inventory(job.config.dataset.folder)
    if row.name in ("train", SEARCH) and (found := sources(job)):
        needs["sources"] = found
    if row.name == SEARCH:
        needs["reads"] = _searched(job)
    trained = job.config.ensemble.trained
    if row.name in ("predict", "evaluate") and trained is not None:
        needs["trained"] = _results(job, trained, ("train", "evaluate"))
    if row.name == "predict" and job.config.ensemble.runs:
        joined = ("predict", "evaluate")
        needs["runs"] = {name: _results(job, name, joined) for name in job.config.ensemble.runs}
    return needs


def inventory(top: Path) -> dict[str, list[int]]:
    """Size and time of a file, or of every file in a folder: cheap to ask, and enough for Make."""
    found = {}
    for path in (top, *sorted(top.rglob("*"))):
        if path.is_file():
            status = path.stat()
            found[os.fspath(path.relative_to(top))] = [status.st_size, status.st_mtime_ns]
    return found


def sources(job: Job) -> dict[str, Any]:
    """What the weights are that each model starts from; only the models that start from any."""
    found: dict[str, Any] = {}
    for row in job.config.models:
        if row.transfer.run is not None:
            found[row.name] = _results(job, row.transfer.run, ("train", "augment"))
        elif row.transfer.source is not None:
            found[row.name] = inventory(row.transfer.source)
    return found


def _searched(job: Job) -> Mapping[str, Any]:
    """The space of a search, and the ledgers of other runs that it starts from."""
    settings = job.before_search.search
    folders = (job.run.parent / run / SEARCH for run in settings.warm)
    ledgers = [path for folder in folders for path in sorted(folder.glob("*.jsonl"))]
    return {os.fspath(path): inventory(path) for path in (settings.space, *ledgers)}


def _results(job: Job, run: str, stages: Sequence[str]) -> dict[str, Any]:
    """Items of another run's stages; None of a stage that has not finished."""
    return {
        stage: read_object(job.run.parent / run / stage / "manifest.json").get("items")
        for stage in stages
    }
