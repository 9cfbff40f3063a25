"""The section ``search``: how architectures and recipes are searched for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pipeline.config.base import Fraction, Positive, Section, Seed

Method = Literal["tpe", "anneal", "random"]
Objective = Literal["cross_fitted", "chosen", "at_half"]


class Search(Section):
    """Trials: what they try, what they may cost, how they are judged, and what becomes of them."""

    space: Path = Path("configs/search/unet.yaml")
    """File of the dimensions."""
    models: Literal["together", "each"] = "together"
    """One search whose trials change all rows of ``models`` alike, or one search per row."""
    method: Method = "tpe"
    """Who proposes trials: tree-structured Parzen estimators, annealing, or chance."""
    startup: Positive = 10
    """Trials that must have a score before tpe's estimators are used; before, chance proposes."""
    seed: Seed = 0
    """Seed of the proposals; a trial's trainings have the seeds of the sections they belong to."""

    steps: Positive | None = None
    """Steps of a full training; null for ``train.steps``."""
    rungs: Annotated[int, Field(ge=1, le=10)] = 3
    """Budgets: the last is a full training, each is ``eta`` times the one before; 1 trains every
    trial in full."""
    eta: Annotated[int, Field(ge=2, le=10)] = 3
    """One of so many trials goes on to the next budget."""
    folds: Annotated[int, Field(ge=2)] | None = None
    """A trial holds out the first so many of the folds, one after the other; null for all."""
    objective: Objective = "cross_fitted"
    """Mean Jaccard index of held-out ground, with thresholds from the other folds, from all folds,
    or 0.5."""

    trials: Positive | None = 30
    """Stop after so many trials; null for no limit."""
    minutes: Annotated[float, Field(gt=0)] | None = None
    """Stop when trials have taken so much time, divided by the number of workers; null for no
    limit. With ``models: each``, of each search."""
    target: Fraction | None = None
    """Stop when a full training scores this; null for no target."""
    patience: Positive | None = None
    """Stop after so many full trainings without a better score; null never stops early."""

    backend: Literal["inline", "pool", "dask"] = "inline"
    """Where trials run: in this process, in processes of their own, or on a Dask cluster."""
    workers: Positive = 1
    """Number of processes of ``pool``, or of a local Dask cluster."""
    scheduler: str | None = None
    """Address of a Dask scheduler; null starts a cluster on this machine."""
    keep: Positive = 6
    """Checkpoints are kept of so many trials per rung, the best; others start again if they are
    promoted after all."""

    warm: tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")], ...] = ()
    """Other runs whose best trials are tried first."""
    warm_trials: Positive = 3
    """How many of them, and of this run's trials on other scenes or settings."""
    use: Literal["nothing", "best", "top"] = "nothing"
    """What ``train`` takes over: nothing, the best trial, or the ``top`` best as an ensemble."""
    top: Annotated[int, Field(ge=2, le=20)] = 3
    """Number of trials of ``use: top``."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.backend == "inline" and self.workers != 1:
            raise ValueError(
                f"workers {self.workers} has no effect: backend inline works in this process; set "
                "backend to pool or dask"
            )
        if self.scheduler is not None and self.backend != "dask":
            raise ValueError(
                f"scheduler {self.scheduler!r} is for backend dask, but backend is {self.backend}; "
                "set backend to dask, or remove scheduler"
            )
        if self.trials is None and self.minutes is None:
            raise ValueError(
                "trials and minutes are both null, so the search might never end; set one of them"
            )
        return self

    def budgets(self, steps: int) -> tuple[int, ...]:
        """Steps of each rung, smallest first; equal ones are one rung.

        Args:
            steps: ``train.steps``, which a full training has where ``steps`` is null.
        """
        full = self.steps or steps
        powers = (self.eta ** (self.rungs - 1 - rung) for rung in range(self.rungs))
        return tuple(sorted({max(1, round(full / power)) for power in powers}))
