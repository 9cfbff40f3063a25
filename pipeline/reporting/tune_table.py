"""What tuning found, as tables on the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.progress import say
from pipeline.reporting.score_table import show_table

_WAYS = ("now", "tuned", "cross_fitted")


def show_tuning(record: Mapping[str, Any]) -> None:
    """Print what ``scores.json`` holds: each class as it is, tuned, and what carries over."""
    rows = [
        (
            code,
            row["name"],
            *(row[way]["jaccard"] for way in _WAYS),
            "yes" if row["taken"] else "no",
        )
        for code, row in sorted(record["classes"].items(), key=lambda entry: int(entry[0]))
    ]
    means = record["means"]
    show_table(
        "Jaccard index of held-out scenes, in pixels",
        ("code", "class", "now", "tuned", "tuned, cross-fitted", "taken over"),
        rows,
        ("", "mean", *(means[way] for way in _WAYS), ""),
    )
    kept = [row["name"] for row in record["classes"].values() if not row["taken"]]
    if kept:
        say("tune: what was tuned does not carry over to other folds, they keep what they have:")
        say(f"tune: {', '.join(kept)}")
    say(f"tune: mean of what is taken over, cross-fitted: {means['kept']:.4f}")


def show_rules(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print what ``rules.json`` holds: each row without effect, as it is, tuned."""
    if not rows:
        return
    columns = ("without", "before", "after", "carried")
    show_table(
        "Mean Jaccard index of held-out scenes with each rule, those before it as they became",
        ("", "rule", "without", "as it is", "tuned", "tuned, cross-fitted", "is now"),
        [
            (
                number,
                row["name"],
                *(row[key] for key in columns),
                _state(row),
            )
            for number, row in enumerate(rows, 1)
        ],
    )


def _state(row: Mapping[str, Any]) -> str:
    """What became of a row: off, as it was, or its numbers that changed."""
    now, was = row["row"], row["was"]
    if not now["on"]:
        return "off"
    changed = [key for key, value in now.items() if key != "name" and value != was[key]]
    return ", ".join(f"{key} {now[key]:g}" for key in changed) or "as it was"
