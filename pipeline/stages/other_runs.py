"""The runs that ``ensemble.runs`` names, checked to fit this one before anything is made of them.

A labelled scene is joined only with what networks said that were not trained on it: every run must
hold it out, and must know the same regions as one place. What a run says of its predictions is
true only while its stages are up to date, so a run whose configuration has moved on is refused.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rasterio
from affine import Affine
from rasterio.errors import RasterioError

from pipeline.artifacts import Item
from pipeline.config import Config, load_config
from pipeline.errors import ArtifactError, ConfigError
from pipeline.files import is_safe_name, read_json
from pipeline.imagery.transform import Shape
from pipeline.learning.folds import read_folds
from pipeline.stages.currency import stale_stage
from pipeline.stages.grids import Tile, predicted_tiles
from pipeline.stages.job import Job

FILE = "probability.tif"
RECORD = "prediction.json"
TOLERANCE = 0.01
"""Pixels by which the corners of two grids may differ that are taken for one."""


@dataclass(frozen=True)
class OtherRun:
    """Another run whose predictions fit this one's.

    Attributes:
        job: It.
        predictions: Items of its predictions by scene.
        folds: Number of the fold that holds out each of its labelled scenes.
        thresholds: What its ``thresholds.json`` holds, and after it ``held_out.json``; None where
            runs don't vote.
    """

    job: Job
    predictions: Mapping[str, Item]
    folds: Mapping[str, int]
    thresholds: tuple[Any, Any] | None

    def votes_from(self, scene: str, codes: Sequence[int]) -> list[int]:
        """Levels from which on it votes for each class; those of other folds where it has labels.

        Raises:
            ArtifactError: If it has chosen none for a class.
        """
        chosen, held_out = self.thresholds or ({}, {})
        try:
            table = held_out[str(self.folds[scene])] if scene in self.folds else chosen
            return [int(table[str(code)]["level"]) for code in codes]
        except (KeyError, TypeError, ValueError) as error:
            raise ArtifactError(
                f"{self.job.run / 'evaluate' / 'thresholds'}: has no threshold of {error} for "
                f"{scene}; run `evaluate` of {self.job.run.name} again"
            ) from None


def check_runs(job: Job) -> None:
    """Check all of ``ensemble.runs`` that needs no prediction of this run.

    It reads what ``scenes``, ``tiles`` and ``augment`` of this run have left, and of others only
    small files, so that a training need not be waited for. Without ``ensemble.runs`` nothing is
    read.

    Raises:
        ArtifactError: If another run is not finished, not up to date, or lacks a scene.
        ConfigError: If another run's predictions can't be joined with this one's.
    """
    if job.config.ensemble.runs:
        folds = read_folds(job.results("augment")["folds"].path("folds.json"))
        other_runs(job, {scene for fold in folds for scene in fold}, predicted_tiles(job))


def other_runs(job: Job, labelled: set[str], tiles: Mapping[str, Tile]) -> list[OtherRun]:
    """The runs that ``ensemble.runs`` names, each checked as by :func:`check_runs`.

    Args:
        job: This run.
        labelled: Scenes of this run that must have been held out.
        tiles: Scenes that are to be joined, on this run's grid.
    """
    found = []
    for name in job.config.ensemble.runs:
        other = _open(job, name)
        run = _read(other, job.config.ensemble.join == "vote")
        strange = labelled - set(run.folds)
        if strange:
            raise ConfigError(
                f"ensemble.runs: {name} did not hold out the labelled scene {min(strange)}; make "
                "it again with the labels of this run"
            )
        for scene, tile in tiles.items():
            _check_scene(run, scene, tile, job.config.dataset.codes)
        found.append(run)
    return found


def _open(job: Job, name: str) -> Job:
    """The job of another run, by what is known without its results."""
    run = job.run.parent / name
    if not is_safe_name(name) or run == job.run:
        raise ConfigError(f"ensemble.runs: {name!r} is not the name of another run")
    if not (run / "config.yaml").exists():
        raise ConfigError(f"ensemble.runs: {run}: no such run; make it first, or remove it")
    other = Job(load_config(run / "config.yaml"), run)
    _check_no_way_back(job.run, name, other.config)
    _check_alike(name, job.config, other.config)
    return other


def _check_no_way_back(start: Path, name: str, config: Config) -> None:
    """Whether what a run joins is not joined of this run: neither would ever be up to date."""
    waiting, known = [(name, config)], {name}
    while waiting:
        via, settings = waiting.pop()
        for following in settings.ensemble.runs:
            if following == start.name:
                raise ConfigError(
                    f"ensemble.runs: {name} leads back to {start.name}, which ensemble.runs of "
                    f"{via} names; remove one of the two"
                )
            path = start.parent / following / "config.yaml"
            if following not in known and is_safe_name(following) and path.exists():
                waiting.append((following, load_config(path)))
            known.add(following)


def _check_alike(name: str, ours: Config, theirs: Config) -> None:
    """Whether predictions of two configurations can be joined."""
    same = (
        ("dataset.classes", ours.dataset.codes, theirs.dataset.codes),
        ("tiles.metres", ours.tiles.metres, theirs.tiles.metres),
        ("augment.same_place", _places(ours), _places(theirs)),
    )
    for field, mine, other in same:
        if mine != other:
            raise ConfigError(
                f"ensemble.runs: {name} was made with another {field} ({other} instead of "
                f"{mine}); make it again with the same, or remove it"
            )


def _places(config: Config) -> set[frozenset[str]]:
    return {frozenset(pair) for pair in config.augment.same_place}


def _read(other: Job, votes: bool) -> OtherRun:
    """What another run has left, if all of that is up to date."""
    name, last = other.run.name, "evaluate" if votes else "predict"
    old = stale_stage(other.run, last)
    if old is not None:
        raise ArtifactError(
            f"ensemble.runs: `{old}` of {name} is missing or older than what it depends on; run "
            f"`make {last} RUN={name}` with its own CONFIG and SET first"
        )
    thresholds = None
    if votes:
        item = other.results("evaluate")["thresholds"]
        tables = [read_json(item.path(file)) for file in ("thresholds.json", "held_out.json")]
        thresholds = (tables[0], tables[1])
    folds = read_folds(other.results("augment")["folds"].path("folds.json"))
    numbers = {scene: number for number, fold in enumerate(folds) for scene in fold}
    return OtherRun(other, other.scenes("predict"), numbers, thresholds)


def _check_scene(run: OtherRun, scene: str, tile: Tile, codes: Sequence[int]) -> None:
    """Whether a scene's prediction has the same classes in order, the same grid, thresholds."""
    name, item = run.job.run.name, run.predictions.get(scene)
    if item is None:
        raise ArtifactError(
            f"{run.job.run / 'predict'}: has no prediction of {scene}; run `predict` of {name} "
            "with the scenes of this run"
        )
    record = read_json(item.path(RECORD))
    said = record.get("codes")
    if record.get("unanswered") != 0:
        raise ArtifactError(
            f"{item.folder}: does not tell a probability of 0 from no answer, it was made by an "
            f"older version; run `predict` of {name} again"
        )
    if said != list(codes):
        raise ConfigError(
            f"ensemble.runs: {name} predicts {scene} for the classes {said} instead of "
            f"{list(codes)}; make it again with the same dataset.classes, or remove it"
        )
    if run.thresholds is not None:
        run.votes_from(scene, codes)
    opened = tile.open()
    shape, to_map = _grid(item.path(FILE))
    if shape != opened.shape or _distance(opened.to_map, to_map, shape) > TOLERANCE:
        raise ConfigError(
            f"ensemble.runs: {name} predicts {scene} on another grid ({shape} pixels at "
            f"{tuple(to_map[:6])} instead of {opened.shape} at {tuple(opened.to_map[:6])}); make "
            "it again with the same tiles.metres, dataset.unit_metres and finest band group, or "
            "remove it"
        )


def _grid(path: Path) -> tuple[Shape, Affine]:
    """(H, W) of a GeoTIFF, and its pixel edges to map units."""
    try:
        with rasterio.open(path) as file:
            return (file.height, file.width), file.transform
    except RasterioError as error:
        raise ArtifactError(f"{path}: damaged ({error}); run `predict`") from error


def _distance(ours: Affine, theirs: Affine, shape: Shape) -> float:
    """Largest distance of a corner of one grid from that of the other, pixels."""
    between = ~ours @ theirs
    corners = [(x, y) for x in (0, shape[1]) for y in (0, shape[0])]
    return max(math.dist(corner, between @ corner) for corner in corners)
