"""What the training of a fold is made of: scenes, folds, plan, the first weights, batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from pipeline.errors import ArtifactError
from pipeline.files import read_json
from pipeline.imagery.features import InputRecipe
from pipeline.imagery.tiles import TiledScene, open_tiles
from pipeline.learning.device import Compute
from pipeline.learning.enrichment import Enricher
from pipeline.learning.folds import read_folds
from pipeline.learning.networks import build
from pipeline.learning.plan import Plan, read_plan
from pipeline.learning.sampler import Sampler
from pipeline.learning.scene_inputs import LIMIT, SceneInputs
from pipeline.learning.scene_source import SceneSource
from pipeline.stages.job import Job
from pipeline.stages.labelled import labelled_tiles


@dataclass(frozen=True)
class Ground:
    """What all folds share.

    Attributes:
        scenes: Labelled scenes by id.
        folds: Ids of the scenes that each fold holds out.
        plan: Windows of all labelled scenes.
        recipe: How inputs are made.
        digests: Content of all of these, for keys.
    """

    scenes: Mapping[str, TiledScene]
    folds: Sequence[Sequence[str]]
    plan: Plan
    recipe: InputRecipe
    digests: Mapping[str, Any]

    def training_plan(self, fold: int) -> Plan:
        """The part of the plan that a fold trains on."""
        held_out = set(self.folds[fold])
        return self.plan.of_scenes([scene for scene in self.scenes if scene not in held_out])


def load_ground(job: Job) -> Ground:
    """Open what the stages before wrote; no pixels are read yet.

    Raises:
        ArtifactError: If a stage before has not finished, or was made from other scenes.
        ConfigError: If no scene has labels.
    """
    tiles, augment = labelled_tiles(job), job.results("augment")
    statistics = job.results("tiles")["statistics"]
    folds = read_folds(augment["folds"].path("folds.json"))
    plan = read_plan(augment["plan"].path("plan.csv"))
    if {scene for fold in folds for scene in fold} != set(tiles) or set(plan.names) - set(tiles):
        raise ArtifactError(
            f"{job.run / 'augment'}: its folds or plan are of other scenes than those that are "
            "labelled now; run `augment` again"
        )
    return Ground(
        scenes={scene: open_tiles(item.folder) for scene, item in tiles.items()},
        folds=folds,
        plan=plan,
        recipe=InputRecipe.from_json(read_json(statistics.path("statistics.json"))),
        digests={
            "tiles": {scene: item.digest for scene, item in tiles.items()},
            "statistics": statistics.digest,
            "folds": augment["folds"].digest,
            "plan": augment["plan"].digest,
        },
    )


def start_network(job: Job, ground: Ground, fold: int) -> nn.Module:
    """The network before its first step, the same for the same seed and fold."""
    seed = np.random.SeedSequence((job.config.train.seed, fold)).generate_state(1)[0]
    torch.manual_seed(int(seed))
    prior = ground.training_plan(fold).shares().tolist()
    return build(job.config.network, len(ground.recipe.names), len(prior), prior)


def make_source(
    job: Job, ground: Ground, fold: int, compute: Compute, limit: int = LIMIT
) -> SceneSource:
    """Batches of a fold; inputs of whole scenes are kept if all take at most ``limit`` bytes."""
    augment = job.config.augment
    return SceneSource(
        scenes=ground.scenes,
        held_out=ground.folds[fold],
        sampler=Sampler(
            ground.training_plan(fold),
            {scene: tiled.shape for scene, tiled in ground.scenes.items()},
            augment.patch,
            augment.stride,
            augment.d4,
            augment.seed,
            fold,
        ),
        inputs=SceneInputs(ground.scenes, ground.recipe, compute.device, limit),
        enricher=Enricher(augment.enrich, len(ground.recipe.names)),
        size=job.config.train.batch,
        patch=augment.patch,
        device=compute.device,
    )
