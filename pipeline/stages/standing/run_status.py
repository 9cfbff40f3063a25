"""All that is told of one run: what it was asked for, and how it stands with its stages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline.code_version import code_version
from pipeline.config import load_config
from pipeline.errors import PipelineError
from pipeline.stages.asked import Asked
from pipeline.stages.job import Job
from pipeline.stages.resolving import resolve
from pipeline.stages.standing.standing import Standing, standings


@dataclass(frozen=True)
class RunStatus:
    """How it stands with a run.

    Attributes:
        run: Its folder.
        asked: What it was last asked for; None if it does not say.
        notes: Why it is not compared with what was asked, or nothing.
        stages: In the order of the chain.
    """

    run: Path
    asked: Asked | None
    notes: tuple[str, ...]
    stages: tuple[Standing, ...]


def run_status(run: Path, code: Callable[[str], str] = code_version) -> RunStatus:
    """Look at a run; what can't be read of it is noted, and stops nothing.

    Args:
        run: Its folder.
        code: Gives the version of a module.
    """
    asked, notes = Asked.read(run), list[str]()
    job = _job(run, asked, notes)
    try:
        found = standings(run, job, code=code)
    except (OSError, PipelineError) as error:
        notes.append(f"{_short(error)}: compared with what was last asked")
        found = _told_by_files(run, notes)
    return RunStatus(run, asked, tuple(notes), tuple(found))


def _told_by_files(run: Path, notes: list[str]) -> list[Standing]:
    """How it stands by the run's files alone; nothing if these can't be read either."""
    try:
        return standings(run)
    except OSError as error:
        notes.append(_short(error))
        return []


def _job(run: Path, asked: Asked | None, notes: list[str]) -> Job | None:
    """The run as it would be made now: as it was asked, or by the configuration that it keeps."""
    if asked is not None:
        try:
            return resolve(asked, run)
        except (OSError, PipelineError) as error:
            gone = not asked.config.exists()
            what = f"{asked.config} is gone" if gone else _short(error)
            notes.append(f"{what}: compared with the copy of the configuration in the run")
    try:
        return Job(load_config(run / "config.yaml"), run)
    except (OSError, PipelineError) as error:
        notes.append(f"{_short(error)}: compared with what was last asked")
        return None


def _short(error: Exception) -> str:
    """The first lines of an error, as one."""
    return " ".join(str(error).split())[:200]
