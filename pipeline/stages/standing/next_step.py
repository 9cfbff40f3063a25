"""The command that makes sense after what a run has."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from pipeline.stages.job import SEARCH, TUNE, Job
from pipeline.stages.standing.standing import Standing

REPORT: Final = "report"
_ASIDE: Final = (SEARCH, TUNE)
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
        return job.asked.command(_checked_by(job), "tune.use=true")
    if SEARCH in made and job.config.search.use == "nothing":
        return job.asked.command(_checked_by(job), "search.use=best")
    target = next_target(job, {stage.stage: stage for stage in found})
    return None if target is None else job.asked.command(target)


def next_target(job: Job, found: Mapping[str, Standing]) -> str | None:
    """What is old comes first: the last of it, as that brings all before it up to date.

    A report shows what there is and asks for none of it, so it goes together with what is
    old. Where nothing can be trained, there is no command that would not fail.
    """
    old = [
        stage.stage
        for stage in found.values()
        if stage.state in ("stale", "damaged", "interrupted") and stage.stage not in _ASIDE
    ]
    if old:
        before = [name for name in old if name != REPORT]
        return f"{before[-1]} report" if before and old[-1] == REPORT else old[-1]
    wanted = ("train", "polygons", _checked_by(job), REPORT)
    target = next((name for name in wanted if found[name].state == "missing"), None)
    return target if target in (None, REPORT) or _can_predict(job) else None


def _can_predict(job: Job) -> bool:
    """Whether there is anything to train with, or trained already."""
    return job.config.ensemble.trained is not None or _is_labelled(job)


def _checked_by(job: Job) -> str:
    """What shows what polygons are worth: a score where the truth is known."""
    dataset = job.config.dataset
    if dataset.solution is None:
        known = _is_labelled(job)
    else:
        known = (dataset.folder / dataset.solution).is_file()
    return "score" if known else "submission"


def _is_labelled(job: Job) -> bool:
    return any((job.run / "scenes").glob("scene-*/labels.json"))
