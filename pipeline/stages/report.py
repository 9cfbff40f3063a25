"""``report``: one file that tells the whole story of a run.

Item ``page`` holds report.html, which is also a file of the stage's folder. The other items
are what takes long to make of pixels and polygons, so that a second report takes seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from pipeline.artifacts import StageFolder, publish
from pipeline.files import write_bytes
from pipeline.progress import say
from pipeline.reporting.page.rendering import render_page
from pipeline.stages.evidence import (
    catalogue,
    checks,
    learning,
    network,
    patches,
    plan,
    run_record,
    search,
)
from pipeline.stages.evidence.chapter import Chapter
from pipeline.stages.job import Job

FILE: Final = "report.html"
Maker = Callable[[Job, StageFolder], Chapter | None]
CHAPTERS: Final[tuple[Maker, ...]] = (
    patches.chapter,
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
    """Write the report of what the run has."""
    with job.open("report") as folder:
        chapters = [chapter for make in CHAPTERS if (chapter := make(job, folder)) is not None]
        inputs = {"run": job.run.name} | {row.name: dict(row.inputs) for row in chapters}

        def build(target: Path) -> None:
            sections = [section for chapter in chapters for section in chapter.write()]
            text = render_page(f"Run {job.run.name}", "", sections)
            write_bytes(target / FILE, text.encode())

        page = folder.item("page", inputs, build)
        publish(page, FILE, folder.folder / FILE)
        made = "written" if page.name in folder.built else "unchanged"
    size = page.files[FILE].size / 1e6
    say(f"report: {made}: open {folder.folder / FILE} in a browser ({size:.1f} MB)")
