"""How a polygon score is written down."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any, Final

from pipeline.config.dataset import ClassRow
from pipeline.mapping.jaccard import Absent, class_jaccard
from pipeline.mapping.scores.objects import Found
from pipeline.mapping.scores.scoring import Score

_COLUMNS: Final = ("scene", "class", "jaccard", "tp", "fp", "fn")


def score_record(
    score: Score, classes: Sequence[ClassRow], absent: Absent, of: str
) -> dict[str, Any]:
    """What ``score.json`` holds; areas are in square map units."""
    ranges, mean_range = score.intervals(absent)
    return {
        "of": of,
        "mean_jaccard": score.mean(absent),
        "interval": list(mean_range),
        "absent": absent,
        "scenes": sorted(score.scenes),
        "classes": {
            str(row.code): {
                "name": row.name,
                "jaccard": class_jaccard(score.classes[row.code], absent),
                "interval": list(ranges[row.code]),
                **vars(score.classes[row.code]),
                "objects": _objects(score.objects[row.code]) if row.countable else None,
            }
            for row in classes
        },
    }


def scenes_csv(score: Score) -> str:
    """What ``scenes.csv`` holds: a row per scene and class; no index where both sides are empty."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(_COLUMNS)
    for scene, overlaps in sorted(score.scenes.items()):
        for code, found in sorted(overlaps.items()):
            table.writerow((scene, code, found.jaccard, found.tp, found.fp, found.fn))
    return text.getvalue()


def _objects(found: Found) -> dict[str, float | None]:
    return {
        **vars(found),
        "precision": found.precision,
        "recall": found.recall,
        "f1": found.f1,
    }
