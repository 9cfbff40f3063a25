"""The labelled scenes of a run: what folds, plan and training are made from."""

from __future__ import annotations

from pipeline.artifacts import Item
from pipeline.errors import ConfigError
from pipeline.imagery.tiles import open_tiles
from pipeline.stages.job import Job

MASK = "mask.npy"


def labelled_tiles(job: Job) -> dict[str, Item]:
    """Tile items of the labelled scenes by id, in order.

    Raises:
        ConfigError: If no scene has labels.
    """
    scenes = sorted(job.scenes("tiles").items())
    found = {scene: item for scene, item in scenes if open_tiles(item.folder).labelled}
    if not found:
        raise ConfigError(
            f"dataset.labels: {job.config.dataset.labels} labels no scene of "
            f"{job.config.dataset.folder}; a training needs labelled scenes"
        )
    return found
