"""``python -m pipeline STAGE --config FILE [--set section.key=value]``."""

from __future__ import annotations

import importlib
import os
import shlex
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from pipeline.chain import CHAIN, Stage, needed
from pipeline.compare_command import register as register_compare
from pipeline.errors import ConfigError, PipelineError
from pipeline.init_command import register as register_init
from pipeline.progress import end_displays, say
from pipeline.stages.asked import Asked
from pipeline.stages.job import SEARCH, TUNE, Job, run_folder
from pipeline.stages.prepare import forget_damaged, prepare
from pipeline.stages.resolving import resolve
from pipeline.stages.summary import summarise
from pipeline.status_command import register as register_status
from pipeline.table_commands import register

ConfigOption = Annotated[Path, typer.Option("--config", help="YAML file of the run.")]
RunOption = Annotated[
    str | None, typer.Option("--run", help="Name of the run; the config's file name by default.")
]
DataOption = Annotated[
    Path | None, typer.Option("--data", help="Folder of raw files, in place of dataset.folder.")
]
SetOption = Annotated[
    list[str] | None, typer.Option("--set", help="section.key=value, any number of times.")
]
SkipOption = Annotated[
    bool, typer.Option("--skip-bad", help="Go on without scenes that can't be used; name them.")
]
INTERRUPTED = 130
"""Exit code of what a person stopped, as shells have it."""
SKIP_BAD = "scenes.skip_bad=true"

SET = "PIPELINE_SET"
"""Environment variable with more of --set: pairs as in a shell, that is with blanks in quotes."""

BEFORE_SEARCH = ("scenes", SEARCH)
"""Stages that need nothing that a search has found."""
BEFORE_TUNE = {*BEFORE_SEARCH, *needed(TUNE)}
"""Stages that need nothing that tuning has found."""

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Multispectral satellite scenes in, map polygons out.",
)


def _asked(config: Path, run: str | None, data: Path | None, overrides: list[str] | None) -> Asked:
    """The options of a command, those of the environment among them."""
    text = os.environ.get(SET, "")
    try:
        pairs = shlex.split(text)
    except ValueError as error:
        raise ConfigError(f"SET={text!r}: {error}; close the quote") from None
    return Asked(config, run or config.stem, data, (*pairs, *(overrides or ())))


def _job(
    config: Path,
    run: str | None,
    data: Path | None,
    overrides: list[str] | None,
    needs_found: bool = True,
    needs_tuned: bool = True,
) -> Job:
    """The job of a command, with what a search and tuning have found if they are to be used."""
    asked = _asked(config, run, data, overrides)
    return resolve(asked, run_folder(asked.run), needs_found, needs_tuned)


def _run(job: Job, work: Callable[[Job], None]) -> None:
    """Run a stage on inputs that are stored first."""
    prepare(job)
    work(replace(job, since=time.time_ns()))


def _add_stage(row: Stage) -> None:
    def command(
        config: ConfigOption,
        run: RunOption = None,
        data: DataOption = None,
        overrides: SetOption = None,
        skip_bad: SkipOption = False,
    ) -> None:
        _run(
            _job(
                config,
                run,
                data,
                [*(overrides or ()), SKIP_BAD] if skip_bad else overrides,
                needs_found=row.name not in BEFORE_SEARCH,
                needs_tuned=row.name not in BEFORE_TUNE,
            ),
            lambda job: importlib.import_module(row.module).run(job),
        )

    app.command(row.name, help=f"{row.purpose[0].upper()}{row.purpose[1:]}.")(command)


for _row in CHAIN:
    if _row.name != "score":
        _add_stage(_row)


@app.command("score")
def score(
    config: ConfigOption,
    run: RunOption = None,
    data: DataOption = None,
    overrides: SetOption = None,
    submission: Annotated[
        Path | None,
        typer.Option(
            help="Score this CSV, GeoPackage, GeoJSON or folder of them; needs --truth. Of "
            "--config, the classes and score.absent are used; configs/dstl.yaml has the contest's."
        ),
    ] = None,
    truth: Annotated[
        Path | None,
        typer.Option(help="Labels or solution to score --submission against, likewise."),
    ] = None,
) -> None:
    """The exact polygon score of the run, or of any submission against any truth."""
    from pipeline.stages import score as stage  # noqa: PLC0415 - GEOS is not needed for --help

    if (submission is None) != (truth is None):
        raise ConfigError("--submission and --truth go together; give both or none")
    if submission is not None and truth is not None:
        settings = _asked(config, None, data, overrides).load()
        stage.score_files(submission, truth, settings.dataset, settings.score)
        return
    _run(_job(config, run, data, overrides), stage.run)


@app.command("sanity")
def sanity(
    config: ConfigOption,
    run: RunOption = None,
    data: DataOption = None,
    overrides: SetOption = None,
    seconds: Annotated[
        float, typer.Option(min=1, help="Limit of time of each of the two longest checks.")
    ] = 60,
) -> None:
    """Check data, loss, network and rate before a long training; fails if a check does."""
    from pipeline.stages import sanity as stage  # noqa: PLC0415 - not needed for --help

    job = _job(config, run, data, overrides, needs_tuned=False)
    _run(job, lambda job: stage.run(job, seconds))


@app.command("prepare", help="Store the resolved configuration; generate the demo's scenes.")
def prepare_command(
    config: ConfigOption,
    run: RunOption = None,
    data: DataOption = None,
    overrides: SetOption = None,
) -> None:
    """What Make runs before it asks which stages are old."""
    job = _job(config, run, data, overrides, needs_found=False, needs_tuned=False)
    prepare(job, begins=True)
    forget_damaged(job)


@app.command("summary", help="Say what a run has and what it scores.")
def summary_command(
    config: ConfigOption,
    run: RunOption = None,
    data: DataOption = None,
    overrides: SetOption = None,
) -> None:
    """The last line of every make target."""
    summarise(_job(config, run, data, overrides, needs_found=False, needs_tuned=False))


register(app)
register_init(app)
register_compare(app)
register_status(app)


def main() -> None:
    """Run a command; the user's errors are one message and a non-zero exit."""
    try:
        app(standalone_mode=True)
    except PipelineError as error:
        end_displays()
        say(f"error: {error}")
        sys.exit(1)
    except (KeyboardInterrupt, SystemExit) as end:
        end_displays()
        if isinstance(end, SystemExit) and end.code != INTERRUPTED:
            raise
        say("interrupted: the same command goes on where this one stopped")
        sys.exit(INTERRUPTED)
    except OSError as error:
        end_displays()
        say(f"error: {error.filename or 'file system'}: {error.strerror or error}")
        sys.exit(1)
