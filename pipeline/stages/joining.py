"""Other runs whose predictions are joined with those of this one: part of ``predict``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import rasterio
from rasterio.errors import RasterioError

from pipeline.artifacts import Item, StageFolder
from pipeline.errors import ArtifactError
from pipeline.files import write_json
from pipeline.imagery.transform import Shape
from pipeline.mapping.prediction.coverage import UNANSWERED, Levels
from pipeline.mapping.prediction.ensemble import VOTE, Joint
from pipeline.mapping.prediction.raster import write_levels
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
        votes_from = self._votes_from(scene)

        def build(target: Path) -> None:
            opened = self._tiles[scene].open()
            levels = np.empty((len(codes), *opened.shape), np.uint8)
            for k in range(len(codes)):  # class by class: memory does not grow with the runs
                joint = Joint(opened.shape, settings.join)
                for item, weight, least in zip(items, settings.shares(), votes_from, strict=True):
                    joint.add(_read_class(item, k, opened.shape), weight, least[k])
                levels[k] = joint.levels()
            write_levels(target / FILE, levels, opened.to_map, [str(code) for code in codes])
            runs = [self._job.run.name, *(other.job.run.name for other in self._others)]
            record = {"codes": list(codes), "runs": runs, "unanswered": UNANSWERED}
            write_json(target / RECORD, record)

        inputs = {
            "items": [item.digest for item in items],
            "weights": list(settings.shares()),
            "join": settings.join,
            "thresholds": votes_from if settings.join == "vote" else None,
            "codes": list(codes),
        }
        return folder.item(f"{SCENE}{scene}", inputs, build)

    def _votes_from(self, scene: str) -> list[list[int]]:
        """Levels from which on each run votes for each class; this run's own votes start at 0.5."""
        codes, half = self._job.config.dataset.codes, [VOTE] * len(self._job.config.dataset.codes)
        if self._job.config.ensemble.join != "vote":
            return [half] * (1 + len(self._others))
        return [half, *(run.votes_from(scene, codes) for run in self._others)]


def _read_class(item: Item, number: int, shape: Shape) -> Levels:
    """Levels (H, W) of the class of this number in a prediction."""
    path = item.path(FILE)
    try:
        with rasterio.open(path) as file:
            plane: Levels = file.read(number + 1)
    except (RasterioError, IndexError) as error:
        raise ArtifactError(f"{path}: damaged ({error}); run `predict`") from error
    if plane.shape != shape or plane.dtype != np.uint8:
        raise ArtifactError(
            f"{path}: holds {plane.dtype} of {plane.shape} instead of one byte of {shape}; run "
            "`predict`"
        )
    return plane
