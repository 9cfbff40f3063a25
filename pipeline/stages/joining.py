"""Other runs whose predictions are joined with those of this one: part of ``predict``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from pipeline.artifacts import Item, StageFolder
from pipeline.errors import ArtifactError
from pipeline.files import write_json
from pipeline.mapping.ensemble import join_levels
from pipeline.mapping.raster import read_levels, write_levels
from pipeline.stages.grids import Tile
from pipeline.stages.job import SCENE, Job
from pipeline.stages.other_runs import FILE, RECORD, OtherRun, check_runs, other_runs

__all__ = ["FILE", "RECORD", "Runs", "check_runs"]


class Runs:
    """The runs that ``ensemble.runs`` names, checked to fit this one.

    Args:
        job: This run.
        labelled: Scenes of this run that others must have held out.
        tiles: Scenes that are joined, on this run's grid.

    Raises:
        ArtifactError: If a run has no finished predictions, or old ones.
        ConfigError: If a run's predictions can't be joined with this one's.
    """

    def __init__(self, job: Job, labelled: set[str], tiles: Mapping[str, Tile]) -> None:
        self._job, self._tiles = job, tiles
        self._others: Sequence[OtherRun] = other_runs(job, labelled, tiles)

    def join(self, folder: StageFolder, scene: str, own: Item) -> Item:
        """The item of a scene, made of this run's and all others'."""
        settings, codes = self._job.config.ensemble, self._job.config.dataset.codes
        items = [own, *(other.predictions[scene] for other in self._others)]
        thresholds = self._votes_from(scene) if settings.join == "vote" else None

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
            runs = [self._job.run.name, *(other.job.run.name for other in self._others)]
            write_json(target / RECORD, {"codes": list(codes), "runs": runs})

        inputs = {
            "items": [item.digest for item in items],
            "weights": list(settings.shares()),
            "join": settings.join,
            "thresholds": thresholds,
            "codes": list(codes),
        }
        return folder.item(f"{SCENE}{scene}", inputs, build)

    def _votes_from(self, scene: str) -> list[list[int]]:
        """Levels from which on each run votes for each class; this run's own votes start at 0.5."""
        codes = self._job.config.dataset.codes
        return [[128] * len(codes), *(run.votes_from(scene, codes) for run in self._others)]
