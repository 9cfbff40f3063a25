"""Thresholds and scores of held-out predictions, and how they are written down."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.config.dataset import ClassRow
from pipeline.config.mapping import Evaluate
from pipeline.learning.metrics import Counts, LevelCounts
from pipeline.mapping.jaccard import Absent, Overlap, class_jaccard, mean_jaccard
from pipeline.mapping.scores.bootstrap import Interval, intervals
from pipeline.mapping.thresholds import (
    best_thresholds,
    cross_fitted,
    level_of,
    overlaps_across,
    overlaps_at,
    pooled,
    probability_of,
)

HALF = 0.5
Folds = Sequence[Sequence[str]]
"""Ids of the scenes of each fold."""


@dataclass(frozen=True)
class Evaluation:
    """Thresholds and what they give.

    Attributes:
        chosen: (K,) thresholds from all folds: for scenes without labels.
        held_out: (K,) thresholds per fold, from the other folds: for that fold's scenes.
        overlaps: Overlap per class by manner of thresholds: chosen, cross_fitted, at_half.
        folds: Overlap per class of each fold, at its cross-fitted thresholds.
        intervals: Per class and for the mean, over scenes, cross-fitted.
    """

    chosen: Counts
    held_out: list[Counts]
    overlaps: dict[str, list[Overlap]]
    folds: list[list[Overlap]]
    intervals: tuple[list[Interval], Interval]


def evaluate(
    folds: Folds, counts: Mapping[str, LevelCounts], settings: Evaluate, absent: Absent
) -> Evaluation:
    """Thresholds and overlaps of held-out predictions.

    Args:
        folds: Ids of the scenes of each fold.
        counts: Levels of each scene.
        settings: How thresholds are chosen.
        absent: What a class counts that is nowhere.
    """
    per_fold = [pooled([counts[scene] for scene in fold]) for fold in folds]
    everything = pooled(per_fold)
    if settings.thresholds == "tuned":
        slack = settings.slack
        chosen, held_out = best_thresholds(everything, slack), cross_fitted(per_fold, slack)
    else:
        chosen = np.full(len(everything.positives), level_of(settings.thresholds))
        held_out = [chosen] * len(folds)
    confusions = [
        counts[scene].confusion_at(levels)
        for fold, levels in zip(folds, held_out, strict=True)
        for scene in fold
    ]
    scenes = np.array([[found.tp, found.fp, found.fn] for found in confusions], np.float64)
    overlaps = {
        "chosen": overlaps_at(everything, chosen),
        "cross_fitted": overlaps_across(per_fold, held_out),
        "at_half": overlaps_at(everything, np.full(len(chosen), level_of(HALF))),
    }
    each = [overlaps_at(fold, levels) for fold, levels in zip(per_fold, held_out, strict=True)]
    return Evaluation(chosen, held_out, overlaps, each, intervals(scenes, absent))


def thresholds_record(codes: Sequence[int], thresholds: Counts) -> dict[str, dict[str, float]]:
    """What ``thresholds.json`` holds: level and least probability per class code."""
    return {
        str(code): {"level": int(level), "probability": round(probability_of(int(level)), 6)}
        for code, level in zip(codes, thresholds, strict=True)
    }


def scores_record(
    found: Evaluation, classes: Sequence[ClassRow], folds: Folds, absent: Absent
) -> dict[str, Any]:
    """What ``scores.json`` holds; overlaps are in pixels."""
    ranges, mean_range = found.intervals
    rows = {
        str(row.code): {
            "name": row.name,
            "level": int(found.chosen[k]),
            "interval": list(ranges[k]),
            **{how: _overlap(overlaps[k], absent) for how, overlaps in found.overlaps.items()},
            "folds": {str(i): _overlap(fold[k], absent) for i, fold in enumerate(found.folds)},
        }
        for k, row in enumerate(classes)
    }
    means = {how: mean_jaccard(overlaps, absent) for how, overlaps in found.overlaps.items()}
    return {
        "cross_validated_mean_jaccard": means["cross_fitted"],
        "interval": list(mean_range),
        "absent": absent,
        "means": means,
        "classes": rows,
        "folds": {
            str(i): {"scenes": list(scenes), "mean_jaccard": mean_jaccard(fold, absent)}
            for i, (scenes, fold) in enumerate(zip(folds, found.folds, strict=True))
        },
    }


def _overlap(overlap: Overlap, absent: Absent) -> dict[str, float | None]:
    return {
        "jaccard": class_jaccard(overlap, absent),
        "tp": overlap.tp,
        "fp": overlap.fp,
        "fn": overlap.fn,
    }


_COLUMNS = ("code", "class", "thresholds", "jaccard", "tp", "fp", "fn")


def scores_csv(record: Mapping[str, Any]) -> str:
    """What ``scores.csv`` holds: a row per class and manner of thresholds, folds included."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(_COLUMNS)
    for code, row in record["classes"].items():
        manners = {how: row[how] for how in record["means"]}
        manners |= {f"fold {index}": fold for index, fold in row["folds"].items()}
        for how, found in manners.items():
            table.writerow((code, row["name"], how, *(found[key] for key in _COLUMNS[3:])))
    return text.getvalue()
