"""``score``: the exact polygon score of a run, and a picture of what it found.

Against ``dataset.solution`` where there is one; otherwise against the labels of the held-out
scenes, which is the cross-validated score. ``score.json`` and ``scenes.csv`` in the stage's folder
are copies of the item's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.artifacts import Item, StageFolder, publish
from pipeline.config.dataset import Dataset
from pipeline.config.mapping import Score as ScoreSettings
from pipeline.errors import ScoringError
from pipeline.files import hash_file, read_json, write_bytes, write_json
from pipeline.mapping.geojson import read_geojson
from pipeline.mapping.scores.score_record import scenes_csv, score_record
from pipeline.mapping.scores.scoring import (
    Polygons,
    Score,
    score_scenes,
    score_sources,
    without,
)
from pipeline.progress import say, track
from pipeline.reporting.score_view import show_score
from pipeline.stages.job import Job
from pipeline.stages.overview import make_overview, read_ignored, read_labels

FILE = "score.json"
TABLE = "scenes.csv"
SOLUTION, HELD_OUT, LABELS = "solution", "held-out", "labels"
_TITLES = {
    SOLUTION: "Jaccard index on the solution's scenes, exact areas",
    HELD_OUT: "Jaccard index, cross-validated on held-out labelled scenes, exact areas",
    LABELS: "Jaccard index on labelled scenes, by the networks of another run, exact areas",
}


def run(job: Job) -> None:
    """Score the run and show it."""
    with job.open("score") as folder:
        item = _against_solution(job, folder) or _against_labels(job, folder)
        for name in (FILE, TABLE):
            publish(item, name, folder.folder / name)
        make_overview(job, folder)
        made = "scored" if item.name in folder.built else "unchanged"
        show(read_json(item.path(FILE)))
        say(f"score: {made}: {folder.folder / FILE}")


def score_files(
    submission: Path, truth: Path, dataset: Dataset, settings: ScoreSettings
) -> dict[str, Any]:
    """Score any polygons against any truth, and print the result.

    Args:
        submission: Table of polygons that are valid as they stand, GeoPackage, GeoJSON, or a folder
            with one of these per scene: see :class:`pipeline.mapping.vectors.sources.Source`.
        truth: Labels or a solution, likewise.
        dataset: For its classes.
        settings: What a class counts that is nowhere.

    Returns:
        The record that ``score.json`` would hold.

    Raises:
        ScoringError: If the two can't be compared, naming file and row.
    """
    score = score_sources(submission, truth, dataset.classes)
    score.check_system()
    record = score_record(score, dataset.classes, settings.absent, SOLUTION)
    show(record, f"Jaccard index of {submission.name} against {truth.name}, exact areas")
    return record


def show(record: Mapping[str, Any], title: str | None = None) -> None:
    """Print a score per class."""
    show_score(record, title or _TITLES[record["of"]])


def _inputs(job: Job) -> dict[str, Any]:
    return {
        "score": job.config.score.model_dump(mode="json"),
        "classes": [[row.code, row.name, row.countable] for row in job.config.dataset.classes],
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
        score = score_sources(table.path("submission.csv"), solution, dataset.classes)
        if dataset.layout == "files":
            score.check_system()
        _write(job, target, score, SOLUTION)

    return folder.item("table", inputs, build)


def _against_labels(job: Job, folder: StageFolder) -> Item:
    """The score against labels: cross-validated, if the networks are of this run."""
    of = HELD_OUT if job.config.ensemble.trained is None else LABELS
    scenes, polygons = job.scenes("scenes"), job.scenes("polygons")
    labelled = [scene for scene in sorted(polygons) if "labels.json" in scenes[scene].files]
    if not labelled:
        raise ScoringError(
            f"{job.run}: no scene has labels and there is no solution, so nothing tells what is "
            "true; name labels in dataset.labels, or true polygons in dataset.solution; the "
            "polygons themselves are in stage polygons"
        )
    inputs = _inputs(job) | {
        "scenes": {scene: [polygons[scene].digest, scenes[scene].digest] for scene in labelled},
        "of": of,
    }

    def pairs() -> Iterator[tuple[str, Polygons, Polygons]]:
        for scene in track(labelled, "scoring scenes"):
            predicted = read_geojson(polygons[scene].path("polygons.geojson"))
            ignored = read_ignored(scenes[scene])
            yield scene, without(predicted, ignored), without(read_labels(scenes[scene]), ignored)

    def build(target: Path) -> None:
        _write(job, target, score_scenes(pairs(), job.config.dataset.classes), of)

    return folder.item("table", inputs, build)


def _write(job: Job, target: Path, score: Score, of: str) -> None:
    record = score_record(score, job.config.dataset.classes, job.config.score.absent, of)
    write_json(target / FILE, record)
    write_bytes(target / TABLE, scenes_csv(score).encode())
