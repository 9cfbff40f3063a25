"""What the trainings of a model are made of: scenes, folds, plan, the first weights, batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import nn

from pipeline.artifacts import Item
from pipeline.config import Config
from pipeline.config.models import ModelRow
from pipeline.errors import ArtifactError
from pipeline.files import read_json
from pipeline.imagery.channels import Channels
from pipeline.imagery.features import InputRecipe
from pipeline.imagery.tiles import TiledScene
from pipeline.learning.device import Compute
from pipeline.learning.enrichment import Enricher
from pipeline.learning.entry import network_levels
from pipeline.learning.folds import read_folds
from pipeline.learning.networks import build
from pipeline.learning.plan import Plan, read_plan
from pipeline.learning.sampler import Sampler
from pipeline.learning.scene_inputs import LIMIT, SceneInputs
from pipeline.learning.scene_source import SceneSource
from pipeline.learning.transfer import Start, start_from
from pipeline.learning.transfer_source import Source, find_source
from pipeline.learning.weights import NetworkRecord
from pipeline.stages.grids import labelled_tiles
from pipeline.stages.job import PLAN, STATISTICS, Job


@dataclass(frozen=True)
class Training:
    """One training of a model.

    Attributes:
        model: Name of the model.
        fold: Number of the fold that is held out; None holds out nothing.
        repeat: Number among the trainings of this fold, which differ in their seeds.
    """

    model: str
    fold: int | None
    repeat: int = 0

    @property
    def name(self) -> str:
        """Name of its item."""
        what = "retrained" if self.fold is None else f"fold-{self.fold}"
        return f"{self.model}-{what}" + (f".{self.repeat}" if self.repeat else "")


@dataclass(frozen=True)
class Ground:
    """What all trainings of a model share.

    Attributes:
        row: The model.
        codes: Codes of its classes.
        places: Positions of its classes among all of the dataset.
        scenes: Labelled scenes by id, on the model's grid.
        folds: Ids of the scenes that each fold holds out.
        plan: Windows of all labelled scenes.
        recipe: How inputs are made.
        digests: Content of all of these, for keys.
    """

    row: ModelRow
    codes: tuple[int, ...]
    places: Sequence[int]
    scenes: Mapping[str, TiledScene]
    folds: Sequence[Sequence[str]]
    plan: Plan
    recipe: InputRecipe
    digests: Mapping[str, Any]

    def held_out(self, fold: int | None) -> Sequence[str]:
        """Ids of the scenes that a fold does not train on."""
        return () if fold is None else self.folds[fold]

    def training_plan(self, fold: int | None) -> Plan:
        """The part of the plan that a fold trains on."""
        held_out = set(self.held_out(fold))
        return self.plan.of_scenes([scene for scene in self.scenes if scene not in held_out])


def load_ground(job: Job, row: ModelRow) -> Ground:
    """Open what the stages before wrote; no pixels are read yet.

    Raises:
        ArtifactError: If a stage before has not finished, or was made from other scenes.
        ConfigError: If no scene has labels.
    """
    tiles, augment = labelled_tiles(job, row), job.results("augment")
    statistics = _item(job, "tiles", f"{STATISTICS}{row.name}")
    folds, plan_item = augment["folds"], _item(job, "augment", f"{PLAN}{row.name}")
    ground = Ground(
        row=row,
        codes=job.config.codes_of(row),
        places=job.config.places_of(row),
        scenes={scene: tile.open() for scene, tile in tiles.items()},
        folds=read_folds(folds.path("folds.json")),
        plan=read_plan(plan_item.path("plan.csv")),
        recipe=InputRecipe.from_json(read_json(statistics.path("statistics.json"))),
        digests={
            "tiles": {scene: tile.digest for scene, tile in tiles.items()},
            "statistics": statistics.digest,
            "folds": folds.digest,
            "plan": plan_item.digest,
        },
    )
    dealt = {scene for fold in ground.folds for scene in fold}
    if dealt != set(tiles) or set(ground.plan.names) - set(tiles):
        raise ArtifactError(
            f"{job.run / 'augment'}: its folds or plan are of other scenes than those that are "
            "labelled now; run `augment` again"
        )
    return ground


def _item(job: Job, stage: str, name: str) -> Item:
    """An item of an earlier stage, which lacks it if the configuration has changed since."""
    found = job.results(stage).get(name)
    if found is None:
        raise ArtifactError(f"{job.run / stage}: lacks {name}; run `{stage}` again")
    return found


def trainings(job: Job, row: ModelRow) -> list[Training]:
    """All trainings of a model: its folds, each with its repeats, then those on all scenes."""
    ensemble = job.config.ensemble
    folds: list[int | None] = [*range(row.augment.folds)]
    if ensemble.unlabelled != "folds":
        folds.append(None)
    return [Training(row.name, fold, n) for fold in folds for n in range(ensemble.repeats)]


@dataclass(frozen=True)
class Started:
    """A network before its first step.

    Attributes:
        network: On the CPU.
        record: What it is, and which scenes its weights will have seen.
        transfer: How it starts from other weights.
    """

    network: nn.Module
    record: NetworkRecord
    transfer: Start


def start_network(
    job: Job, ground: Ground, training: Training, source: Source | None = None
) -> Started:
    """The network before its first step, the same for the same seed, fold and repeat.

    Args:
        job: The run.
        ground: What the model trains on.
        training: Which of its trainings.
        source: Weights that it starts from, as :func:`transfer_source` finds them.
    """
    torch.manual_seed(_seed(ground.row.train.seed, training))
    row, channels = ground.row, ground.recipe.channels.descriptions
    settings, held_out = row.scaled_network(), ground.held_out(training.fold)
    levels = entry_of(job.config, row, ground.recipe.channels)
    prior = ground.training_plan(training.fold).shares().tolist()
    network = build(settings, len(channels), len(prior), prior, levels)
    seen = sorted(set(ground.scenes) - set(held_out))
    record = NetworkRecord.of(settings, channels, ground.codes, levels, seen)
    same_place = row.augment.same_place
    start = start_from(network, record, row.transfer, source, held_out, same_place)
    # What this training sees is known even where nobody knows what its source saw.
    known = tuple(sorted({*seen, *start.seen}))
    return Started(network, replace(record, seen=known, seen_unknown=start.seen_unknown), start)


def entry_of(config: Config, row: ModelRow, channels: Channels) -> tuple[int, ...] | None:
    """The level at which each channel of a model enters its network; None where all enter first.

    A channel is as fine as the finest of the bands that it is made from.
    """
    metres = [
        min(config.dataset.group(name).metres for name in names) for names in channels.sources
    ]
    return network_levels(row.scaled_network(), metres, row.tiles.metres)


def transfer_source(job: Job, ground: Ground, training: Training) -> Source | None:
    """The weights that a training starts from; None for random ones."""
    row, held_out = ground.row, ground.held_out(training.fold)
    same_place = row.augment.same_place
    return find_source(row.transfer, row.name, training.fold, held_out, same_place, job.run)


def make_source(
    ground: Ground, training: Training, compute: Compute, limit: int = LIMIT
) -> SceneSource:
    """Batches of a training; inputs of whole scenes are kept if all take up to ``limit`` bytes."""
    augment = ground.row.augment
    bands = [band for group in ground.recipe.channels.groups for band in group.bands]
    return SceneSource(
        scenes=ground.scenes,
        classes=ground.places,
        held_out=ground.held_out(training.fold),
        sampler=Sampler(
            ground.training_plan(training.fold),
            {scene: tiled.shape for scene, tiled in ground.scenes.items()},
            augment.patch,
            augment.stride,
            augment.d4,
            _seed(augment.seed, training),
            len(ground.folds) if training.fold is None else training.fold,
        ),
        inputs=SceneInputs(ground.scenes, ground.recipe, compute.device, limit),
        enricher=Enricher(augment.enrich, len(ground.recipe.names), len(bands)),
        size=ground.row.train.batch,
        patch=augment.patch,
        device=compute.device,
    )


def _seed(seed: int, training: Training) -> int:
    """Seed of one training: another for every fold and repeat."""
    fold = -1 if training.fold is None else training.fold
    return int(np.random.SeedSequence((seed, fold + 1, training.repeat)).generate_state(1)[0])
