"""``predict``: probabilities of every scene.

A labelled scene is predicted by the networks that were not trained on it, another scene by those
that ``ensemble.unlabelled`` names. Each scene is an item ``scene-<id>``: ``probability.tif`` (K
bands, uint8, on the run's working grid) and a record. Where other runs are joined in, what this
run alone says is an item ``own-<id>``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from pipeline.artifacts import Item, StageFolder
from pipeline.config.models import Combine, ModelRow
from pipeline.errors import ArtifactError
from pipeline.files import read_json, write_json
from pipeline.imagery.features import InputRecipe
from pipeline.learning.device import Compute, choose_compute
from pipeline.learning.folds import read_folds
from pipeline.learning.weights import RECORD, WEIGHTS, load_network, read_network_record
from pipeline.mapping.coverage import predictable
from pipeline.mapping.cutting import cutter
from pipeline.mapping.ensemble import joined_classes
from pipeline.mapping.forward import make_forward
from pipeline.mapping.inference import Forward, Sliding, count_windows, predict_levels
from pipeline.mapping.raster import Levels, write_levels
from pipeline.progress import bar, say
from pipeline.stages.fold import Training, trainings
from pipeline.stages.grids import Tile, predicted_tiles, tiles_of
from pipeline.stages.job import SCENE, STATISTICS, Job
from pipeline.stages.joining import RECORD as PREDICTION
from pipeline.stages.joining import Runs

FILE = "probability.tif"
OWN = "own-"


@dataclass(frozen=True)
class Predictor:
    """What predicts any scene by the networks of one model.

    Attributes:
        row: The model.
        places: Positions of its classes among all of the dataset.
        tiles: Scenes on its grid.
        statistics: Item of its input recipe.
        networks: Items of its trainings.
        recipe: How inputs are made.
        sliding: How windows slide.
        compute: Device and arithmetic.
        forward: Gives the network of an item, loaded once.
    """

    row: ModelRow
    places: Sequence[int]
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
            "classes": list(self.places),
        }

    def levels(self, scene: str, used: Sequence[Item]) -> Levels:
        """(K_m, h, w) levels on the model's grid."""
        tile = self.tiles[scene].open()
        cut = cutter(tile, self.recipe, self.sliding.side, self.compute.device)
        forwards = [self.forward(item) for item in used]
        with bar() as display:
            total = count_windows(tile.shape, self.sliding)
            task = display.add_task(f"{self.row.name}: {scene}", total=total, note="")
            return predict_levels(
                tile.shape,
                cut,
                forwards,
                self.sliding,
                lambda windows: display.advance(task, windows),
            )


def run(job: Job) -> None:
    """Predict labelled and test scenes."""
    tiles, ensemble = predicted_tiles(job), job.config.ensemble
    predictors = [predictor_of(job, row) for row in job.config.models]
    folds = read_folds(job.results("augment")["folds"].path("folds.json"))
    held_out = {scene: index for index, fold in enumerate(folds) for scene in fold}
    runs = Runs(job, set(held_out), tiles)
    with job.open("predict") as folder:
        # Fold by fold, so that each network is loaded and warm for all of its scenes.
        for scene in sorted(tiles, key=lambda name: (held_out.get(name, len(folds)), name)):
            used = [(p, p.used(held_out.get(scene), ensemble.unlabelled)) for p in predictors]
            name = f"{OWN if ensemble.runs else SCENE}{scene}"
            own = _predict(job, folder, name, scene, tiles[scene], used)
            if ensemble.runs:
                runs.join(folder, scene, own)
        made = sum(name.startswith(SCENE) for name in folder.built)
    say(f"predict: {len(tiles)} scenes, {made} made, {len(tiles) - made} unchanged")


def _predict(
    job: Job,
    folder: StageFolder,
    name: str,
    scene: str,
    tile: Tile,
    used: Sequence[tuple[Predictor, Sequence[Item]]],
) -> Item:
    """The item of a scene, by this run's networks alone."""
    codes, combine = job.config.dataset.codes, job.config.ensemble.combine

    def build(target: Path) -> None:
        write_prediction(target, scene, tile, used, codes, combine)

    inputs = {
        "tile": tile.digest,
        "codes": list(codes),
        "combine": combine,
        "models": [predictor.inputs(scene, items) for predictor, items in used],
    }
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
    levels *= predictable(grid)
    write_levels(folder / FILE, levels, grid.to_map, [str(code) for code in codes])
    networks = [item.name for _, items in used for item in items]
    write_json(folder / PREDICTION, {"codes": list(codes), "networks": networks})


def predictor_of(job: Job, row: ModelRow) -> Predictor:
    """The predictor of one model of a trained run.

    Raises:
        ArtifactError: If a network is missing.
    """
    settings, codes = row.predict, job.config.codes_of(row)
    statistics = job.results("tiles")[f"{STATISTICS}{row.name}"]
    recipe = InputRecipe.from_json(read_json(statistics.path("statistics.json")))
    compute = choose_compute(row.train.device, settings.precision)
    items, wanted = job.results("train"), trainings(job, row)
    missing = [training.name for training in wanted if training.name not in items]
    if missing:
        raise ArtifactError(f"{job.run / 'train'}: lacks {missing[0]}; run `train`")

    @cache
    def load(folder: Path) -> Forward:
        record = read_network_record(folder)
        if record.channels != recipe.names or record.codes != codes:
            raise ArtifactError(
                f"{folder}: its network has other inputs or classes than the configuration; "
                "run `train` again"
            )
        return make_forward(load_network(folder), compute)

    return Predictor(
        row=row,
        places=job.config.places_of(row),
        tiles=tiles_of(job, row),
        statistics=statistics,
        networks={training: items[training.name] for training in wanted},
        recipe=recipe,
        sliding=Sliding(
            settings.window,
            settings.overlap,
            settings.batch,
            settings.d4,
            combine=job.config.ensemble.combine,
        ),
        compute=compute,
        forward=lambda item: load(item.folder),
    )
