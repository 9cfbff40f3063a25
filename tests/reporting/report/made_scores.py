"""Made-up scores of runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.reporting.report.scored_run import ScoredRun, polygon_scores

NAMES = {1: "Buildings", 7: "<b>Water</b> $x$"}


def score_record(jaccard: Mapping[int, float | None] | None = None, **more: Any) -> dict[str, Any]:
    """What ``score.json`` holds of two classes; the first is countable."""
    values = jaccard or {1: 0.25, 7: 0.75}
    counted = [value for value in values.values() if value is not None]
    classes: dict[str, dict[str, Any]] = {
        str(code): {
            "name": NAMES.get(code, f"class {code}"),
            "jaccard": value,
            "interval": [max(0.0, (value or 0) - 0.1), min(1.0, (value or 0) + 0.1)],
            "tp": 4 * (value or 0),
            "fp": 1.0 if value is not None else 0,
            "fn": 3 - 4 * (value or 0) if value is not None else 0,
            "objects": None,
        }
        for code, value in values.items()
    }
    if "1" in classes:
        classes["1"]["objects"] = {
            "tp": 3, "fp": 1, "fn": 3, "precision": 0.75, "recall": 0.5, "f1": 0.6
        }  # fmt: skip
    return {
        "of": "solution",
        "mean_jaccard": sum(counted) / max(1, len(counted)),
        "interval": [0.4, 0.6],
        "absent": "skip",
        "scenes": ["a", "b"],
        "classes": classes,
        **more,
    }


def scored(name: str, jaccard: Mapping[int, float | None] | None = None, **more: Any) -> ScoredRun:
    """A run with these scores."""
    scores = polygon_scores(score_record(jaccard, **more))
    assert scores is not None
    return ScoredRun(name, scores)
