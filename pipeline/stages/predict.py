"""``predict``: probabilities of every scene.

A labelled scene is predicted by the networks that were not trained on it, another scene by those
that ``ensemble.unlabelled`` names. Each scene is an item ``scene-<id>``: ``probability.tif`` (K
bands, uint8, on the run's working grid, level 0 for no answer) and a record. Where other runs are
joined in, what this run alone says is an item ``own-<id>``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory

from pipeline.artifacts import Item, load_item
from pipeline.config.models import Combine
from pipeline.files import TEMPORARY, write_json
from pipeline.mapping.prediction.answers import Answers
from pipeline.mapping.prediction.coverage import UNANSWERED
from pipeline.mapping.prediction.ensemble import joined_strips
from pipeline.mapping.prediction.raster import write_strips
from pipeline.progress import say, track
from pipeline.stages.crew import Order, kept_for_job, make_items
from pipeline.stages.fold import trainings
from pipeline.stages.grids import Tile, predicted_tiles
from pipeline.stages.held_out import fold_of_scenes
from pipeline.stages.job import SCENE, Job
from pipeline.stages.joining import FILE, Runs
from pipeline.stages.joining import RECORD as PREDICTION
from pipeline.stages.predictor import Predictor, load_forward, predictor_of

__all__ = ["predictor_of", "recipe", "run", "write_prediction"]

PREDICT = "predict"
OWN = "own-"


@dataclass(frozen=True)
class _Known:
    """What the predictions of all scenes have in common.

    Attributes:
        tiles: Scenes on the run's grid.
        folds: Number of the fold that holds out each labelled scene.
        predictors: Of each model.
    """

    tiles: Mapping[str, Tile]
    folds: Mapping[str, int]
    predictors: Sequence[Predictor]


@kept_for_job
def _known(job: Job) -> _Known:
    """What the earlier stages tell; networks are loaded once per process."""
    # No more networks stay loaded than one model needs for one scene.
    load = lru_cache(_most_networks(job))(load_forward)
    return _Known(
        predicted_tiles(job),
        fold_of_scenes(job),
        [predictor_of(job, row, load) for row in job.config.models],
    )


def run(job: Job) -> None:
    """Predict labelled and test scenes."""
    known = _known(job)
    runs = Runs(job, set(known.folds), known.tiles)
    # Fold by fold, so that a single model's networks are loaded once for all of their scenes.
    last = len(known.folds)
    scenes = sorted(known.tiles, key=lambda name: (known.folds.get(name, last), name))
    with job.open(PREDICT) as folder:
        items = make_items(job, folder, recipe, scenes, "predicting scenes")
        if job.config.ensemble.runs:
            for scene in track(scenes, "joining runs"):
                runs.join(folder, scene, items[f"{OWN}{scene}"])
        made = sum(name.startswith(SCENE) for name in folder.built)
    say(f"predict: {len(scenes)} scenes, {made} made, {len(scenes) - made} unchanged")


def _most_networks(job: Job) -> int:
    """The largest number of networks that a model has: a scene needs no more of them."""
    return max(len(trainings(job, row)) for row in job.config.models)


def recipe(job: Job, scene: str) -> list[Order]:
    """The order of a scene's item, made by this run's networks alone.

    It has another name where other runs are joined in. What was made under the one name is taken
    over under the other, so that naming runs, or none, predicts nothing again.
    """
    known, codes, ensemble = _known(job), job.config.dataset.codes, job.config.ensemble
    tile, fold = known.tiles[scene], known.folds.get(scene)
    used = [(one, one.used(fold, ensemble.unlabelled)) for one in known.predictors]
    names = (f"{OWN}{scene}", f"{SCENE}{scene}")
    name, twin = names if ensemble.runs else names[::-1]
    inputs = {
        "tile": tile.digest,
        "codes": list(codes),
        "combine": ensemble.combine,
        "models": [predictor.inputs(scene, items) for predictor, items in used],
    }

    def build(target: Path) -> None:
        stage = job.open(PREDICT)
        made = load_item(stage.folder / twin)
        if made is not None and made.key == stage.key(inputs):
            for file in made.files:
                copyfile(made.path(file), target / file)
        else:
            write_prediction(target, scene, tile, used, codes, ensemble.combine)

    return [Order(name, inputs, build)]


def write_prediction(
    folder: Path,
    scene: str,
    tile: Tile,
    used: Sequence[tuple[Predictor, Sequence[Item]]],
    codes: Sequence[int],
    combine: Combine,
) -> None:
    """Write the files of a scene's item.

    One model's answers are written as they are made. Those of several wait in files beside the
    result, so that one model's networks are in memory at a time.

    Args:
        folder: Where to.
        scene: Id.
        tile: The scene on the run's grid.
        used: Models, each with the items of its networks that predict this scene.
        codes: Codes of all classes.
        combine: How models with classes in common are joined.
    """
    grid = tile.open()
    with TemporaryDirectory(prefix=TEMPORARY, dir=folder) as scratch:
        parts: list[tuple[Sequence[int], Answers]] = []
        for number, (predictor, items) in enumerate(used):
            answers = predictor.answers(scene, items)
            if len(used) == 1:
                parts.append((predictor.places, answers))
            else:
                path = Path(scratch) / f"model-{number}"
                parts.append((predictor.places, answers.stored(path)))
        strips = joined_strips(parts, len(codes), grid.shape, combine)
        names = [str(code) for code in codes]
        write_strips(folder / FILE, strips, grid.shape, grid.to_map, names, grid.crs)
    networks = [item.name for _, items in used for item in items]
    record = {"codes": list(codes), "networks": networks, "unanswered": UNANSWERED}
    write_json(folder / PREDICTION, record)
