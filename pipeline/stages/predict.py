"""``predict``: probabilities of every scene.

A labelled scene is predicted by the networks that were not trained on it, another scene by those
that ``ensemble.unlabelled`` names. Each scene is an item ``scene-<id>``: ``probability.tif`` (K
bands, uint8, on the run's working grid, level 0 for no answer) and a record. Where other runs are
joined in, what this run alone says is an item ``own-<id>``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from shutil import copyfile
from typing import Any

from pipeline.artifacts import Item, StageFolder, load_item
from pipeline.config.models import Combine, ModelRow
from pipeline.errors import ArtifactError
from pipeline.files import read_json, write_json
from pipeline.imagery.features import InputRecipe
from pipeline.learning.device import Compute, choose_compute
from pipeline.learning.folds import read_folds
from pipeline.learning.weights import RECORD, WEIGHTS, load_network, read_network_record
from pipeline.mapping.prediction.coverage import UNANSWERED, Levels, mark_answers, predictable
from pipeline.mapping.prediction.cutting import cutter
from pipeline.mapping.prediction.ensemble import joined_classes
from pipeline.mapping.prediction.forward import make_forward
from pipeline.mapping.prediction.inference import Forward, Sliding, count_windows, predict_levels
from pipeline.mapping.prediction.raster import write_levels
from pipeline.progress import bar, say
from pipeline.stages.fold import Training, trainings
from pipeline.stages.grids import Tile, predicted_tiles, tiles_of
from pipeline.stages.job import SCENE, STATISTICS, Job
from pipeline.stages.joining import FILE, Runs
from pipeline.stages.joining import RECORD as PREDICTION

OWN = "own-"
Load = Callable[[Path, InputRecipe, tuple[int, ...], Compute], Forward]
"""Gives the network in a folder, see :func:`load_forward`."""


@dataclass(frozen=True)
class Predictor:
    """What predicts any scene by the networks of one model.

    Attributes:
        row: The model.
        places: Positions of the classes that it answers among all of the dataset.
        kept: Their positions among the classes that its networks tell.
        tiles: Scenes on its grid.
        statistics: Item of its input recipe.
        networks: Items of its trainings.
        recipe: How inputs are made.
        sliding: How windows slide.
        compute: Device and arithmetic.
        forward: Gives the network of an item.
    """

    row: ModelRow
    places: Sequence[int]
    kept: Sequence[int]
    tiles: Mapping[str, Tile]
    statistics: Item
    networks: Mapping[Training, Item]
    recipe: InputRecipe
    sliding: Sliding
    compute: Compute
    forward: Callable[[Item], Forward]

    def used(self, fold: int | None, unlabelled: str) -> list[Item]:
        """Networks for a scene.

        Args:
            fold: The fold that holds the scene out; None for a scene without labels.
            unlabelled: The setting of this name.
        """
        if fold is not None:
            return [item for training, item in self.networks.items() if training.fold == fold]
        return [
            item
            for training, item in self.networks.items()
            if unlabelled == "both" or (training.fold is None) == (unlabelled == "retrained")
        ]

    def inputs(self, scene: str, used: Sequence[Item]) -> dict[str, Any]:
        """What the levels of a scene depend on."""
        return {
            "tile": self.tiles[scene].digest,
            "statistics": self.statistics.digest,
            "networks": [[item.files[name].sha256 for name in (WEIGHTS, RECORD)] for item in used],
            "predict": self.row.predict.model_dump(mode="json"),
            "classes": [list(self.places), list(self.kept)],
        }

    def levels(self, scene: str, used: Sequence[Item]) -> Levels:
        """(K_a, h, w) levels on the model's grid, 0 where its band groups are empty."""
        tile = self.tiles[scene].open()
        cut = cutter(tile, self.recipe, self.sliding.side, self.compute.device)
        forwards = [self.forward(item) for item in used]
        with bar() as display:
            total = count_windows(tile.shape, self.sliding)
            task = display.add_task(f"{self.row.name}: {scene}", total=total, note="")
            found = predict_levels(
                tile.shape,
                cut,
                forwards,
                self.sliding,
                lambda windows: display.advance(task, windows),
            )
        answers = found if len(self.kept) == len(found) else found[list(self.kept)]
        return mark_answers(answers, predictable(tile))


def run(job: Job) -> None:
    """Predict labelled and test scenes."""
    tiles, ensemble = predicted_tiles(job), job.config.ensemble
    folds = read_folds(job.results("augment")["folds"].path("folds.json"))
    held_out = {scene: index for index, fold in enumerate(folds) for scene in fold}
    runs = Runs(job, set(held_out), tiles)
    # No more networks stay loaded than one model needs for one scene.
    load = lru_cache(_most_networks(job))(load_forward)
    predictors = [predictor_of(job, row, load) for row in job.config.models]
    with job.open("predict") as folder:
        # Fold by fold, so that a single model's networks are loaded once for all of their scenes.
        for scene in sorted(tiles, key=lambda name: (held_out.get(name, len(folds)), name)):
            used = [(p, p.used(held_out.get(scene), ensemble.unlabelled)) for p in predictors]
            own = _predict(job, folder, scene, tiles[scene], used)
            if ensemble.runs:
                runs.join(folder, scene, own)
        made = sum(name.startswith(SCENE) for name in folder.built)
    say(f"predict: {len(tiles)} scenes, {made} made, {len(tiles) - made} unchanged")


def _most_networks(job: Job) -> int:
    """The largest number of networks that a model has: a scene needs no more of them."""
    return max(len(trainings(job, row)) for row in job.config.models)


def _predict(
    job: Job,
    folder: StageFolder,
    scene: str,
    tile: Tile,
    used: Sequence[tuple[Predictor, Sequence[Item]]],
) -> Item:
    """The item of a scene, by this run's networks alone.

    It has another name where other runs are joined in. What was made under the one name is taken
    over under the other, so that naming runs, or none, predicts nothing again.
    """
    codes, ensemble = job.config.dataset.codes, job.config.ensemble
    names = (f"{OWN}{scene}", f"{SCENE}{scene}")
    name, twin = names if ensemble.runs else names[::-1]
    inputs = {
        "tile": tile.digest,
        "codes": list(codes),
        "combine": ensemble.combine,
        "models": [predictor.inputs(scene, items) for predictor, items in used],
    }

    def build(target: Path) -> None:
        made = load_item(folder.folder / twin)
        if made is not None and made.key == folder.key(inputs):
            for file in made.files:
                copyfile(made.path(file), target / file)
        else:
            write_prediction(target, scene, tile, used, codes, ensemble.combine)

    return folder.item(name, inputs, build)


def write_prediction(
    folder: Path,
    scene: str,
    tile: Tile,
    used: Sequence[tuple[Predictor, Sequence[Item]]],
    codes: Sequence[int],
    combine: Combine,
) -> None:
    """Write the files of a scene's item.

    Args:
        folder: Where to.
        scene: Id.
        tile: The scene on the run's grid.
        used: Models, each with the items of its networks that predict this scene.
        codes: Codes of all classes.
        combine: How models with classes in common are joined.
    """
    grid = tile.open()
    parts = [(p.places, partial(p.levels, scene, items)) for p, items in used]
    levels = joined_classes(parts, len(codes), grid.shape, combine)
    write_levels(folder / FILE, levels, grid.to_map, [str(code) for code in codes])
    networks = [item.name for _, items in used for item in items]
    record = {"codes": list(codes), "networks": networks, "unanswered": UNANSWERED}
    write_json(folder / PREDICTION, record)


def load_forward(
    folder: Path, recipe: InputRecipe, codes: tuple[int, ...], compute: Compute
) -> Forward:
    """The network in a folder, ready to predict.

    Args:
        folder: Its item.
        recipe: What its inputs must be.
        codes: What its classes must be, in order.
        compute: Device and arithmetic.

    Raises:
        ArtifactError: If it has other inputs or classes.
    """
    record = read_network_record(folder)
    if record.channels != recipe.names or record.codes != codes:
        raise ArtifactError(
            f"{folder}: its network has other inputs or classes than the configuration; "
            "run `train` again"
        )
    return make_forward(load_network(folder), compute)


def predictor_of(job: Job, row: ModelRow, load: Load = load_forward) -> Predictor:
    """The predictor of one model of a trained run.

    Args:
        job: The run.
        row: The model.
        load: Gives the network in a folder; it may keep networks.

    Raises:
        ArtifactError: If a network is missing.
    """
    settings, codes = row.predict, job.config.codes_of(row)
    answers = job.config.answers_of(row)
    statistics = job.results("tiles")[f"{STATISTICS}{row.name}"]
    recipe = InputRecipe.from_json(read_json(statistics.path("statistics.json")))
    compute = choose_compute(row.train.device, settings.precision)
    items, wanted = job.results("train"), trainings(job, row)
    missing = [training.name for training in wanted if training.name not in items]
    if missing:
        raise ArtifactError(f"{job.run / 'train'}: lacks {missing[0]}; run `train`")
    combine = job.config.ensemble.combine
    return Predictor(
        row=row,
        places=[job.config.dataset.codes.index(code) for code in answers],
        kept=[codes.index(code) for code in answers],
        tiles=tiles_of(job, row),
        statistics=statistics,
        networks={training: items[training.name] for training in wanted},
        recipe=recipe,
        sliding=Sliding(
            settings.window, settings.overlap, settings.batch, settings.d4, combine=combine
        ),
        compute=compute,
        forward=lambda item: load(item.folder, recipe, codes, compute),
    )
