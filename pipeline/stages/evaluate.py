"""``evaluate``: thresholds and scores from the held-out folds.

Reads the predictions of labelled scenes, each made by a network that was not trained on it.
Writes ``thresholds`` (thresholds.json for all scenes; held_out.json for each fold, chosen on the
others) and ``scores`` (scores.json, scores.csv).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from pipeline.artifacts import Item
from pipeline.config.dataset import ClassRow
from pipeline.files import read_json, write_bytes, write_json
from pipeline.learning.metrics import NOTHING, LevelCounts
from pipeline.mapping.evaluation import (
    Evaluation,
    Folds,
    evaluate,
    scores_csv,
    scores_record,
    thresholds_record,
)
from pipeline.mapping.jaccard import Absent
from pipeline.mapping.masks.postprocessing import cleaning_of, soft_levels
from pipeline.progress import say, track
from pipeline.reporting.score_table import show_table
from pipeline.stages.held_out import check_predicted, folds_of, read_held_out
from pipeline.stages.job import Job
from pipeline.stages.trained_run import trained_run


def run(job: Job) -> None:
    """Choose thresholds and score the held-out predictions."""
    if job.config.ensemble.trained is not None:
        _take_over(job)
        return
    check_predicted(job)
    folds = folds_of(job)
    predictions, tiles = job.scenes("predict"), job.scenes("tiles")
    labelled = [scene for fold in folds for scene in fold]
    classes, absent = job.config.dataset.classes, job.config.score.absent
    inputs = {
        "evaluate": job.config.evaluate.model_dump(mode="json"),
        "polygons": job.config.polygons.model_dump(mode="json", include={"smooth", "median"}),
        "codes": list(job.config.dataset.codes),
        "folds": [list(fold) for fold in folds],
        "scenes": {scene: [predictions[scene].digest, tiles[scene].digest] for scene in labelled},
    }
    shown = {"classes": [row.name for row in classes], "absent": absent}

    @cache
    def evaluation() -> Evaluation:
        counts = {
            scene: _count(job, predictions[scene], tiles[scene])
            for scene in track(labelled, "counting levels")
        }
        return evaluate(folds, counts, job.config.evaluate, absent)

    with job.open("evaluate") as folder:
        folder.item("thresholds", inputs, _write_thresholds(evaluation, job.config.dataset.codes))
        scores = folder.item(
            "scores", {**inputs, **shown}, _write_scores(evaluation, classes, folds, absent)
        )
        made = len(folder.built)
    _show(scores)
    say(f"evaluate: {len(labelled)} held-out scenes, {'scored' if made else 'unchanged'}")


def _take_over(job: Job) -> None:
    """Use the thresholds of the run whose networks predict."""
    other = trained_run(job)
    found = other.results("evaluate")["thresholds"]

    def build(folder: Path) -> None:
        write_json(folder / "thresholds.json", read_json(found.path("thresholds.json")))
        write_json(folder / "held_out.json", {})

    with job.open("evaluate") as folder:
        folder.item("thresholds", {"of": found.digest}, build)
    say(f"evaluate: thresholds are those of {other.run.name}")


def _count(job: Job, prediction: Item, tile: Item) -> LevelCounts:
    """Levels of a scene's valid pixels, smoothed as they are before the threshold."""
    scene = read_held_out(prediction, tile)
    counts = LevelCounts.empty(len(scene.truth))
    levels = [
        soft_levels(plane, cleaning_of(job.config.polygons, code, NOTHING), scene.metres)
        for code, plane in zip(job.config.dataset.codes, scene.levels, strict=True)
    ]
    counts.add(np.stack(levels), scene.truth, scene.valid)
    return counts


def _write_thresholds(
    evaluation: Callable[[], Evaluation], codes: Sequence[int]
) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        found = evaluation()
        held_out = {
            str(i): thresholds_record(codes, levels) for i, levels in enumerate(found.held_out)
        }
        write_json(folder / "thresholds.json", thresholds_record(codes, found.chosen))
        write_json(folder / "held_out.json", held_out)

    return write


def _write_scores(
    evaluation: Callable[[], Evaluation], classes: Sequence[ClassRow], folds: Folds, absent: Absent
) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        record = scores_record(evaluation(), classes, folds, absent)
        write_json(folder / "scores.json", record)
        write_bytes(folder / "scores.csv", scores_csv(record).encode())

    return write


def _show(scores: Item) -> None:
    record = read_json(scores.path("scores.json"))
    rows = [
        (
            code,
            row["name"],
            row["level"],
            *(row[how]["jaccard"] for how in ("chosen", "cross_fitted", "at_half")),
            "{:.2f}-{:.2f}".format(*row["interval"]),
        )
        for code, row in sorted(record["classes"].items(), key=lambda entry: int(entry[0]))
    ]
    means = record["means"]
    show_table(
        "Jaccard index of held-out scenes, in pixels",
        ("code", "class", "level", "chosen", "cross-fitted", "at 0.5", "90% of scenes"),
        rows,
        (
            "",
            "mean",
            "",
            means["chosen"],
            means["cross_fitted"],
            means["at_half"],
            "{:.2f}-{:.2f}".format(*record["interval"]),
        ),
    )
