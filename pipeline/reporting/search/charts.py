"""All charts of a search by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from pipeline.reporting.search.axis import Axis
from pipeline.reporting.search.class_chart import class_chart
from pipeline.reporting.search.dimension_charts import dimension_charts
from pipeline.reporting.search.importance import importances
from pipeline.reporting.search.importance_chart import importance_chart
from pipeline.reporting.search.parallel import parallel_chart
from pipeline.reporting.search.progress_chart import progress_chart
from pipeline.search.entry import Entry

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def charts(
    entries: Sequence[Entry],
    axes: Sequence[Axis],
    budgets: Sequence[int],
    names: Mapping[str, str],
) -> Mapping[str, Callable[[], Figure]]:
    """What draws each chart, by the name of its file; nothing is drawn yet.

    Args:
        entries: The ledger's, in its order.
        axes: The space's, in its order.
        budgets: Steps of each rung, smallest first.
        names: Names of the classes by code.
    """
    return {
        "progress": lambda: progress_chart(entries, budgets),
        "classes": lambda: class_chart(entries, budgets, names),
        "dimensions": lambda: dimension_charts(entries, axes, budgets),
        "parallel": lambda: parallel_chart(entries, axes, budgets),
        "importance": lambda: importance_chart(importances(entries, axes), budgets[0]),
    }
