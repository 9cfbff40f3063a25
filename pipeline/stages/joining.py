"""Other runs whose predictions are joined with those of this one: part of ``predict``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np

from pipeline.artifacts import Item, StageFolder
from pipeline.config.models import Combine
from pipeline.errors import ArtifactError
from pipeline.files import write_json
from pipeline.mapping.prediction.answers import in_strips
from pipeline.mapping.prediction.coverage import UNANSWERED, Levels
from pipeline.mapping.prediction.ensemble import VOTE, Joint
from pipeline.mapping.prediction.raster import LevelsFile, open_levels, write_strips
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
            grid = self._tiles[scene].open()
            size = (len(codes), *grid.shape)
            with ExitStack() as stack:
                files = [stack.enter_context(_opened(item, size)) for item in items]
                strips = _joined(files, settings.shares(), votes_from, settings.join)
                names = [str(code) for code in codes]
                write_strips(target / FILE, strips, grid.shape, grid.to_map, names, grid.crs)
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


def _joined(
    files: Sequence[LevelsFile],
    weights: Sequence[float],
    votes_from: Sequence[Sequence[int]],
    combine: Combine,
) -> Iterator[Levels]:
    """Levels (K, rows, W) that predictions agree on, from top to bottom."""
    classes, height, width = files[0].shape
    for rows in in_strips(height):
        levels = np.empty((classes, rows.stop - rows.start, width), np.uint8)
        for k in range(classes):  # class by class: memory does not grow with the runs
            joint = Joint(levels.shape[1:], combine)
            for file, weight, least in zip(files, weights, votes_from, strict=True):
                joint.add(file.read(k, rows), weight, least[k])
            levels[k] = joint.levels()
        yield levels


@contextmanager
def _opened(item: Item, shape: tuple[int, int, int]) -> Iterator[LevelsFile]:
    """Levels (K, H, W) of a prediction."""
    path = item.path(FILE)
    with open_levels(path) as file:
        if file.shape != shape:
            raise ArtifactError(
                f"{path}: holds levels of {file.shape} instead of {shape}; run `predict`"
            )
        yield file
