"""Tiles and plans of a search's trials: those of the run where they agree, else their own.

Trials that change bands, resolution or patches need tiles or plans of their own. These lie in the
search's folder and are shared by all trials that agree in what they depend on; a folder of them
looks like that of a run, so the stages ``tiles`` and ``augment`` make them.
"""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from pipeline.artifacts import is_whole
from pipeline.chain import stage as stage_row
from pipeline.code_version import code_version
from pipeline.config import Config
from pipeline.config.work import Work
from pipeline.files import digest_of
from pipeline.items import read_object
from pipeline.progress import say
from pipeline.stages import augment, tiles
from pipeline.stages.currency import stale_stage
from pipeline.stages.job import Job

GROUNDS: Final = "grounds"
_STAGES: Final = ("tiles", "augment")


def prepare_ground(job: Job, work: Path, config: Config) -> Path:
    """The folder with the tiles and the plan of a trial, made if it is not there.

    Args:
        job: The run.
        work: Folder of the search's own files.
        config: The trial's configuration.
    """
    trial = replace(job, config=config)
    if _is_the_runs(trial):
        return job.run
    scenes = read_object(job.run / "scenes" / "manifest.json").get("items", {})
    depends = {name: _depends(trial, name) for name in _STAGES}
    cache = work / GROUNDS / f"tiles-{digest_of([depends['tiles'], scenes])[:16]}"
    folder = work / GROUNDS / f"ground-{digest_of([depends, scenes])[:16]}"
    # A trial may run in a worker, which starts none of its own.
    own = Job(config.model_copy(update={"work": Work()}), folder)
    if stale(folder):
        say(f"search: makes tiles and plan of its own: {folder}")
        cache.mkdir(parents=True, exist_ok=True)
        folder.mkdir(parents=True, exist_ok=True)
        _link(folder / "scenes", job.run / "scenes")
        _link(folder / "tiles", cache)
        # What these two stages say of each trial would hide what the search says.
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            tiles.run(own)
            augment.run(own)
    return folder


def stale(folder: Path) -> bool:
    """Whether a ground was not finished, or was damaged since."""
    return not all(is_whole(folder / name) for name in _STAGES)


def _depends(job: Job, stage: str) -> Mapping[str, Any]:
    """What Make would compare of a stage, see ``prepare``."""
    return {"settings": job.settings(stage), "code": code_version(stage_row(stage).module)}


def _is_the_runs(job: Job) -> bool:
    """Whether the run's own tiles and plan are up to date and just those of a configuration."""
    if stale_stage(job.run, "augment") is not None:
        return False
    stored = {name: read_object(job.run / "inputs" / f"{name}.json") for name in _STAGES}
    return all(stored[name] == dict(_depends(job, name)) for name in _STAGES)


def _link(link: Path, target: Path) -> None:
    """A link to a folder, relative so that the run's folder may be moved."""
    if not link.is_symlink():
        link.symlink_to(os.path.relpath(target, link.parent), target_is_directory=True)
