"""``score``: the exact polygon score of a run, and a picture of what it found.

Against ``dataset.solution`` where there is one; otherwise against the labels of the held-out
scenes, which is the cross-validated score. ``score/score.json`` of the run is a copy of the item.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.artifacts import Item, StageFolder, publish
from pipeline.config.dataset import Dataset
from pipeline.config.mapping import Score as ScoreSettings
from pipeline.errors import ScoringError
from pipeline.files import hash_file, read_json, write_json
from pipeline.mapping.geojson import read_geojson
from pipeline.mapping.jaccard import class_jaccard
from pipeline.mapping.scoring import Polygons, Score, score_scenes, score_tables
from pipeline.progress import say, track
from pipeline.reporting.score_table import show_table
from pipeline.stages.job import Job
from pipeline.stages.overview import make_overview, read_labels

FILE = "score.json"
SOLUTION, HELD_OUT = "solution", "held-out"
_TITLES = {
    SOLUTION: "Jaccard index on the solution's scenes, exact areas",
    HELD_OUT: "Jaccard index, cross-validated on held-out labelled scenes, exact areas",
}


def run(job: Job) -> None:
    """Score the run and show it."""
    with job.open("score") as folder:
        item = _against_solution(job, folder) or _against_labels(job, folder)
        publish(item, FILE, folder.folder / FILE)
        make_overview(job, folder)
        made = "scored" if item.name in folder.built else "unchanged"
        show(read_json(item.path(FILE)))
        say(f"score: {made}: {folder.folder / FILE}")


def score_files(
    submission: Path, truth: Path, dataset: Dataset, settings: ScoreSettings
) -> dict[str, Any]:
    """Score any table against any truth, and print the result.

    Args:
        submission: Table of polygons that are valid as they stand.
        truth: Labels or a solution.
        dataset: For its classes.
        settings: What a class counts that is nowhere.

    Returns:
        The record that ``score.json`` would hold.

    Raises:
        ScoringError: If the tables can't be compared, naming file and row.
    """
    record = score_record(
        score_tables(submission, truth, dataset.codes), dataset, settings, SOLUTION
    )
    show(record, f"Jaccard index of {submission.name} against {truth.name}, exact areas")
    return record


def score_record(
    score: Score, dataset: Dataset, settings: ScoreSettings, of: str
) -> dict[str, Any]:
    """What ``score.json`` holds; areas are in square map units."""
    return {
        "of": of,
        "mean_jaccard": score.mean(settings.absent),
        "absent": settings.absent,
        "scenes": sorted(score.scenes),
        "classes": {
            str(row.code): {
                "name": row.name,
                "jaccard": class_jaccard(score.classes[row.code], settings.absent),
                **vars(score.classes[row.code]),
            }
            for row in dataset.classes
        },
    }


def show(record: Mapping[str, Any], title: str | None = None) -> None:
    """Print a score per class."""
    rows = [
        (code, row["name"], row["jaccard"], row["tp"], row["fp"], row["fn"])
        for code, row in sorted(record["classes"].items(), key=lambda entry: int(entry[0]))
    ]
    show_table(
        f"{title or _TITLES[record['of']]} ({len(record['scenes'])} scenes)",
        ("code", "class", "Jaccard", "TP", "FP", "FN"),
        rows,
        ("", "mean", record["mean_jaccard"], "", "", ""),
    )


def _inputs(job: Job) -> dict[str, Any]:
    return {
        "score": job.config.score.model_dump(mode="json"),
        "classes": [[row.code, row.name] for row in job.config.dataset.classes],
    }


def _against_solution(job: Job, folder: StageFolder) -> Item | None:
    """The score against the dataset's solution; None if it has none."""
    dataset = job.config.dataset
    if dataset.solution is None:
        return None
    solution = dataset.folder / dataset.solution
    if not solution.is_file():
        raise ScoringError(
            f"{solution}: no such solution; put it there, or set dataset.solution to null to score "
            "the held-out scenes"
        )
    table = job.results("submission")["table"]
    inputs = _inputs(job) | {"submission": table.digest, "solution": hash_file(solution)}

    def build(target: Path) -> None:
        score = score_tables(table.path("submission.csv"), solution, dataset.codes)
        write_json(target / FILE, score_record(score, dataset, job.config.score, SOLUTION))

    return folder.item("table", inputs, build)


def _against_labels(job: Job, folder: StageFolder) -> Item:
    """The cross-validated score: held-out polygons against labels."""
    scenes, polygons = job.scenes("scenes"), job.scenes("polygons")
    labelled = [scene for scene in sorted(polygons) if "labels.json" in scenes[scene].files]
    inputs = _inputs(job) | {
        "scenes": {scene: [polygons[scene].digest, scenes[scene].digest] for scene in labelled}
    }

    def pairs() -> Iterator[tuple[str, Polygons, Polygons]]:
        for scene in track(labelled, "scoring scenes"):
            predicted = read_geojson(polygons[scene].path("polygons.geojson"))
            yield scene, predicted, read_labels(scenes[scene])

    def build(target: Path) -> None:
        dataset = job.config.dataset
        score = score_scenes(pairs(), dataset.codes)
        write_json(target / FILE, score_record(score, dataset, job.config.score, HELD_OUT))

    return folder.item("table", inputs, build)
