"""The sections ``predict``, ``evaluate``, ``polygons``, ``submission`` and ``score``."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pipeline.config.base import Fraction, Positive, Section
from pipeline.config.rules import RuleRow

SquareMetres = Annotated[float, Field(ge=0)]
Metres = Annotated[float, Field(ge=0, le=1000)]
Share = Annotated[float, Field(ge=0, le=0.2)]
Layer = Literal["geopackage", "geojson", "geoparquet", "cog"]


class Predict(Section):
    """Sliding-window inference over whole scenes."""

    window: Annotated[int, Field(ge=16, le=8192)] = 256
    """Side of a window, working pixels."""
    overlap: Annotated[float, Field(ge=0, lt=1)] = 0.25
    """Share of a window that the next one sees again."""
    d4: bool = True
    """Average the eight views."""
    batch: Positive = 4
    """Windows per forward pass; each view is a pass of its own."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Arithmetic of the forward pass; auto is bfloat16 where the processor has it."""


class Evaluate(Section):
    """Thresholds per class, chosen on held-out folds."""

    thresholds: Literal["tuned"] | Fraction = "tuned"
    """Tuned: the level with the best pooled Jaccard; or one probability for all classes."""
    slack: Annotated[float, Field(ge=0, lt=1)] = 0.05
    """Share of the best Jaccard index that a tuned threshold may lose, to lie in the middle of
    those that are as good: the very best one is chance and does less well on other scenes."""


class Polygons(Section):
    """From probabilities to outlines along pixel edges."""

    smooth: Metres | dict[int, Metres] = 0
    """Standard deviation of the Gaussian that averages probabilities before the threshold, metres:
    one number, or one per class code; 0 for none."""
    thresholds: dict[int, Fraction] = Field(default_factory=dict)
    """Probability from which on a pixel is of a class, by class code; those that ``evaluate`` chose
    for classes that are not named."""
    hysteresis: dict[int, Fraction] = Field(default_factory=dict)
    """Probability that a part's most certain pixel must reach, by class code."""
    median: Metres | dict[int, Metres] = 0
    """Half the side of the window whose median a pixel takes, metres: one number, or one per class
    code; 0 for none."""
    closing: Metres | dict[int, Metres] = 0
    """Radius of the disc that gaps are closed by, metres: one number, or one per class code."""
    opening: Metres | dict[int, Metres] = 0
    """Radius of the disc that must fit into what is kept, metres: one number, or one per class."""
    min_area: SquareMetres | dict[int, SquareMetres] = 0
    """Smallest part that is kept, square metres: one number, or one per class code."""
    min_hole: SquareMetres | dict[int, SquareMetres] = 0
    """Smallest hole that is kept, square metres: one number, or one per class code."""
    rules: tuple[RuleRow, ...] = ()
    """What settles classes against each other once each has its mask, in this order."""
    gains: bool = True
    """Whether held-out scenes are scored after each step, to see what it is worth."""
    window: Annotated[int, Field(ge=16)] = 4096
    """Side of the windows that masks are smoothed in, working pixels; less needs less memory, the
    result is the same."""
    simplify_cost: Share | dict[int, Share] = 0.015
    """Share of a part's pixels that may change sides for fewer vertices: one number, or one per
    class code; 0 keeps every pixel edge."""
    square: tuple[int, ...] = ()
    """Codes of the classes whose outlines get right angles, as buildings have."""
    round: tuple[int, ...] = ()
    """Codes of the classes whose outlines get no corners, as water has."""
    reshape_cost: Annotated[float, Field(ge=0, le=0.5)] = 0.15
    """Share of a part's area that right angles or round outlines may move; parts that would need
    more stay as they are."""
    layers: tuple[Layer, ...] = ("geopackage", "geojson", "geoparquet", "cog")
    """Files of all scenes for map programs: geopackage, geoparquet; geojson and cog (probabilities
    as cloud-optimised GeoTIFF) of scenes with a coordinate reference system."""

    @model_validator(mode="after")
    def _check_forms(self) -> Self:
        for code in set(self.square) & set(self.round):
            raise ValueError(
                f"round: class {code} is in polygons.square as well; name it in one of them"
            )
        return self


class Submission(Section):
    """The table that is handed in."""

    decimals: Literal["auto"] | Annotated[int, Field(ge=1, le=17)] = "auto"
    """Digits after the point of a coordinate; auto: for each row as many as its Jaccard index
    needs. Geometries are valid as written."""


class Score(Section):
    """The exact polygon score."""

    absent: Literal["zero", "one", "skip"] = "zero"
    """Jaccard of a class with nothing true and nothing predicted; skip: not in the mean."""
