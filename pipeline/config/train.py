"""The section ``train``: the recipe of a training."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pipeline.config.base import Positive, Section, Seed
from pipeline.config.loss import Loss


class Train(Section):
    """One training per fold."""

    steps: Positive = 1000
    """Optimizer steps per fold."""
    minutes: Annotated[float, Field(gt=0)] | None = None
    """Limit of all folds' training time; each fold stops at its share and says so."""
    batch: Positive = 8
    optimizer: Literal["sgd", "adam", "adamw", "nadam"] = "adamw"
    rate: Annotated[float, Field(gt=0, le=10)] = 1e-3
    """Peak learning rate."""
    decay: Annotated[float, Field(ge=0, le=1)] = 1e-2
    """Weight decay, not on norms and biases."""
    schedule: Literal["constant", "cosine", "one_cycle", "linear"] = "one_cycle"
    clip: Annotated[float, Field(gt=0)] | None = 1.0
    """Largest norm of the gradient; null for no clipping."""
    average: Annotated[float, Field(ge=0, lt=1)] = 0
    """Decay of the moving average of weights that validation and prediction use; 0 is off."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Arithmetic of the forward pass; auto is bfloat16 where the processor has it."""
    validations: Positive = 5
    """How often a fold is validated (and a checkpoint kept) during its steps."""
    patience: Positive | None = None
    """Stop a fold after so many validations without a better one; null never stops early."""
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    loss: Loss = Loss()
    seed: Seed = 0
