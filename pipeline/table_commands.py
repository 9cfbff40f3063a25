"""Commands on tables that were made anywhere: check, vote, diff."""

from __future__ import annotations

import csv
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from pipeline.config import load_config

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
CsvOption = Annotated[Path | None, typer.Option("--csv", help="Where to write all of it.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("check", help="Name every problem of a submission; mend it with --repair.")(check)


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
) -> None:
    """Inspect a submission; the exit status is 1 if it has errors."""
    from pipeline.mapping.submissions.findings import COLUMNS, Tally  # noqa: PLC0415
    from pipeline.mapping.submissions.inspection import Inspection  # noqa: PLC0415
    from pipeline.mapping.submissions.output import written_table  # noqa: PLC0415
    from pipeline.mapping.submissions.terms import read_terms  # noqa: PLC0415

    dataset = load_config(config, (), data).dataset if config is not None else None
    terms = read_terms(sample, grid_sizes, dataset)
    inspection, tally = Inspection(file, terms), Tally()
    with ExitStack() as stack:
        table = None
        if findings is not None:
            table = csv.writer(stack.enter_context(written_table(findings, (file,))))
            table.writerow(COLUMNS)
        for finding in inspection.findings():
            tally.add(finding)
            if table is not None:
                table.writerow(finding.cells)
    for line in tally.lines():
        typer.echo(line)
    errors, notes = tally.total("error"), tally.total("note")
    typer.echo(
        f"{file}: {inspection.rows} rows, {inspection.filled} with ground; {errors} errors, "
        f"{notes} notes"
    )
    if errors:
        raise typer.Exit(1)
