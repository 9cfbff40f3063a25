"""``python -m pipeline status [RUN ...]``: every run and stage, and why what is old is old."""

from __future__ import annotations

import textwrap
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from pipeline.code_version import code_version
from pipeline.errors import ConfigError
from pipeline.progress.wording import in_words
from pipeline.reporting.plain_table import one_line, plain_console, print_table
from pipeline.stages.job import RUNS
from pipeline.stages.standing.run_status import RunStatus, run_status
from pipeline.stages.standing.standing import Standing

_HEADER: Final = ("stage", "state", "made", "took", "items", "why")
_STYLES: Final = {
    "done": "green",
    "stale": "yellow",
    "interrupted": "yellow",
    "running": "cyan",
    "damaged": "red",
}
_SHOWN: Final = 4
"""Reasons of a stage that are told."""


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("status", help="Show every run and stage: done, old and why, missing.")(status)


def status(
    runs: Annotated[
        list[str] | None, typer.Argument(help="Names of runs; all of them by default.")
    ] = None,
) -> None:
    """Show every run and stage: done, old and why, missing."""
    there = known_runs(RUNS)
    console, code = plain_console(), cache(code_version)  # the same for all runs
    wanted = there if not runs else [run for run in there if run.name in runs]
    for number, run in enumerate(wanted):
        if number:
            console.print()
        _show(console, run_status(run, code))
    if not there:
        console.print(f"no runs in {RUNS} yet; `make demo` makes the first")
    missing = [name for name in runs or () if name not in {run.name for run in there}]
    if missing:
        known = ", ".join(one_line(run.name) for run in there) or "none"
        raise ConfigError(f"{RUNS}: no run {', '.join(missing)}; there are: {known}")


def known_runs(folder: Path) -> list[Path]:
    """Folders of all runs, by name."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.is_dir() and path.name[0] != ".")


def _show(console: Console, found: RunStatus) -> None:
    console.print(one_line(f"{found.run.name}: {_asked(found)}"), style="bold", soft_wrap=True)
    for note in found.notes:
        console.print(one_line(f"  {note}"), soft_wrap=True)
    rows = [_row(stage) for stage in found.stages if stage.state != "missing"]
    if rows:
        print_table(console, _HEADER, rows, right=("took", "items"), styles=_STYLES)
    missing = [stage.stage for stage in found.stages if stage.state == "missing"]
    if missing:
        text = f"not made: {', '.join(missing)}"
        console.print(
            textwrap.fill(text, console.width, initial_indent="  ", subsequent_indent="    ")
        )


def _asked(found: RunStatus) -> str:
    """What a run was asked for, as options of Make."""
    if found.asked is None:
        return "nothing tells what it was asked for"
    return found.asked.command("").removeprefix("make ").strip()


def _row(stage: Standing) -> tuple[str, ...]:
    more = len(stage.why) - _SHOWN
    why = [*stage.why[:_SHOWN], *([f"and {more} more"] if more > 0 else [])]
    return (
        stage.stage,
        stage.state,
        "" if stage.made_at is None else _moment(stage.made_at),
        "" if stage.seconds is None else in_words(stage.seconds),
        str(stage.items) if stage.items else "",
        "; ".join(why),
    )


def _moment(moment: datetime) -> str:
    """A time here; the year in place of the hour where it is another."""
    here = moment.astimezone()
    return f"{here:%d %b %H:%M}" if here.year == datetime.now(UTC).year else f"{here:%d %b %Y}"
