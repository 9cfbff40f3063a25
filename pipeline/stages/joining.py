"""Other runs whose predictions are joined with those of this one: part of ``predict``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from pipeline.artifacts import Item, StageFolder
from pipeline.config import Config, load_config
from pipeline.errors import ArtifactError, ConfigError
from pipeline.files import is_safe_name, read_json, write_json
from pipeline.learning.folds import read_folds
from pipeline.mapping.ensemble import join_levels
from pipeline.mapping.raster import read_levels, write_levels
from pipeline.stages.grids import tiles_of
from pipeline.stages.job import SCENE, Job

FILE = "probability.tif"
RECORD = "prediction.json"


class Runs:
    """The runs that ``ensemble.runs`` names, checked to fit this one.

    A labelled scene is joined only with what networks said that were not trained on it: every run
    must hold it out, and must know the same regions as one place.

    Args:
        job: This run.
        held_out: Number of the fold of each labelled scene of this run.

    Raises:
        ArtifactError: If a run has no finished predictions.
        ConfigError: If a run's predictions can't be joined with this one's.
    """

    def __init__(self, job: Job, held_out: Mapping[str, int]) -> None:
        self._job, self._held_out = job, held_out
        self._others = [self._other(name) for name in job.config.ensemble.runs]
        self._tiles = tiles_of(job) if self._others else {}

    def _other(self, name: str) -> Job:
        run = self._job.run.parent / name
        if not is_safe_name(name) or run == self._job.run:
            raise ConfigError(f"ensemble.runs: {name!r} is not the name of another run")
        if not (run / "config.yaml").exists():
            raise ConfigError(f"ensemble.runs: {run}: no such run; make it first, or remove it")
        other = Job(load_config(run / "config.yaml"), run)
        _check_alike(name, self._job.config, other.config)
        folds = read_folds(other.results("augment")["folds"].path("folds.json"))
        strange = set(self._held_out) - {scene for fold in folds for scene in fold}
        if strange:
            raise ConfigError(
                f"ensemble.runs: {name} did not hold out the labelled scene {min(strange)}; make "
                "it again with the labels of this run"
            )
        return other

    def join(self, folder: StageFolder, scene: str, own: Item) -> Item:
        """The item of a scene, made of this run's and all others'."""
        settings, codes = self._job.config.ensemble, self._job.config.dataset.codes
        jobs = [self._job, *self._others]
        items = [own, *(self._prediction(other, scene) for other in self._others)]
        votes = settings.join == "vote"
        thresholds = [self._thresholds(job, scene) for job in jobs] if votes else None

        def build(target: Path) -> None:
            parts = [read_levels(item.path(FILE)) for item in items]
            if len({part.shape for part in parts}) > 1:
                raise ArtifactError(
                    f"{folder.folder}: {scene} has another shape in another run of ensemble.runs; "
                    "make these runs from the same scenes"
                )
            levels = np.stack(
                [
                    join_levels(
                        [part[k] for part in parts],
                        settings.shares(),
                        settings.join,
                        None if thresholds is None else [levels[k] for levels in thresholds],
                    )
                    for k in range(len(codes))
                ]
            )
            to_map = self._tiles[scene].open().to_map
            write_levels(target / FILE, levels, to_map, [str(code) for code in codes])
            runs = [job.run.name for job in jobs]
            write_json(target / RECORD, {"codes": list(codes), "runs": runs})

        inputs = {
            "items": [item.digest for item in items],
            "weights": list(settings.shares()),
            "join": settings.join,
            "thresholds": thresholds,
            "codes": list(codes),
        }
        return folder.item(f"{SCENE}{scene}", inputs, build)

    def _prediction(self, other: Job, scene: str) -> Item:
        found = other.scenes("predict").get(scene)
        if found is None:
            raise ArtifactError(
                f"{other.run / 'predict'}: has no prediction of {scene}; run its `predict` again"
            )
        return found

    def _thresholds(self, job: Job, scene: str) -> Sequence[int]:
        """Levels from which on a run votes for each class; this run's own votes start at 0.5."""
        codes = self._job.config.dataset.codes
        if job is self._job:
            return [128] * len(codes)
        item = job.results("evaluate")["thresholds"]
        table = read_json(item.path("thresholds.json"))
        if scene in self._held_out:
            folds = read_folds(job.results("augment")["folds"].path("folds.json"))
            fold = next(number for number, fold in enumerate(folds) if scene in fold)
            table = read_json(item.path("held_out.json"))[str(fold)]
        return [int(table[str(code)]["level"]) for code in codes]


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
