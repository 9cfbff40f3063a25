"""The end of a make target: what was made, what it scores, where it lies, what comes next."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pipeline.files import read_json
from pipeline.progress import say
from pipeline.progress.wording import in_words
from pipeline.reporting.plain_table import plain_console, print_table
from pipeline.stages.asked import ASKED
from pipeline.stages.job import Job
from pipeline.stages.standing.figures import figure
from pipeline.stages.standing.next_step import next_command
from pipeline.stages.standing.standing import Standing, standings

_HEADER: Final = ("stage", "state", "items", "took", "result")
_STYLES: Final = {"made": "green", "stale": "yellow", "interrupted": "yellow"}
_RESULTS: Final = (
    ("polygons", "map.gpkg", "layers for map programs"),
    ("submission", "submission.csv", "submission"),
    ("report", "report.html", "report"),
)
"""What people look for: its stage, its file there, and what it is called."""


def summarise(job: Job) -> None:
    """Say what was made since Make asked, the run's score, where its results lie, what is next."""
    run = job.run
    asked = (run / "inputs" / ASKED).stat().st_mtime_ns
    every = standings(run, files=False)
    found = [stage for stage in every if stage.state != "missing"]
    made = [stage.stage for stage in found if _is_new(stage, asked)]
    if any(stage.checked >= asked for stage in found):
        rows = [_row(run, stage, stage.stage in made) for stage in found]
        print_table(plain_console(stderr=True), _HEADER, rows, ("items", "took"), _STYLES)
    else:
        done = [stage for stage in found if stage.state == "done"]
        say(f"{run}: nothing to do, {len(done)} stages are up to date")
    _say_results(run, found)
    command = next_command(job, every, made)
    if command is not None:
        say(f"next: {command}")


def _is_new(stage: Standing, asked: int) -> bool:
    """Whether something of a stage was made since Make asked, and not only found in order."""
    if stage.made_at is None or stage.built is None:  # older versions do not say when
        return False
    return stage.made_at.timestamp() * 1e9 >= asked


def _row(run: Path, stage: Standing, is_new: bool) -> tuple[str, ...]:
    """One stage's cells."""
    state = stage.state
    items, took = f"{stage.items}", ""
    if is_new and stage.built is not None:
        items = f"{stage.built} of {stage.items}"
        took = "" if stage.seconds is None else in_words(stage.seconds)
    if state == "stale":
        return stage.stage, state, items, took, "; ".join(stage.why[:2])
    word = {"done": "made" if is_new else "unchanged"}.get(state, state)
    return stage.stage, word, items, took, figure(run / stage.stage)


def _say_results(run: Path, found: Sequence[Standing]) -> None:
    """The score, and where the files lie; nothing that is out of date."""
    done = {stage.stage for stage in found if stage.state == "done"}
    result = run / "score" / "score.json"
    if "score" in done and result.exists():
        score = read_json(result)
        say(f"{run}: mean Jaccard {score['mean_jaccard']:.4f} ({score['of']})")
    elif result.exists():
        say(f"{run}: the score is out of date; `make score` brings it up to date")
    for stage, name, what in _RESULTS:
        path = run / stage / name
        if stage in done and path.exists():
            say(f"{run}: {what} in {path}")
