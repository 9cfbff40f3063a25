"""``python -m pipeline compare RUN RUN ...``: runs side by side, as a page and a short table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.progress import printable

if TYPE_CHECKING:
    from pipeline.reporting.compare.standing import Standing
    from pipeline.stages.comparison.page import Comparison


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("compare", help="Runs side by side: scores, settings, scenes.")(compare)


def compare(
    runs: Annotated[
        list[str], typer.Argument(help="Names of two runs or more, the first one first.")
    ],
) -> None:
    """Compare runs with the first one, and write a page of it."""
    from pipeline.stages.comparison.page import compare as compared  # noqa: PLC0415 - see --help

    done = compared(runs)
    _show(done)
    size = done.path.stat().st_size / 1e6
    typer.echo(printable(f"compare: open {done.path} in a browser ({size:.1f} MB)"))


def _show(done: Comparison) -> None:
    from pipeline.reporting.compare.score_section import interval_text, signed  # noqa: PLC0415
    from pipeline.reporting.score_table import Cell, show_table  # noqa: PLC0415

    if done.contest is None:
        typer.echo("no run has a score: `make score` gives it one")
        return
    gains: dict[str, Standing] = {row.run: row for row in done.contest.differences}
    rows: list[tuple[Cell, ...]] = []
    for row in done.contest.standings:
        gain = gains.get(row.run)
        rows.append(
            (
                len(row.ground.scenes),
                row.run,
                row.mean.value,
                interval_text(row.mean.interval),
                None if gain is None else signed(gain.mean.value),
                None if gain is None else interval_text(gain.mean.interval, "+.4f"),
                None if gain is None else gain.mean.verdict,
            )
        )
    first = done.contest.runs[0].run
    header = ("scenes", "run", "mean Jaccard", "90% of scenes", f"beside {first}", "90%", "verdict")
    empty = done.contest.ground.is_empty
    title = (
        "Each run on its own scenes: these scores don't compare"
        if empty
        else ("Scores on the scenes that all runs have")
    )
    show_table(title, header, rows)
