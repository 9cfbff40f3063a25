"""The section ``augment``: folds by place, the sampling plan, further augmentation."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from pipeline.config.base import Fraction, Metres, Positive, Section, Seed


class Enrichment(Section):
    """Augmentation beyond D4, by albumentations; each probability or amount 0 is off."""

    gain: Annotated[float, Field(ge=0, le=1)] = 0
    """Largest relative change of brightness of a whole patch."""
    tint: Annotated[float, Field(ge=0, le=1)] = 0
    """Largest relative change of brightness of each band of a patch by itself, as the air and the
    sensor's calibration change from one acquisition to the next."""
    noise: Annotated[float, Field(ge=0, le=2)] = 0
    """Largest standard deviation of Gaussian noise, in standard deviations of a channel."""
    channel_dropout: Fraction = 0
    """Probability that one channel of a patch is blanked."""
    rotation: Annotated[float, Field(ge=0, le=45)] = 0
    """Largest rotation, degrees."""
    cutout: Fraction = 0
    """Probability that rectangles of a patch are blanked."""


class Augment(Section):
    """Folds by place, and the sampling plan: windows x the eight elements of D4."""

    patch: Annotated[int, Field(ge=16, le=2048)] = 128
    """Side of a patch, working pixels."""
    stride: Positive = 64
    """Step between planned windows, working pixels; a drawn window moves by up to half of it."""
    folds: Annotated[int, Field(ge=2, le=50)] = 4
    same_place: tuple[tuple[str, str], ...] = ()
    """Regions (first part of a scene's id) that show the same ground at another date."""
    cell: Metres | None = None
    """Side of squares on the ground, metres: scenes with coordinates whose centres lie in the same
    square are one place, so that neighbours stay on one side of a fold. null: each scene is one."""
    rare: Annotated[float, Field(ge=0, le=1)] = 0.5
    """Oversampling: 0 draws windows evenly, 1 draws every class equally often."""
    d4: bool = True
    """Draw all eight views; false draws the identity only."""
    enrich: Enrichment = Enrichment()
    seed: Seed = 0

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.stride > self.patch:
            raise ValueError(
                f"stride {self.stride} exceeds patch {self.patch}: ground would never be drawn; "
                f"set stride to at most {self.patch}"
            )
        return self
