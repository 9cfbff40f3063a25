"""The section ``tune``: how post-processing is searched for."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pipeline.config.base import Positive, Section, Seed
from pipeline.config.search import Method

Largest = Annotated[float, Field(ge=0)]
LargestLength = Annotated[float, Field(ge=0, le=1000)]
"""No more than the keys of ``polygons`` may be."""


class Tune(Section):
    """Trials of thresholds, smoothing, shapes and smallest areas, for each class by itself."""

    trials: Annotated[int, Field(ge=2)] = 300
    """Most trials per class, with the one that the run begins with."""
    method: Literal["sweep"] | Method = "sweep"
    """Who proposes trials: one key after the other, each kept at its best; or all at once by
    tree-structured Parzen estimators (tpe), annealing (anneal), or chance (random)."""
    startup: Positive = 100
    """Trials before tpe's estimators are used; until then, chance proposes."""
    seed: Seed = 0
    """Seed of the proposals."""
    smooth_metres: LargestLength = 20
    """Largest ``polygons.smooth`` that is tried, metres; 0 leaves it as it is."""
    median_metres: LargestLength = 20
    """Largest ``polygons.median`` that is tried, metres; 0 leaves it as it is."""
    closing_metres: LargestLength = 20
    """Largest ``polygons.closing`` that is tried, metres; 0 leaves it as it is."""
    opening_metres: LargestLength = 20
    """Largest ``polygons.opening`` that is tried, metres; 0 leaves it as it is."""
    hysteresis: bool = True
    """Whether a more certain pixel of each part, ``polygons.hysteresis``, is tried."""
    min_area: Largest = 2000
    """Largest ``polygons.min_area`` that is tried, square metres; 0 leaves it as it is."""
    min_hole: Largest = 2000
    """Largest ``polygons.min_hole`` that is tried, square metres; 0 leaves it as it is."""
    rules: bool = True
    """Whether rows of ``polygons.rules`` are tuned, after the classes."""
    use: bool = False
    """Whether ``polygons`` takes over what tuning found."""
