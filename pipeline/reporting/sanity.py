"""The report of the checks before a training: a table for people, JSON for programs."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from typing import Any

from pipeline.learning.probes.finding import Finding
from pipeline.learning.probes.fold_classes import FoldClasses

_WIDTH = 100


def report_text(findings: Mapping[str, Finding], folds: FoldClasses, title: str) -> str:
    """The table of checks, and what each fold holds.

    Args:
        findings: By the name of the check, in the order shown.
        folds: Contents of the folds.
        title: What was checked.
    """
    return f"{title}\n\n{findings_table(findings)}\n\n{folds_table(folds)}\n"


def findings_table(findings: Mapping[str, Finding]) -> str:
    """One line per check: its level and what was found; below it what to do, if anything."""
    width = max(len(name) for name in findings)
    lines = []
    for name, finding in findings.items():
        start = f"{name:<{width}}  {finding.level:<7}  "
        lines += _wrapped(finding.found, start, " " * len(start))
        if finding.advice:
            indent = " " * (width + 2)
            lines += _wrapped(finding.advice, f"{indent}-> ", f"{indent}   ")
    return "\n".join(lines)


def folds_table(folds: FoldClasses) -> str:
    """A row per class: its share in each fold, and at how many places it is."""
    head = ["class", *(f"fold {n}" for n in range(len(folds.shares))), "places"]
    rows = [
        [name, *(_percent(shares[k]) for shares in folds.shares), str(folds.places[k])]
        for k, name in enumerate(folds.classes)
    ]
    last = ["scenes held out", *(str(count) for count in folds.scenes), ""]
    return "Share of each class in the ground that a fold holds out\n" + _aligned(
        [head, *rows, last]
    )


def report_values(results: Mapping[str, Any]) -> dict[str, Any]:
    """Results of checks (dataclasses with a ``finding``) as JSON; no numbers become null."""
    return {name: _plain(result) for name, result in results.items()}


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %" if share else "absent"


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    """Columns of equal width: the first to the left, the others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _wrapped(text: str, first: str, more: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=first, subsequent_indent=more)
