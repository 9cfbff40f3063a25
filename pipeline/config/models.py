"""The sections ``models`` and ``ensemble``: the networks of a run, and how they are joined."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from pipeline.config.augment import Augment
from pipeline.config.base import Section
from pipeline.config.dataset import Name
from pipeline.config.features import Features, Tiles
from pipeline.config.mapping import Predict
from pipeline.config.network import LibraryNetwork, Network, UNet
from pipeline.config.targets import Targets
from pipeline.config.train import Train
from pipeline.config.transfer import Transfer

DEFAULT: Final = "all"
"""Name of the one model of a configuration that lists none."""

Combine = Literal["mean", "geometric", "vote"]


class ModelRow(Section):
    """One group of classes with networks of its own.

    Each section that a row names changes only the keys that it names: all others are those of the
    section of the same name at the top of the configuration. A table (shares of terms, values per
    class code) is one value: a row that names it names all of it.
    """

    name: Name
    classes: tuple[int, ...] = ()
    """Class codes that its networks tell; none named means all."""
    answers: tuple[int, ...] = ()
    """Those of its classes that it predicts; none named means all. The others only help it learn,
    as related tasks do, and are left to other rows."""
    capacity: Annotated[float, Field(gt=0, le=16)] = 1.0
    """Factor of the network's number of weights, for an architecture that was found on other
    classes."""
    tiles: Tiles
    features: Features = Features()
    targets: Targets = Targets()
    augment: Augment = Augment()
    network: Network = UNet()
    transfer: Transfer = Transfer()
    train: Train = Train()
    predict: Predict = Predict()

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(set(self.classes)) != len(self.classes):
            raise ValueError(f"classes: {list(self.classes)} names a class twice")
        if self.capacity != 1 and isinstance(self.network, LibraryNetwork):
            raise ValueError(
                f"capacity: {self.capacity:g} can't rescale a library's network; set it to 1, or "
                "choose a smaller network.encoder"
            )
        self.scaled_network()
        return self

    def scaled_network(self) -> UNet | LibraryNetwork:
        """The network with the capacity that the row asks for."""
        if self.capacity == 1 or isinstance(self.network, LibraryNetwork):
            return self.network
        return self.network.rescaled(self.capacity)


class Ensemble(Section):
    """Which networks predict a scene, and how their answers become one."""

    repeats: Annotated[int, Field(ge=1, le=20)] = 1
    """Networks per model and fold, from different seeds."""
    combine: Combine = "mean"
    """Of networks, and of models with classes in common: the mean of their probabilities; their
    geometric mean, scaled so that p and 1 - p sum to 1; or the share that says 0.5 or more."""
    unlabelled: Literal["folds", "retrained", "both"] = "folds"
    """Networks for scenes without labels: those of all folds; networks retrained on all labelled
    scenes, for as many steps as validation chose; or both."""
    trained: str | None = None
    """Run whose networks, input statistics and thresholds are used: nothing is trained here. For
    scenes without labels; those with labels count as new ones."""
    runs: tuple[str, ...] = ()
    """Other runs whose predictions are joined with this one's."""
    join: Combine = "mean"
    """How runs are joined; a vote is one of masks: the other runs' at their own thresholds, this
    one's at 0.5, as its thresholds are chosen on the joint answer."""
    weights: tuple[Annotated[float, Field(gt=0)], ...] = ()
    """Weight of this run and of each of ``runs``; none named means equal ones."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(set(self.runs)) != len(self.runs):
            raise ValueError(f"runs: {list(self.runs)} names a run twice; use weights for that")
        if not self.runs and (self.weights or self.join != "mean"):
            name, value = ("weights", list(self.weights)) if self.weights else ("join", self.join)
            raise ValueError(
                f"{name}: {value} is for runs that are joined, but there are none; name them in "
                f"ensemble.runs, or remove {name}"
            )
        if self.weights and len(self.weights) != 1 + len(self.runs):
            raise ValueError(
                f"weights: {len(self.weights)} weights for {1 + len(self.runs)} runs; give one for "
                "this run and one for each of ensemble.runs"
            )
        return self

    def shares(self) -> tuple[float, ...]:
        """Weights of this run and of the others, summing to 1."""
        weights = self.weights or (1.0,) * (1 + len(self.runs))
        return tuple(weight / sum(weights) for weight in weights)


INHERITED: Final = tuple(
    name for name in ModelRow.model_fields if name not in ("name", "classes", "answers", "capacity")
)
"""Sections that a row takes from the top of the configuration where it says nothing."""
