"""The command that makes sense after what a run has."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from pipeline.stages.job import SEARCH, TUNE, Job
from pipeline.stages.standing.standing import Standing

_ASIDE = (SEARCH, TUNE)
"""Stages that nobody needs to be brought up to date."""


def next_command(job: Job, found: Sequence[Standing], made: Collection[str]) -> str | None:
    """The next sensible command; None if nobody knows what was asked, or all is there.

    Args:
        job: The run.
        found: How it stands with its stages.
        made: Stages that were made just now.
    """
    if job.asked is None:
        return None
    if TUNE in made and not job.config.tune.use:
        return job.asked.command("score", "tune.use=true")
    if SEARCH in made and job.config.search.use == "nothing":
        return job.asked.command("score", "search.use=best")
    target = next_target(job, {stage.stage: stage for stage in found})
    return None if target is None else job.asked.command(target)


def next_target(job: Job, found: Mapping[str, Standing]) -> str | None:
    """What is old comes first: the last of it, as that brings all before it up to date."""
    old = [
        stage.stage
        for stage in found.values()
        if stage.state in ("stale", "damaged", "interrupted") and stage.stage not in _ASIDE
    ]
    if old:
        return old[-1]
    wanted = ("train", "polygons", _checked_by(job), "report")
    return next((name for name in wanted if found[name].state == "missing"), None)


def _checked_by(job: Job) -> str:
    """What shows what polygons are worth: a score where the truth is known."""
    labelled = job.config.dataset.solution is not None or any(
        (job.run / "scenes").glob("scene-*/labels.json")
    )
    return "score" if labelled else "submission"
