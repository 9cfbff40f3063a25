"""What predicts any scene by the networks of one model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.artifacts import Item
from pipeline.config.models import ModelRow
from pipeline.errors import ArtifactError
from pipeline.files import read_json
from pipeline.imagery.features import InputRecipe
from pipeline.imagery.tiles import TiledScene
from pipeline.learning.device import Compute, choose_compute
from pipeline.learning.metrics import to_levels
from pipeline.learning.weights import RECORD, WEIGHTS, load_network, read_network_record
from pipeline.mapping.prediction.answers import Streamed
from pipeline.mapping.prediction.coverage import Levels, mark_answers, predictable
from pipeline.mapping.prediction.cutting import cutter
from pipeline.mapping.prediction.forward import make_forward
from pipeline.mapping.prediction.inference import Forward, Sliding, count_windows, predict_strips
from pipeline.mapping.prediction.paging import let_go
from pipeline.progress import bar
from pipeline.stages.fold import Training, trainings
from pipeline.stages.grids import Tile, tiles_of
from pipeline.stages.job import STATISTICS, Job
from pipeline.stages.trained_run import trained_run

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

    def answers(self, scene: str, used: Sequence[Item]) -> Streamed:
        """(K_a, h, w) levels on the model's grid, 0 where its band groups are empty."""
        tile = self.tiles[scene].open()
        return Streamed(self._strips(scene, tile, used), tile.shape)

    def _strips(self, scene: str, tile: TiledScene, used: Sequence[Item]) -> Iterator[Levels]:
        """The same by rows, each made when it is asked for."""
        cut = cutter(tile, self.recipe, self.sliding.side, self.compute.device)
        forwards = [self.forward(item) for item in used]
        first = 0
        with bar() as display:
            total = count_windows(tile.shape, self.sliding)
            task = display.add_task(f"{self.row.name}: {scene}", total=total, note="")

            def advance(windows: int) -> None:
                display.advance(task, windows)

            for strip in predict_strips(tile.shape, cut, forwards, self.sliding, advance):
                levels = to_levels(strip).cpu().numpy()
                rows = slice(first, first + levels.shape[1])
                kept = levels if len(self.kept) == len(levels) else levels[list(self.kept)]
                answered = mark_answers(kept, predictable(tile, rows))
                let_go(tile)
                yield answered
                first = rows.stop


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
    """The predictor of one model, with this run's networks or those of ``ensemble.trained``.

    Args:
        job: The run.
        row: The model.
        load: Gives the network in a folder; it may keep networks.

    Raises:
        ArtifactError: If a network is missing.
    """
    settings, codes = row.predict, job.config.codes_of(row)
    answers = job.config.answers_of(row)
    trained = trained_run(job)
    statistics = trained.results("tiles")[f"{STATISTICS}{row.name}"]
    recipe = InputRecipe.from_json(read_json(statistics.path("statistics.json")))
    compute = choose_compute(row.train.device, settings.precision)
    items, wanted = trained.results("train"), trainings(trained, _row_of(trained, row))
    missing = [training.name for training in wanted if training.name not in items]
    if missing:
        raise ArtifactError(f"{trained.run / 'train'}: lacks {missing[0]}; run `train`")
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


def _row_of(job: Job, row: ModelRow) -> ModelRow:
    """The model of the same name in another run."""
    return next(other for other in job.config.models if other.name == row.name)
