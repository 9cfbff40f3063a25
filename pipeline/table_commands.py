"""Commands on tables that were made anywhere: check, vote, diff."""

from __future__ import annotations

import csv
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.config import load_config
from pipeline.errors import SubmissionError
from pipeline.mapping.wording import counted
from pipeline.progress import printable

if TYPE_CHECKING:
    from pipeline.mapping.submissions.terms import Terms

FileArgument = Annotated[Path, typer.Argument(help="Submission, .csv or .csv.gz.")]
SampleOption = Annotated[
    Path | None, typer.Option("--sample", help="Table whose rows and order it must have.")
]
GridOption = Annotated[
    Path | None, typer.Option("--grid-sizes", help="Table of the scenes' Xmax and Ymin.")
]
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", help="YAML file of a run: its classes, sample and grid sizes."),
]
DataOption = Annotated[
    Path | None, typer.Option("--data", help="Folder of raw files, in place of dataset.folder.")
]
OverwriteOption = Annotated[
    bool, typer.Option("--overwrite", help="Replace outputs that are there already.")
]
CsvOption = Annotated[Path | None, typer.Option("--csv", help="Where to write all of it.")]


LEAST_TABLES = 2
"""Of one table there is nothing to vote on."""
ROWS_SHOWN = 10
"""Rows of a kind that are shown on the terminal."""


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("check", help="Name every problem of a submission; mend it with --repair.")(check)
    app.command("vote", help="Merge submissions: ground that a weighted majority has.")(vote)
    app.command("diff", help="Compare two submissions per class and scene.")(diff)


# Geometry is imported by the commands themselves: --help needs none of it.
def check(
    file: FileArgument,
    sample: SampleOption = None,
    grid_sizes: GridOption = None,
    config: ConfigOption = None,
    data: DataOption = None,
    repair: Annotated[
        Path | None, typer.Option("--repair", help="Where to write the mended table.")
    ] = None,
    findings: CsvOption = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Inspect a submission; the exit status is 1 if it has errors."""
    from pipeline.mapping.submissions.findings import COLUMNS, Tally  # noqa: PLC0415
    from pipeline.mapping.submissions.inspection import Inspection  # noqa: PLC0415
    from pipeline.mapping.submissions.output import check_new, check_targets, written_table  # noqa: PLC0415
    from pipeline.mapping.submissions.repair import report_path  # noqa: PLC0415
    from pipeline.mapping.submissions.terms import read_terms, tables_of  # noqa: PLC0415

    dataset = load_config(config, (), data).dataset if config is not None else None
    inputs = [path for path in (file, sample, grid_sizes, config) if path is not None]
    if dataset is not None:
        inputs += [path for path in tables_of(dataset) if path is not None]
    mended = [repair, report_path(repair)] if repair is not None else []
    check_targets([*([findings] if findings is not None else []), *mended], inputs)
    check_new(mended, overwrite)
    terms = read_terms(sample, grid_sizes, dataset)
    inspection, tally = Inspection(file, terms), Tally()
    with ExitStack() as stack:
        table = None
        if findings is not None:
            table = csv.writer(stack.enter_context(written_table(findings, inputs)))
            table.writerow(COLUMNS)
        for finding in inspection.findings():
            tally.add(finding)
            if table is not None:
                table.writerow(finding.cells)
    for line in tally.lines():
        typer.echo(printable(line))
    if terms.extents is None:
        typer.echo("no extent is checked: name the scenes' grid sizes (--grid-sizes or --config)")
    errors, notes = tally.total("error"), tally.total("note")
    typer.echo(
        f"{file}: {counted(inspection.rows, 'row')}, {inspection.filled} with ground; "
        f"{counted(errors, 'error')}, {counted(notes, 'note')}"
    )
    if repair is not None:
        _repair(file, repair, terms)
    if errors:
        raise typer.Exit(1)


def _repair(file: Path, out: Path, terms: Terms) -> None:
    """Write the mended table, and say what a person should look at."""
    from pipeline.mapping.submissions.repair import repair_table, report_path  # noqa: PLC0415

    done = repair_table(file, out, terms)
    for line in done.notable[:ROWS_SHOWN]:
        typer.echo(printable(f"  {line}"))
    if len(done.notable) > ROWS_SHOWN:
        typer.echo(f"  ... and {len(done.notable) - ROWS_SHOWN} more")
    typer.echo(
        f"{out}: {counted(done.rows, 'row')}, {done.touched} mended, {len(done.notable)} to look "
        f"at; all repairs: {report_path(out)}"
    )
    if done.loss.is_most:
        raise SubmissionError(f"{out}: {done.loss}; look at {report_path(out)} before you use it")


def vote(
    out: Annotated[Path, typer.Argument(help="Where to write the result, .csv or .csv.gz.")],
    tables: Annotated[list[Path], typer.Argument(help="Submissions, .csv or .csv.gz.")],
    weights: Annotated[
        str | None, typer.Option(help="A number above 0 for each table, as in 2,1,1.")
    ] = None,
    share: Annotated[
        float, typer.Option(help="Share of all weights that has to be exceeded.")
    ] = 0.5,
    overwrite: OverwriteOption = False,
) -> None:
    """Merge submissions by weighted majority."""
    from pipeline.mapping.submissions.output import check_new, check_target  # noqa: PLC0415
    from pipeline.mapping.submissions.vote import parse_weights, vote_tables  # noqa: PLC0415

    if len(tables) < LEAST_TABLES:
        raise SubmissionError(
            f"a vote needs {LEAST_TABLES} tables at least, and has {tables[0]} alone; the output "
            "comes first: python -m pipeline vote OUT A B"
        )
    check_target(out, tables)
    check_new([out], overwrite)
    done = vote_tables(out, tables, parse_weights(weights), share)
    if done.lacking:
        typer.echo(f"{counted(done.lacking, 'row')} missing in a table, and counted as empty there")
    if done.ignored:
        typer.echo(f"{counted(done.ignored, 'row')} not in {tables[0]}, and left out")
    if done.mended:
        typer.echo(
            f"{counted(done.mended, 'row')} not as it should be, and mended for the vote; "
            "python -m pipeline check names them"
        )
    typer.echo(
        f"{out}: {counted(done.rows, 'row')}, {done.filled} with ground, of {len(tables)} tables"
    )


def diff(
    one: Annotated[Path, typer.Argument(help="Submission A, .csv or .csv.gz.")],
    two: Annotated[Path, typer.Argument(help="Submission B.")],
    out: CsvOption = None,
) -> None:
    """Compare two submissions: what they share and what only one of them has."""
    from pipeline.mapping.submissions.comparison import (  # noqa: PLC0415
        COLUMNS,
        by_class,
        by_scene,
        compare_tables,
    )
    from pipeline.mapping.submissions.output import written_table  # noqa: PLC0415
    from pipeline.reporting.score_table import show_table  # noqa: PLC0415

    found = list(compare_tables(one, two))
    if out is not None:
        with written_table(out, (one, two)) as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerows((COLUMNS, *(row.cells for row in found)))
    numbers = ("area A", "area B", "both", "only A", "only B", "IoU")
    classes = [(row.code, "", *row.numbers) for row in by_class(found)]
    show_table(f"A {one.name}, B {two.name}: classes", ("code", "", *numbers), classes)
    scenes = [row for row in by_scene(found) if row.apart > 0]
    shown = [("", row.scene, *row.numbers) for row in scenes[:ROWS_SHOWN]]
    show_table("scenes that disagree most", ("", "scene", *numbers), shown)
    lonely = sum(row.rows != "both" for row in found)
    typer.echo(
        f"{counted(len(found), 'row')} compared, {lonely} in one table only; "
        f"scenes that differ: {len(scenes)}"
    )
