"""A score with what each scene has of it, from the files that stage ``score`` wrote."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from pathlib import Path

from pipeline.errors import ArtifactError
from pipeline.mapping.jaccard import Overlap
from pipeline.reporting.compare.scored import Scored
from pipeline.reporting.report.scored_run import Scores


def read_scored(run: str, scores: Scores, path: Path) -> Scored:
    """The score with what each scene has of it.

    Args:
        run: Name of the run.
        scores: What ``score.json`` holds.
        path: ``scenes.csv``.

    Raises:
        ArtifactError: If the table is not that of the score.
    """
    names = {str(code): row.name for code, row in scores.classes.items()}
    scenes: dict[str, dict[str, Overlap]] = {scene: {} for scene in sorted(scores.scenes)}
    try:
        with path.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                scenes[row["scene"]][names[row["class"]]] = _overlap(row)
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise ArtifactError(f"{path}: does not fit score.json ({error!r}); run `score`") from None
    return Scored(
        run=run,
        of=scores.of,
        absent="skip" if scores.absent == "skip" else "one" if scores.absent == "one" else "zero",
        mean=scores.mean_jaccard,
        interval=scores.interval,
        classes=tuple(row.name for _, row in sorted(scores.classes.items())),
        scenes=scenes,
    )


def _overlap(row: Mapping[str, str]) -> Overlap:
    parts = [float(row[part]) for part in ("tp", "fp", "fn")]
    if not all(math.isfinite(part) and part >= 0 for part in parts):
        raise ValueError(f"areas {parts}")
    return Overlap(*parts)
