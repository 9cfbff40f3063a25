"""The sampling plan: which windows a training draws, and how often.

The plan is an index, not pixels: windows on a grid over the labelled scenes, each with its count
of pixels per class and its weight. The eight views of D4 are drawn with each window, see
:mod:`pipeline.learning.sampler`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ArtifactError, ConfigError
from pipeline.imagery.transform import Shape

_COLUMNS = ("scene", "row", "col", "weight")
_VALID = "valid"


@dataclass(frozen=True)
class Plan:
    """Windows that may be drawn.

    Attributes:
        scenes: (n,) index into ``names`` of each window's scene.
        corners: (n, 2) row and column of each window's first pixel, working pixels.
        weights: (n,) probability of each window, summing to 1.
        counts: (n, K + 1) pixels of each class in the window, and last all valid ones.
        names: Ids of the scenes.
    """

    scenes: NDArray[np.int64]
    corners: NDArray[np.int64]
    weights: NDArray[np.float64]
    counts: NDArray[np.int64]
    names: tuple[str, ...]

    def of_scenes(self, names: Sequence[str]) -> Plan:
        """The part of the plan in these scenes, its weights summing to 1 again.

        Raises:
            ConfigError: If these scenes have no window with a valid pixel.
        """
        keep = np.isin(self.scenes, [i for i, name in enumerate(self.names) if name in set(names)])
        total = self.weights[keep].sum()
        if not total > 0:
            raise ConfigError(
                f"no window of the scenes {', '.join(names) or '(none)'} has a valid pixel; "
                "label more scenes, or set fewer augment.folds"
            )
        return Plan(
            self.scenes[keep],
            self.corners[keep],
            self.weights[keep] / total,
            self.counts[keep],
            self.names,
        )

    def shares(self) -> NDArray[np.float64]:
        """(K,) share of each class in what is drawn, windows weighted."""
        drawn = self.weights @ self.counts
        shares: NDArray[np.float64] = drawn[:-1] / max(float(drawn[-1]), 1.0)
        return shares


def grid_starts(size: int, patch: int, stride: int) -> list[int]:
    """First pixels of windows that cover ``size`` pixels; a small scene lies centred in one."""
    if size <= patch:
        return [(size - patch) // 2]
    return sorted({*range(0, size - patch, stride), size - patch})


def window_counts(
    masks: NDArray[np.bool_], valid: NDArray[np.bool_], corners: NDArray[np.int64], patch: int
) -> NDArray[np.int64]:
    """Pixels of each class, and last all valid ones, in each window.

    Args:
        masks: (K, H, W).
        valid: (H, W).
        corners: (n, 2) first row and column of each window; it may reach past the scene.
        patch: Side of a window.

    Returns:
        (n, K + 1).
    """
    height, width = valid.shape
    top, left = np.clip(corners, 0, (height, width)).T
    bottom, right = np.clip(corners + patch, 0, (height, width)).T
    counts = np.empty((len(corners), len(masks) + 1), np.int64)
    for row, plane in enumerate((*(mask & valid for mask in masks), valid)):
        table = np.zeros((height + 1, width + 1), np.int64)
        table[1:, 1:] = plane.cumsum(0, dtype=np.int64).cumsum(1)
        counts[:, row] = (
            table[bottom, right] - table[top, right] - table[bottom, left] + table[top, left]
        )
    return counts


def window_weights(counts: NDArray[np.int64], rare: float) -> NDArray[np.float64]:
    """Probability of each window, a mix of even drawing and drawing every class equally often.

    Args:
        counts: (n, K + 1) pixels of each class, and last all valid ones.
        rare: 0 draws windows by their valid area; 1 draws a class, each equally often, then one
            of its pixels, each equally often, and a window that holds it.

    Returns:
        (n,) summing to 1.
    """
    totals = counts.sum(axis=0)
    even = counts[:, -1] / max(int(totals[-1]), 1)
    present = totals[:-1] > 0
    if not present.any():
        return np.asarray(even, np.float64)
    equal = (counts[:, :-1][:, present] / totals[:-1][present]).mean(axis=1)
    weights: NDArray[np.float64] = (1 - rare) * even + rare * equal
    return weights


def plan_text(plan: Plan, codes: Sequence[int]) -> str:
    """The plan as CSV: scene, row, col, weight, and the pixels of each class code and valid."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow((*_COLUMNS, *(f"class_{code}" for code in codes), _VALID))
    for scene, corner, weight, row in zip(
        plan.scenes, plan.corners, plan.weights, plan.counts, strict=True
    ):
        writer.writerow((plan.names[scene], *corner, repr(float(weight)), *row))
    return text.getvalue()


def read_plan(path: Path) -> Plan:
    """The plan in a CSV file that :func:`plan_text` wrote.

    Raises:
        ArtifactError: If the file is something else.
    """
    try:
        rows = list(csv.reader(path.read_text().splitlines()))
        if not rows or tuple(rows[0][:4]) != _COLUMNS or rows[0][-1] != _VALID or len(rows) < 2:
            raise ValueError("its header or its windows are missing")
        names = tuple(dict.fromkeys(row[0] for row in rows[1:]))
        numbers: NDArray[Any] = np.array([[int(v) for v in row[4:]] for row in rows[1:]], np.int64)
        return Plan(
            scenes=np.array([names.index(row[0]) for row in rows[1:]], np.int64),
            corners=np.array([[int(row[1]), int(row[2])] for row in rows[1:]], np.int64),
            weights=np.array([float(row[3]) for row in rows[1:]]),
            counts=numbers,
            names=names,
        )
    except (OSError, ValueError, IndexError) as error:
        raise ArtifactError(f"{path}: not a sampling plan ({error}); run `augment`") from error


def make_plan(
    parts: Mapping[str, tuple[NDArray[np.int64], NDArray[np.int64]]], rare: float
) -> Plan:
    """The plan over all scenes.

    Args:
        parts: Per scene the corners (n, 2) and counts (n, K + 1) of its windows.
        rare: See :func:`window_weights`.

    Raises:
        ConfigError: If no window has a valid pixel.
    """
    names = tuple(sorted(parts))
    corners = [parts[name][0] for name in names]
    counts = np.concatenate([parts[name][1] for name in names])
    weights = window_weights(counts, rare)
    scenes = np.repeat(np.arange(len(names)), [len(rows) for rows in corners])
    return Plan(scenes, np.concatenate(corners), weights, counts, names).of_scenes(names)


def scene_windows(shape: Shape, patch: int, stride: int) -> NDArray[np.int64]:
    """(n, 2) corners of the windows on the plan's grid over a scene of ``shape``."""
    rows, cols = (grid_starts(size, patch, stride) for size in shape)
    return np.array([(row, col) for row in rows for col in cols], np.int64)
