"""The section ``train``: the recipe of a training."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pipeline.config.base import Fraction, Positive, Section, Seed
from pipeline.config.loss import Loss

Above = Annotated[float, Field(gt=0)]
BelowOne = Annotated[float, Field(ge=0, lt=1)]


class Train(Section):
    """One training per fold."""

    steps: Positive = 1000
    """Optimizer steps per fold."""
    minutes: Above | None = None
    """Limit of all trainings' time together, validation included; each stops at its share and says
    so. A row of models with another value has it for its own trainings."""
    batch: Positive = 8
    """Patches per batch."""
    accumulate: Positive = 1
    """Batches per step: the step follows the mean of their gradients, so it is as with a batch so
    many times as large, but for batch norms and the Jaccard term, which see each batch alone."""
    mining: Fraction = 0
    """Share of the drawing that prefers windows on which the network is bad; 0 is off."""

    optimizer: Literal["sgd", "adagrad", "rmsprop", "adam", "adamw", "nadam"] = "adamw"
    rate: Annotated[float, Field(gt=0, le=10)] = 1e-3
    """Peak learning rate."""
    momentum: BelowOne = 0.9
    """Momentum of sgd and rmsprop; the first beta of adam, adamw and nadam."""
    nesterov: bool = False
    """Nesterov's form of momentum, of sgd."""

    schedule: Literal["constant", "linear", "cosine", "one_cycle", "step", "plateau"] = "one_cycle"
    warmup: BelowOne = 0
    """Share of the training in which the rate rises to its peak; the schedule takes the rest."""
    drops: Positive = 2
    """How often schedule step drops the rate, at equal distances."""
    drop_factor: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """What a drop of the schedules step and plateau multiplies the rate by."""
    plateau: Positive = 2
    """Schedule plateau drops the rate after so many validations without a better one."""

    decay: Fraction = 1e-2
    """Weight decay (L2), not on norms and biases; apart from the gradient in adamw and nadam."""
    l1: Annotated[float, Field(ge=0)] = 0
    """Weight of the sum of absolute weights beside the loss, not of norms and biases."""
    max_norm: Above | None = None
    """Largest norm of the weights of an output filter, held after every step; null for none."""
    clip: Above | None = 1.0
    """Largest norm of the whole gradient; null for no clipping."""
    clip_value: Above | None = None
    """Largest absolute value in the gradient, cut before its norm; null for no cutting."""

    average: BelowOne = 0
    """Decay of the moving average of weights that validation and prediction use; 0 is off."""
    swa: BelowOne = 0
    """Share of the training, at its end, whose weights are averaged evenly; 0 is off."""

    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Arithmetic of the forward pass; auto is bfloat16 where the processor has it."""
    validations: Positive = 5
    """How often a fold is validated (and a checkpoint kept) during its steps."""
    patience: Positive | None = None
    """Stop a fold after so many validations without a better one; null never stops early."""
    min_gain: Fraction = 0
    """A validation counts as better, for patience and plateau, only if it gains more than this."""
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Where the training computes; auto is the fastest kind that is there."""
    loss: Loss = Loss()
    """What is minimised."""
    seed: Seed = 0
    """Seed of the first weights and of dropout."""

    @model_validator(mode="after")
    def _check_optimizer(self) -> Self:
        if self.nesterov and (self.optimizer != "sgd" or self.momentum == 0):
            raise ValueError(
                f"nesterov is a form of sgd's momentum, but optimizer is {self.optimizer} and "
                f"momentum {self.momentum:g}; set nesterov to false, or optimizer to sgd and "
                "momentum above 0"
            )
        if self.optimizer == "adagrad":
            self._refuse("momentum", "optimizer adagrad has none")
        return self

    @model_validator(mode="after")
    def _check_schedule(self) -> Self:
        if self.schedule == "one_cycle":
            self._refuse("warmup", "schedule one_cycle rises by itself")
        if self.schedule != "step":
            self._refuse("drops", f"schedule {self.schedule} does not read it, only step does")
        if self.schedule != "plateau":
            self._refuse("plateau", f"schedule {self.schedule} does not read it, only plateau does")
        if self.schedule not in ("step", "plateau"):
            self._refuse("drop_factor", f"schedule {self.schedule} has no drops")
        needed = self.plateau + 2
        if self.schedule == "plateau" and self.validations < needed:
            raise ValueError(
                f"schedule plateau drops the rate after plateau {self.plateau} validations that "
                f"are no better than the first, and then needs one more; set validations (now "
                f"{self.validations}) to {needed} or more, or choose schedule step"
            )
        stops_first = self.patience is not None and self.patience <= self.plateau
        if self.schedule == "plateau" and stops_first:
            raise ValueError(
                f"patience {self.patience} ends the training before schedule plateau drops the "
                f"rate, after {self.plateau} validations; set patience above plateau"
            )
        return self

    @model_validator(mode="after")
    def _check_end(self) -> Self:
        if self.swa > 0 and self.average > 0:
            raise ValueError(
                f"average {self.average:g} and swa {self.swa:g} are two ways to average the same "
                "weights; set one of them to 0"
            )
        if self.warmup + self.swa > 1:
            raise ValueError(
                f"swa {self.swa:g} would average weights of the warmup {self.warmup:g}; their sum "
                f"is at most 1: set warmup to at most {1 - self.swa:g}"
            )
        if self.patience is None and self.schedule != "plateau":
            self._refuse("min_gain", "neither patience nor schedule plateau is there to use it")
        return self

    def _refuse(self, name: str, reason: str) -> None:
        """Refuse a setting that would not be followed; its default says nothing and may stand."""
        value, default = getattr(self, name), type(self).model_fields[name].default
        if value != default:
            raise ValueError(
                f"{name} {value:g} has no effect: {reason}; remove it (or set it to {default:g})"
            )
