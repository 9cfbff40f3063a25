"""A search's trials as tables: all of them as CSV, the best for the terminal."""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from pipeline.reporting.score_table import Cell
from pipeline.reporting.search.axis import Axis, text_of
from pipeline.search.entry import Entry, Params
from pipeline.search.halving import leaders

TABLE_HEADER: Final = (
    "trial",
    "differs from the default in",
    "score",
    "steps",
    "weights",
    "minutes",
)
"""Columns of :func:`trials_table`."""
_PARAMS: Final = "params."


def trials_csv(entries: Sequence[Entry], axes: Sequence[Axis] = ()) -> str:
    """A row per trial and rung, sorted by both; what there is not is an empty field.

    Values of dimensions stand in columns ``params.<name>``, scores of classes in
    ``jaccard_<code>``.

    Args:
        entries: The ledger's.
        axes: The space's: the order of the columns of values. Names that it does not have follow.
    """
    known = [axis.name for axis in axes]
    found = {name for entry in entries for name in entry.params}
    names = [*known, *sorted(found - set(known))]
    codes = sorted({code for entry in entries for code in entry.classes}, key=_by_number)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        (
            *("trial", "rung", "budget", "score"),
            *(f"jaccard_{code}" for code in codes),
            *("outcome", "reason", "source", "seconds", "memory_mib", "weights", "multiply_adds"),
            *(f"{_PARAMS}{name}" for name in names),
        )
    )
    for entry in sorted(entries, key=lambda entry: (entry.trial, entry.rung)):
        scores = (entry.classes.get(code) for code in codes)
        values = (_value(entry.params, name) for name in names)
        writer.writerow(
            (
                *(entry.trial, entry.rung, entry.budget, _score(entry.score)),
                *map(_score, scores),
                *(entry.outcome, " ".join((entry.reason or "").split()), entry.source),
                f"{entry.cost.seconds:.2f}",
                f"{entry.cost.peak_bytes / 2**20:.1f}",
                *("" if n is None else n for n in (entry.parameters, entry.multiply_adds)),
                *values,
            )
        )
    return text.getvalue()


def trials_table(
    entries: Sequence[Entry], budgets: Sequence[int], top: int
) -> list[tuple[Cell, ...]]:
    """Rows of the best trials for :func:`score_table.show_table`, below ``TABLE_HEADER``.

    Trials on larger budgets come first, as their scores don't compare with those on smaller ones.
    Minutes are those of all rungs of a trial.

    Args:
        entries: The ledger's.
        budgets: Steps of each rung, smallest first.
        top: Number of trials.
    """
    default = next((entry.params for entry in entries if entry.source == "default"), None)
    short = _short_names({name for entry in entries for name in entry.params})
    seconds: defaultdict[int, float] = defaultdict(float)
    for entry in entries:
        seconds[entry.trial] += entry.cost.seconds
    return [
        (
            str(entry.trial),
            _difference(entry.params, default, short),
            entry.score,
            entry.budget,
            None if entry.parameters is None else f"{entry.parameters:,}",
            f"{seconds[entry.trial] / 60:.1f}",
        )
        for entry in leaders(entries, budgets, top)
    ]


def _difference(params: Params, default: Params | None, short: Mapping[str, str]) -> str:
    """What a trial has that the default has not."""
    other = default or {}
    parts = [
        f"{short[name]} {text_of(value)}"
        for name, value in params.items()
        if name not in other or text_of(other[name]) != text_of(value)
    ]
    return ", ".join(parts) or "nothing"


def _short_names(names: Iterable[str]) -> dict[str, str]:
    """The last part of each dotted name, or all of it where others end alike."""
    known = list(names)
    ends = Counter(name.rpartition(".")[2] for name in known)
    return {
        name: name.rpartition(".")[2] if ends[name.rpartition(".")[2]] == 1 else name
        for name in known
    }


def _value(params: Params, name: str) -> Any:
    """A value as text that keeps all digits of a number."""
    if name not in params:
        return ""
    value = params[name]
    return repr(value) if isinstance(value, float) else text_of(value)


def _score(score: float | None) -> str:
    return "" if score is None else f"{score:.6f}"


def _by_number(code: str) -> tuple[bool, int, str]:
    """Sorts codes as numbers, and what is none behind them."""
    return (not code.isdecimal(), int(code) if code.isdecimal() else 0, code)
