"""From a trial's parameters to its configuration, its costs and its worker's task."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import torch

from pipeline.config import Config
from pipeline.config.found import changed_rows, with_rows
from pipeline.config.models import ModelRow
from pipeline.errors import ConfigError
from pipeline.files import digest_of
from pipeline.imagery.channels import Channels
from pipeline.learning.losses import build_loss
from pipeline.learning.networks import build
from pipeline.learning.optimizer import build_optimizer
from pipeline.learning.summary import Costs, costs
from pipeline.search.driver import Checked
from pipeline.search.entry import Entry, Params
from pipeline.search.halving import at_budget
from pipeline.search.space import Limits, Space
from pipeline.stages.fold import entry_of
from pipeline.stages.job import Job
from pipeline.stages.trial import Task
from pipeline.stages.trial_ground import prepare_ground

_NAME: Final = "trial-"


@dataclass(frozen=True)
class Trials:
    """What the driver asks about the trials of one search.

    Attributes:
        job: The run, with the configuration that was written.
        space: What may be tried.
        rows: Names of the models that trials change.
        budgets: Steps of each rung, smallest first.
        ground: Digest of what scores depend on besides parameters and code.
        code: Version of the code that makes scores.
        work: Folder of the search's checkpoints, tiles and plans.
        show: Whether a trial may show its progress on the terminal.
    """

    job: Job
    space: Space
    rows: tuple[str, ...]
    budgets: tuple[int, ...]
    ground: str
    code: str
    work: Path
    show: bool

    def models(self, params: Params) -> list[dict[str, Any]]:
        """The section ``models`` with a trial's values, as a person would write it."""
        return changed_rows(self.job.config, self.rows, self.space.overrides(params))

    def config(self, params: Params) -> Config:
        """A trial's whole configuration.

        Raises:
            ConfigError: If its values don't go together.
        """
        return with_rows(self.job.config, self.models(params))

    def meaning(self, params: Params) -> str:
        """Digest of the models that a trial's values make; another one if they don't go together.

        The values alone don't say it: a label's keys, or the rest of the configuration, may change.
        """
        try:
            rows = [row for row in self.config(params).models if row.name in self.rows]
        except ConfigError as error:
            return digest_of(str(error))
        return digest_of([row.model_dump(mode="json") for row in rows])

    def check(self, params: Params) -> Checked:
        """Look at a trial before it is trained: do its values go together, and can it be paid."""
        try:
            config = self.config(params)
            rows = [row for row in config.models if row.name in self.rows]
            found = [network_costs(config, row) for row in rows]
        except ConfigError as error:
            return Checked(" ".join(str(error).split()))
        reason = beyond(self.space.limits, found, [row.train.batch for row in rows])
        weights = sum(cost.parameters for cost in found)
        return Checked(reason, weights, sum(cost.multiply_adds for cost in found))

    def argument(self, number: int, params: Params, budget: int) -> dict[str, Any]:
        """The worker's task, its tiles and plan made."""
        config = self.config(params)
        task = Task(
            config=config.model_dump(mode="json"),
            # Whole paths: a worker may have begun in another folder.
            ground=str(prepare_ground(self.job, self.work, config).absolute()),
            run=str(self.job.run.absolute()),
            rows=list(self.rows),
            folds=list(self.folds),
            budgets=[step for step in self.budgets if step <= budget],
            workspace=str(self._workspace(number, params).absolute()),
            show=self.show,
        )
        return asdict(task)

    @cached_property
    def folds(self) -> range:
        """Numbers of the folds that are held out."""
        config = self.job.config
        return range(config.search.folds or config.augment.folds)

    def _workspace(self, number: int, params: Params) -> Path:
        """Folder of a trial's checkpoints: another one for whatever they would not fit."""
        key = digest_of([self.meaning(params), self.ground, self.code])[:12]
        return self.work / "trials" / f"{_NAME}{number:05d}-{key}"

    def tidy(self, entries: Sequence[Entry], running: Collection[int]) -> None:
        """Remove checkpoints of trials that are not likely to continue.

        A trial that is promoted all the same begins again, and comes to the same weights.

        Args:
            entries: What is known.
            running: Numbers of the trials at work.
        """
        kept = set(running)
        for budget, larger in itertools.pairwise(self.budgets):
            beyond = {entry.trial for entry in entries if entry.budget == larger}
            waiting = [
                entry.trial
                for entry in at_budget(entries, budget)
                if entry.score is not None and entry.trial not in beyond
            ]
            kept.update(waiting[: self.job.config.search.keep])
        for number, params in {entry.trial: entry.params for entry in entries}.items():
            if number not in kept:
                shutil.rmtree(self._workspace(number, params), ignore_errors=True)


def rungs(config: Config, rows: Sequence[str]) -> tuple[int, ...]:
    """Steps of each rung of a search that changes some models, smallest first.

    Raises:
        ConfigError: If the models are trained for different numbers of steps.
    """
    steps = {row.train.steps for row in config.models if row.name in rows}
    if config.search.steps is None and len(steps) > 1:
        raise ConfigError(
            f"search.steps: models are trained for {', '.join(map(str, sorted(steps)))} steps, "
            "but rungs need one number; set search.steps, or search.models to each"
        )
    return config.search.budgets(max(steps))


def network_costs(config: Config, row: ModelRow) -> Costs:
    """What a model's network costs for one patch, and whether its training can begin.

    Nothing is computed: shapes alone are followed.

    Raises:
        ConfigError: If it can't be built, or works on no patch.
    """
    channels = Channels.of(config, row.features)
    count, classes = len(channels.names), len(config.codes_of(row))
    settings, levels = row.scaled_network(), entry_of(config, row, channels)
    build_loss(row.train.loss, config.codes_of(row))
    try:
        with torch.device("meta"):
            network = build(settings, count, classes, None, levels)
        build_optimizer(network, row.train, {})
        return costs(network, count, row.augment.patch)
    except (ValueError, RuntimeError) as error:
        reason = str(error).partition("\n")[0]
        raise ConfigError(
            f"network: does not work on patches of {row.augment.patch} pixels: {reason}"
        ) from None


def beyond(limits: Limits, found: Sequence[Costs], batches: Sequence[int]) -> str | None:
    """The limit that networks exceed, in words; None if they keep all.

    Args:
        limits: Of a space.
        found: Costs of each network of a trial.
        batches: Patches that each of them is trained on side by side.
    """
    kept = (n * cost.activation_bytes for n, cost in zip(batches, found, strict=True))
    values: Mapping[str, tuple[float | None, int]] = {
        "parameters": (limits.parameters, sum(cost.parameters for cost in found)),
        "multiply_adds": (limits.multiply_adds, sum(cost.multiply_adds for cost in found)),
        "memory": (limits.memory, max(kept)),
    }
    for name, (limit, value) in values.items():
        if limit is not None and value > limit:
            return f"limits.{name}: {value:.3g} is more than {limit:.3g}"
    return None
