"""What each step of post-processing gains, as a table on the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pipeline.config.dataset import ClassRow
from pipeline.reporting.score_table import show_table

_MOST_CLASSES: Final = 6
"""More do not fit on a line."""


def show_gains(record: Mapping[str, Any], classes: Sequence[ClassRow]) -> None:
    """Print what ``gains.json`` holds: a row per step, a column per class where they fit."""
    shown = [str(row.code) for row in classes] if len(classes) <= _MOST_CLASSES else []
    rows = [
        (
            number,
            row["step"],
            row["mean"],
            "" if number == 0 else f"{row['gain']:+.4f}",
            "" if number == 0 else f"{row['share']:+.4f}",
            *(row["classes"][code] for code in shown),
        )
        for number, row in enumerate(record["steps"])
    ]
    names = {str(row.code): row.name for row in classes}
    show_table(
        f"Jaccard index of {record['scenes']} held-out scenes after each step, in pixels",
        ("", "step", "mean", "gains", "lost without", *(names[code] for code in shown)),
        rows,
        (
            "",
            "all",
            record["end"],
            f"{record['end'] - record['start']:+.4f}",
            "",
            *("" for _ in shown),
        ),
    )
