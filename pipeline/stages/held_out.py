"""Predictions of labelled scenes beside their truth, and the thresholds that each is cut at."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.artifacts import Item
from pipeline.errors import ArtifactError
from pipeline.files import read_json
from pipeline.imagery.bit_field import unpack
from pipeline.imagery.tiles import open_tiles
from pipeline.learning.folds import read_folds
from pipeline.mapping.held_out import HeldOutScene
from pipeline.mapping.prediction.raster import read_levels
from pipeline.stages.job import Job


def read_held_out(prediction: Item, tile: Item) -> HeldOutScene:
    """A labelled scene as its held-out networks see it.

    Raises:
        ArtifactError: If prediction and masks differ in shape.
    """
    scene = open_tiles(tile.folder)
    truth, valid = unpack(scene.mask, scene.classes)
    levels = read_levels(prediction.path("probability.tif"))
    if levels.shape != truth.shape:
        raise ArtifactError(
            f"{prediction.folder}: is of shape {levels.shape}, but the masks are of {truth.shape}; "
            "run `predict`"
        )
    return HeldOutScene(levels, truth, valid, scene.metres)


def folds_of(job: Job) -> tuple[tuple[str, ...], ...]:
    """Ids of the scenes of each fold; none where another run's networks predict."""
    if job.config.ensemble.trained is not None:
        return ()
    return read_folds(job.results("augment")["folds"].path("folds.json"))


def fold_of_scenes(job: Job) -> dict[str, int]:
    """The fold that holds each labelled scene out."""
    return {scene: fold for fold, scenes in enumerate(folds_of(job)) for scene in scenes}


def check_predicted(job: Job) -> None:
    """Check that every labelled scene is predicted.

    Raises:
        ArtifactError: Naming those that are not.
    """
    missing = sorted(set(fold_of_scenes(job)) - set(job.scenes("predict")))
    if missing:
        raise ArtifactError(f"{job.run / 'predict'}: lacks {', '.join(missing)}; run `predict`")


def thresholds_of(job: Job) -> Callable[[str], list[int]]:
    """Levels that a scene is cut at, one per class in the configuration's order.

    A labelled scene has those that were chosen without its fold, all others those of all folds.

    Raises:
        ArtifactError: If ``evaluate`` chose none for a class.
    """
    item = job.results("evaluate")["thresholds"]
    for_all = read_json(item.path("thresholds.json"))
    for_fold = read_json(item.path("held_out.json"))
    fold_of = fold_of_scenes(job)

    def levels(scene: str) -> list[int]:
        table = for_fold[str(fold_of[scene])] if scene in fold_of else for_all
        try:
            return [int(table[str(code)]["level"]) for code in job.config.dataset.codes]
        except KeyError as error:
            raise ArtifactError(
                f"{item.folder}: has no threshold of class {error}; run `evaluate`"
            ) from None

    return levels
