"""A model's sampling plan, and what it does to the shares of classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.config.augment import Augment
from pipeline.learning.plan import Plan

_CELLS: Final = 64
"""Cells along the longer side of a scene's map."""
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SamplingPlan:
    """What a model draws.

    Attributes:
        model: Its name.
        codes: Codes of its classes, in the order of the plan's counts.
        plan: Windows of all labelled scenes.
        settings: How they are drawn.
        metres: Side of a pixel, metres.
    """

    model: str
    codes: tuple[int, ...]
    plan: Plan
    settings: Augment
    metres: float

    def drawn(self) -> Mapping[int, float]:
        """Share of each class in what is drawn."""
        return dict(zip(self.codes, self.plan.shares().tolist(), strict=True))


@dataclass(frozen=True)
class DrawMap:
    """How often the ground of a scene is drawn.

    Attributes:
        scene: Id of the scene.
        size: Height and width, pixels of the model's grid.
        factor: (h, w) times as often as if windows were drawn by their valid area alone; NaN where
            no window lies.
    """

    scene: str
    size: tuple[int, int]
    factor: Floats


def draw_maps(plan: Plan, patch: int) -> list[DrawMap]:
    """A map for each scene with windows, in order of the scenes.

    Args:
        plan: The plan.
        patch: Side of a window, pixels.
    """
    valid = plan.counts[:, -1].astype(np.float64)
    even = valid / max(valid.sum(), 1.0)
    maps = []
    for number, name in enumerate(plan.names):
        own = plan.scenes == number
        if own.any():
            corners = np.maximum(plan.corners[own], 0)
            maps.append(_draw_map(name, corners, plan.weights[own], even[own], patch))
    return maps


def _draw_map(
    name: str, corners: NDArray[np.int64], weights: Floats, even: Floats, patch: int
) -> DrawMap:
    height, width = (int(value) + patch for value in corners.max(axis=0))
    cell = max(1, -(-max(height, width) // _CELLS))
    sums: Floats = np.zeros((2, -(-height // cell), -(-width // cell)))
    starts, ends = corners // cell, -(-(corners + patch) // cell)
    for (top, left), (bottom, right), weight, plain in zip(
        starts, ends, weights, even, strict=True
    ):
        sums[0, top:bottom, left:right] += weight
        sums[1, top:bottom, left:right] += plain
    with np.errstate(invalid="ignore", divide="ignore"):
        factor = np.where(sums[1] > 0, sums[0] / sums[1], np.nan)
    return DrawMap(name, (height, width), factor)


def ground_shares(records: Sequence[Mapping[str, Any]], codes: Sequence[int]) -> dict[int, float]:
    """Share of each class in the ground of all labelled scenes.

    Args:
        records: Of the catalogue; those without labels are passed over.
        codes: Of the classes.
    """
    totals, whole = dict.fromkeys(codes, 0.0), 0.0
    for record in records:
        labels = record.get("labels")
        if labels is None:
            continue
        height, width = record["shape"]
        area = height * width * record["metres"] ** 2
        whole += area
        for code in codes:
            totals[code] += area * labels.get(str(code), {}).get("share", 0.0)
    return {code: total / whole if whole else 0.0 for code, total in totals.items()}
