"""The section ``targets``: what a network is trained towards, where that is not the truth."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from pipeline.config.base import Metres, Section


class Targets(Section):
    """Training targets; scores and thresholds always use the truth itself."""

    soft: bool = False
    """A pixel's target is the share of it that polygons cover, and not whether they cover its
    centre."""
    samples: Annotated[int, Field(ge=2, le=16)] = 4
    """Points per side of a pixel at which soft targets are measured: 4 tell 17 levels apart."""
    dilate: dict[int, Metres] = Field(default_factory=dict)
    """Metres by which polygons grow on all sides, per class code: for classes so thin that their
    pixels are hard to hit."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        usual = type(self).model_fields["samples"].default
        if not self.soft and self.samples != usual:
            raise ValueError(
                f"samples {self.samples} has no effect: only soft targets are measured; set soft "
                f"to true, or remove samples (or set it to {usual})"
            )
        return self

    @property
    def are_truth(self) -> bool:
        """Whether these targets are the masks of the truth, and need not be drawn."""
        return not (self.soft or self.dilate)
