"""The section ``train.loss``."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pipeline.config.base import Positive, Section

Pixels = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0)]
Absent = Literal["ignore", "punish"]
Error = Annotated[float, Field(gt=0, le=100)]


class Terms(Section):
    """Shares of the loss's terms, scaled to sum to 1; a term that is not named has share 0."""

    cross_entropy: Share = 0
    """Binary cross-entropy of each pixel."""
    focal: Share = 0
    """Cross-entropy with less weight on pixels that are nearly right; see ``gamma``."""
    jaccard: Share = 0
    """1 - J, J the soft Jaccard of a class over the batch."""
    log_jaccard: Share = 0
    """-log J."""
    dice: Share = 0
    """1 - D, D the soft Dice coefficient (F1) of a class over the batch."""
    tversky: Share = 0
    """1 - T, T the Tversky index, which counts both kinds of error by ``alpha`` and ``beta``."""

    def whole(self) -> float:
        """Sum of the shares."""
        pixels, regions = self.cross_entropy + self.focal, self.jaccard + self.log_jaccard
        return pixels + regions + self.dice + self.tversky

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.whole():
            raise ValueError(
                "every share is 0, so nothing would be learned; give at least one term a share "
                "above 0, for example {cross_entropy: 0.5, jaccard: 0.5}"
            )
        return self


class Boundary(Section):
    """Weights of pixels near an outline, in the terms of single pixels."""

    width: Annotated[Positive, Field(le=64)]
    """Working pixels on each side of a class's outline that are weighed."""
    weight: Annotated[float, Field(ge=0, le=1000)]
    """Their weight; other pixels have 1, and 0 leaves the outline's surroundings out."""


class Loss(Section):
    """L = sum_c w_c sum_t share_t term_t,c over classes c and terms t."""

    terms: Terms = Terms(cross_entropy=0.5, jaccard=0.5)
    """What is mixed, and how much of it."""
    gamma: Annotated[float, Field(ge=0, le=10)] = 2.0
    """Exponent of the focal term; 0 makes it the cross-entropy."""
    alpha: Error | None = None
    """What a false positive counts in the Tversky term, which needs it; 1 as in Jaccard."""
    beta: Error | None = None
    """What a false negative counts in the Tversky term, which needs it; 1 as in Jaccard."""
    smoothing: Pixels | dict[int, Pixels] = 1.0
    """Pixels added above and below the fraction bar of Jaccard, Dice and Tversky: one number, or
    one per class code (1 elsewhere)."""
    absent: Absent | dict[int, Absent] = "ignore"
    """What Jaccard, Dice and Tversky do with a class that is absent from a batch: nothing, or count
    its false positives. One word, or one per class code (ignore elsewhere)."""
    class_weights: dict[int, Annotated[float, Field(ge=0)]] = Field(default_factory=dict)
    """Weight w_c per class code; 1 where none is given, scaled to sum to 1."""
    positive_weights: dict[int, Annotated[float, Field(gt=0, le=10_000)]] = Field(
        default_factory=dict
    )
    """Weight of a class's own pixels in cross-entropy and focal term, per class code; 1 where none
    is given. Above 1, a missed pixel costs more than a false one."""
    boundary: Boundary | None = None
    """Weigh pixels near outlines in cross-entropy and focal term; null weighs all alike."""

    @model_validator(mode="after")
    def _check_tversky(self) -> Self:
        missing = [name for name in ("alpha", "beta") if getattr(self, name) is None]
        if self.terms.tversky and missing:
            raise ValueError(
                f"terms.tversky is {self.terms.tversky:g} and needs alpha and beta; there is no "
                f"{' and no '.join(missing)}; name both, for example alpha: 0.3 and beta: 0.7"
            )
        return self

    @model_validator(mode="after")
    def _check_pixel_terms(self) -> Self:
        if self.terms.cross_entropy or self.terms.focal:
            return self
        for name, value in (
            ("positive_weights", self.positive_weights),
            ("boundary", self.boundary),
        ):
            if value:
                raise ValueError(
                    f"{name} weighs pixels in the cross-entropy and focal terms, but both have "
                    f"share 0; give terms.cross_entropy a share, or remove {name}"
                )
        return self
