"""A polygon score on the terminal: what of the ground was found, and which objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.reporting.score_table import Cell, show_table


def show_score(record: Mapping[str, Any], title: str) -> None:
    """Print what ``score.json`` holds.

    Areas are shown as shares of the union, so that they can be read whatever the map's units are.
    """
    classes = sorted(record["classes"].items(), key=lambda entry: int(entry[0]))
    show_table(
        f"{title} ({len(record['scenes'])} scenes)",
        ("code", "class", "Jaccard", "90% of scenes", "TP %", "FP %", "FN %"),
        [
            (code, row["name"], row["jaccard"], _range(row["interval"]), *_percent(row))
            for code, row in classes
        ],
        ("", "mean", record["mean_jaccard"], _range(record["interval"]), "", "", ""),
    )
    counted = [(code, row, row["objects"]) for code, row in classes if row["objects"] is not None]
    if counted:
        show_table(
            "Objects, matched one to one where they share at least half of their union",
            ("code", "class", "true", "predicted", "found", "precision", "recall", "F1"),
            [(code, row["name"], *_objects(found)) for code, row, found in counted],
        )


def _objects(found: Mapping[str, Any]) -> tuple[Cell, ...]:
    """What stands in a row of the table of objects."""
    tp, fp, fn = found["tp"], found["fp"], found["fn"]
    return (tp + fn, tp + fp, tp, found["precision"], found["recall"], found["f1"])


def _range(interval: tuple[float, float]) -> str:
    low, high = interval
    return f"{low:.3f} - {high:.3f}"


def _percent(row: Mapping[str, float]) -> tuple[Cell, ...]:
    """TP, FP and FN in percent of their sum."""
    union = row["tp"] + row["fp"] + row["fn"]
    if not union:
        return (None, None, None)
    return tuple(f"{100 * row[key] / union:.2f}" for key in ("tp", "fp", "fn"))
