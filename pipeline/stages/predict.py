"""``predict``: probabilities of every scene.

A labelled scene is predicted by the one network not trained on it, a test scene by the mean of
all folds' networks. Each scene is an item: ``probability.tif`` (K bands, uint8) and a record.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pipeline.artifacts import Item
from pipeline.errors import ArtifactError
from pipeline.files import read_json, write_json
from pipeline.imagery.features import InputRecipe
from pipeline.imagery.tiles import open_tiles
from pipeline.learning.device import Compute, choose_compute
from pipeline.learning.folds import read_folds
from pipeline.learning.weights import RECORD, WEIGHTS, load_network, read_network_record
from pipeline.mapping.coverage import predictable
from pipeline.mapping.cutting import cutter
from pipeline.mapping.forward import make_forward
from pipeline.mapping.inference import Forward, Sliding, count_windows, predict_levels
from pipeline.mapping.raster import write_levels
from pipeline.progress import bar, say
from pipeline.stages.job import FOLD, SCENE, Job

FILE = "probability.tif"


@dataclass(frozen=True)
class Predictor:
    """What predicts any scene of a run.

    Attributes:
        recipe: How inputs are made.
        codes: Class codes in the order of the bands.
        sliding: How windows slide.
        compute: Device and arithmetic.
        forward: Gives the network of a fold's item, loaded once.
    """

    recipe: InputRecipe
    codes: tuple[int, ...]
    sliding: Sliding
    compute: Compute
    forward: Callable[[Item], Forward]

    def build(self, tile: Item, networks: Sequence[Item]) -> Callable[[Path], None]:
        """What writes the item of a scene.

        Args:
            tile: The scene's cache.
            networks: Items of the folds whose networks are averaged.
        """

        def build(folder: Path) -> None:
            scene = open_tiles(tile.folder)
            cut = cutter(scene, self.recipe, self.sliding.side, self.compute.device)
            forwards = [self.forward(item) for item in networks]
            with bar() as display:
                total = count_windows(scene.shape, self.sliding)
                task = display.add_task(f"predicting {scene.id}", total=total, note="")
                levels = predict_levels(
                    scene.shape,
                    cut,
                    forwards,
                    self.sliding,
                    lambda windows: display.advance(task, windows),
                )
            levels *= predictable(scene)
            write_levels(folder / FILE, levels, scene.to_map, [str(code) for code in self.codes])
            folds = [item.name for item in networks]
            write_json(folder / "prediction.json", {"codes": list(self.codes), "networks": folds})

        return build


def run(job: Job) -> None:
    """Predict labelled and test scenes."""
    tiles, networks = job.scenes("tiles"), _networks(job)
    statistics = job.results("tiles")["statistics"]
    folds = read_folds(job.results("augment")["folds"].path("folds.json"))
    held_out = {scene: index for index, fold in enumerate(folds) for scene in fold}
    predictor = _predictor(job, statistics)
    wanted = [scene for scene in _scenes(job) if scene in tiles]
    with job.open("predict") as folder:
        # Fold by fold, so that each network is loaded and warm for all of its scenes.
        for scene in sorted(wanted, key=lambda name: (held_out.get(name, len(folds)), name)):
            used = [networks[held_out[scene]]] if scene in held_out else networks
            inputs = {
                "tile": tiles[scene].digest,
                "statistics": statistics.digest,
                "networks": [
                    [item.files[name].sha256 for name in (WEIGHTS, RECORD)] for item in used
                ],
                "predict": job.config.predict.model_dump(mode="json"),
                "codes": list(predictor.codes),
            }
            folder.item(f"{SCENE}{scene}", inputs, predictor.build(tiles[scene], used))
        made = len(folder.built)
    say(f"predict: {len(wanted)} scenes, {made} made, {len(wanted) - made} unchanged")


def _scenes(job: Job) -> list[str]:
    """Ids of the scenes that are labelled or to be handed in."""
    scenes = job.scenes("scenes")
    roles = {scene: read_json(item.path("scene.json"))["role"] for scene, item in scenes.items()}
    return [scene for scene, role in roles.items() if role in ("train", "test")]


def _networks(job: Job) -> list[Item]:
    """Items of the folds, in order."""
    items = job.results("train")
    folds = [name for name in items if name.startswith(FOLD)]
    return [items[name] for name in sorted(folds, key=lambda name: int(name.removeprefix(FOLD)))]


def _predictor(job: Job, statistics: Item) -> Predictor:
    settings, codes = job.config.predict, job.config.dataset.codes
    recipe = InputRecipe.from_json(read_json(statistics.path("statistics.json")))
    compute = choose_compute(job.config.train.device, settings.precision)

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
        recipe=recipe,
        codes=codes,
        sliding=Sliding(settings.window, settings.overlap, settings.batch, settings.d4),
        compute=compute,
        forward=lambda item: load(item.folder),
    )
