"""The table and the pictures of a search."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pipeline.config.models import ModelRow
from pipeline.files import write_bytes
from pipeline.imagery.channels import Channels
from pipeline.reporting.chart_style import figure_bytes
from pipeline.reporting.score_table import show_table
from pipeline.reporting.search.axis import axes_of
from pipeline.reporting.search.charts import charts
from pipeline.reporting.search.network_drawing import draw_network
from pipeline.reporting.search.trials_log import log_trials
from pipeline.reporting.search.trials_table import TABLE_HEADER, trials_csv, trials_table
from pipeline.search.entry import Entry
from pipeline.search.halving import best
from pipeline.stages.fold import entry_of
from pipeline.stages.trials import Trials, network_costs

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SHOWN: Final = 5
"""Trials in the terminal's table."""


def write_record(folder: Path, trials: Trials, entries: Sequence[Entry]) -> None:
    """Write the table, all charts, the best networks and a TensorBoard log into an item's folder.

    Args:
        folder: Empty.
        trials: The search's.
        entries: Entries that answer its question, in the ledger's order.
    """
    names = {str(row.code): row.name for row in trials.job.config.dataset.classes}
    axes = axes_of(trials.space.dimensions)
    write_bytes(folder / "trials.csv", trials_csv(entries, axes).encode())
    for name, draw in charts(entries, axes, trials.budgets, names).items():
        _write(folder, name, draw)
    for name, draw in _networks(trials, entries).items():
        _write(folder, f"network-{name}", draw)
    log_trials(folder / "tensorboard", entries, names)


def _write(folder: Path, name: str, draw: Callable[[], Figure]) -> None:
    figure = draw()
    for kind in ("png", "svg"):
        write_bytes(folder / f"{name}.{kind}", figure_bytes(figure, kind))


def _networks(trials: Trials, entries: Sequence[Entry]) -> Mapping[str, Callable[[], Figure]]:
    """What draws the network of each model in the best trial."""
    first = best(entries, trials.budgets)
    if first is None:
        return {}
    config = trials.config(first.params)
    classes = {row.code: row.name for row in config.dataset.classes}

    def drawer(row: ModelRow) -> Callable[[], Figure]:
        channels = Channels.of(config, row.features)
        return lambda: draw_network(
            row.scaled_network(),
            len(channels.names),
            [classes[code] for code in config.codes_of(row)],
            row.augment.patch,
            entry_of(config, row, channels),
            network_costs(config, row).parameters,
        )

    return {row.name: drawer(row) for row in config.models if row.name in trials.rows}


def show_trials(name: str, trials: Trials, entries: Sequence[Entry]) -> None:
    """Print the best trials."""
    show_table(
        f"Best trials of {name}, held-out mean Jaccard index",
        TABLE_HEADER,
        trials_table(entries, trials.budgets, _SHOWN),
    )
