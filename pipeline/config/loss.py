"""The section ``train.loss``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pipeline.config.base import Fraction, Section

Pixels = Annotated[float, Field(ge=0)]


class Loss(Section):
    """L = sum_c w_c (a BCE_c + (1 - a) (1 - J_c)), J the soft Jaccard pooled over the batch."""

    cross_entropy: Fraction = 0.5
    """The share a of binary cross-entropy."""
    log_jaccard: bool = False
    """Use -log J instead of 1 - J."""
    smoothing: Pixels | dict[int, Pixels] = 1.0
    """Pixels added to intersection and union: one number, or one per class code (1 elsewhere)."""
    absent: Literal["ignore", "punish"] = "ignore"
    """What the Jaccard term does with a class that is absent from a batch: nothing, or count
    its false positives."""
    class_weights: dict[int, Annotated[float, Field(ge=0)]] = Field(default_factory=dict)
    """Weight w_c per class code; 1 where none is given, scaled to sum to 1."""
