"""``report``: one file that tells the whole story of a run.

Item ``page`` holds report.html, which is also a file of the stage's folder. The other items
are what takes long to make of pixels and polygons, so that a second report takes seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from pipeline.artifacts import StageFolder, publish
from pipeline.errors import ArtifactError
from pipeline.files import write_bytes
from pipeline.progress import say, track
from pipeline.reporting.page.rendering import render_page
from pipeline.stages.evidence import (
    catalogue,
    checks,
    gains,
    learning,
    levels,
    network,
    patches,
    plan,
    run_record,
    scores,
    search,
)
from pipeline.stages.evidence.chapter import Chapter, finished
from pipeline.stages.evidence.scenes import viewer_of
from pipeline.stages.job import Job

FILE: Final = "report.html"
_NAMED: Final = 12
Maker = Callable[[Job, StageFolder], Chapter | None]
BEFORE_SCENES: Final[tuple[Maker, ...]] = (scores.chapter,)
AFTER_SCENES: Final[tuple[Maker, ...]] = (
    patches.chapter,
    levels.chapter,
    gains.chapter,
    learning.chapter,
    network.chapter,
    search.chapter,
    plan.chapter,
    checks.chapter,
    catalogue.chapter,
    run_record.chapter,
)
"""In the order in which they are read."""


def run(job: Job) -> None:
    """Write the report of what the run has.

    Raises:
        ArtifactError: If it has nothing yet.
    """
    if finished(job, "scenes") is None:
        raise ArtifactError(
            f"{job.run}: there is nothing to report yet; `make score report` with the same CONFIG, "
            "RUN and SET makes the results and then the report"
        )
    with job.open("report") as folder:
        scenes = viewer_of(job, folder)
        chapters = _chapters(job, folder, BEFORE_SCENES)
        chapters += [] if scenes is None else [scenes.chapter]
        chapters += _chapters(job, folder, AFTER_SCENES)
        lead = _lead(job)
        inputs: dict[str, Any] = {row.name: dict(row.inputs) for row in chapters}
        inputs |= {"run": job.run.name, "lead": lead}
        inputs["viewer"] = None if scenes is None else dict(scenes.inputs)

        def build(target: Path) -> None:
            sections = [
                section
                for chapter in track(chapters, "report: chapters")
                for section in chapter.write()
            ]
            viewer = None if scenes is None else scenes.write()
            text = render_page(f"Run {job.run.name}", lead, sections, viewer)
            write_bytes(target / FILE, text.encode())

        page = folder.item("page", inputs, build)
        publish(page, FILE, folder.folder / FILE)
        made = "written" if page.name in folder.built else "unchanged"
    size = page.files[FILE].size / 1e6
    say(f"report: {made}: open {folder.folder / FILE} in a browser ({size:.1f} MB)")
    if size > job.config.report.megabytes:
        say(
            f"report: takes more than report.megabytes ({job.config.report.megabytes:g}): scenes "
            "and patches are as few and small as they can be, charts and tables stay"
        )


def _chapters(job: Job, folder: StageFolder, makers: tuple[Maker, ...]) -> list[Chapter]:
    """Those chapters that the run has something for."""
    return [chapter for make in makers if (chapter := make(job, folder)) is not None]


def _lead(job: Job) -> str:
    """What the run is about, in a line."""
    dataset, scenes = job.config.dataset, job.scenes("scenes")
    many = "scene" if len(scenes) == 1 else "scenes"
    labelled = sum("labels.json" in item.files for item in scenes.values())
    classes = ", ".join(row.name for row in dataset.classes[:_NAMED])
    more = len(dataset.classes) - _NAMED
    return (
        f"{len(scenes)} {many} of {dataset.folder}, {labelled} of them labelled; "
        f"{classes}{f' and {more} more classes' if more > 0 else ''}"
    )
