"""How good the run is: its score, that of held-out pixels, and those of other runs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pipeline.artifacts import Item, StageFolder
from pipeline.files import digest_of, is_safe_name
from pipeline.items import read_object
from pipeline.reporting.page.blocks import Section
from pipeline.reporting.report.earlier_runs import newest_alike
from pipeline.reporting.report.scored_run import ScoredRun, Scores, pixel_scores, polygon_scores
from pipeline.reporting.report.scores import Standing, score_section
from pipeline.reporting.viewer.palette import viewer_classes
from pipeline.stages.currency import stale_stage
from pipeline.stages.evidence.chapter import Chapter, finished
from pipeline.stages.job import Job

POLYGONS: Final = Path("score", "score.json")
PIXELS: Final = Path("evaluate", "scores", "scores.json")
_LARGEST: Final = 1 << 25
"""Bytes of a score that is read; what is larger is none."""


def chapter(job: Job, folder: StageFolder) -> Chapter | None:  # noqa: ARG001 - nothing is kept
    """Section ``scores``; it says so where there is no score yet."""
    polygons = _stored(finished(job, "score"), POLYGONS.name)
    pixels = _stored(finished(job, "evaluate"), PIXELS.name)
    found = Standing(
        job.run.name,
        None if polygons is None else polygon_scores(polygons),
        None if pixels is None else pixel_scores(pixels),
        colours={row.code: row.colour for row in viewer_classes(job.config.dataset.classes)},
    )
    others, left_out = ([], []) if found.main is None else _others(job, found.main)
    warnings = [*_of_currency(job, found.polygons), *left_out]
    standing = Standing(
        found.run, found.polygons, found.pixels, others, found.colours, tuple(warnings)
    )
    inputs: dict[str, Any] = {
        "polygons": digest_of(polygons),
        "pixels": digest_of(pixels),
        "others": [[run.name, _record(run.scores)] for run in others],
        "warnings": warnings,
        "classes": [row.model_dump(mode="json") for row in job.config.dataset.classes],
    }

    def write() -> list[Section]:
        return [score_section(standing)]

    return Chapter("scores", inputs, write)


def _stored(items: Mapping[str, Item] | None, file: str) -> dict[str, Any] | None:
    """A score of this run; None if the stage has none."""
    for item in (items or {}).values():
        if file in item.files:
            return read_object(item.path(file))
    return None


def _record(scores: Scores) -> dict[str, Any]:
    """What is shown of another run, as JSON."""
    rows = {code: [row.jaccard, *row.interval] for code, row in scores.classes.items()}
    return {"mean": [scores.mean_jaccard, *scores.interval], "classes": rows}


def _of_currency(job: Job, polygons: Scores | None) -> list[str]:
    """What is wrong with the score of the polygons, and how to make it."""
    command = f"`make score RUN={job.run.name}` with this run's CONFIG and SET"
    if polygons is None:
        labelled = any("labels.json" in item.files for item in job.scenes("scenes").values())
        if job.config.dataset.solution is None and not labelled:
            return [
                "There is no score: no scene has labels and there is no solution, so nothing tells "
                "what is true."
            ]
        return [f"The polygons of this run have no score yet: {command} makes it."]
    old = stale_stage(job.run, "score")
    if old is None:
        return []
    return [
        f"The score of the polygons is old: `{old}` is missing or older than what it depends on. "
        f"{command} brings it up to date."
    ]


def _others(job: Job, main: ScoredRun) -> tuple[list[ScoredRun], list[str]]:
    """Runs that stand beside this one, the newest first, and why others that are named do not."""
    path = POLYGONS if main.scores.of != "pixels" else PIXELS
    named = job.config.report.against
    if named is None:
        return newest_alike(main, [*_scored_runs(job.run, path)]), []
    found, left_out = [], []
    for name in dict.fromkeys(named):
        run = _scored(job.run.parent / name, path) if is_safe_name(name) else None
        if run is None:
            left_out.append(f"report.against: {name} is left out: it has no {path.as_posix()}.")
        elif not main.scores.comparable(run.scores):
            left_out.append(
                f"report.against: {name} is left out: it was scored on other scenes or classes, or "
                "in another way."
            )
        elif name != job.run.name:
            found.append(run)
    return found, left_out


def _scored_runs(run: Path, path: Path) -> list[ScoredRun]:
    """Other runs beside this one that have a score, the newest first."""
    times = {}
    with os.scandir(run.parent) as entries:
        for entry in entries:
            if entry.name != run.name and is_safe_name(entry.name):
                times[entry.name] = _time(Path(entry.path) / path)
    names = sorted((name for name in times if times[name]), key=lambda name: (-times[name], name))
    found = (_scored(run.parent / name, path) for name in names)
    return [other for other in found if other is not None]


def _time(path: Path) -> int:
    """When a file was written, ns; 0 if there is none that can be read."""
    try:
        status = path.stat()
    except OSError:
        return 0
    return status.st_mtime_ns if status.st_size <= _LARGEST else 0


def _scored(run: Path, path: Path) -> ScoredRun | None:
    if not _time(run / path):
        return None
    try:
        record = read_object(run / path)
    except RecursionError:  # a foreign file may hold lists within lists without end
        return None
    scores = pixel_scores(record) if path == PIXELS else polygon_scores(record)
    return None if scores is None else ScoredRun(run.name, scores)
