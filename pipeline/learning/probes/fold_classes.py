"""What does each fold hold? A class that only one fold knows is learned or scored, never both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.learning.probes.finding import Finding, listed, ok, warning


@dataclass(frozen=True)
class FoldClasses:
    """Classes per fold.

    Attributes:
        classes: Names of the K classes.
        scenes: Number of scenes that each fold holds out.
        shares: Per fold (K,) share of each class in the valid area.
        places: (K,) number of places with a pixel of the class.
        finding: The verdict.
    """

    classes: tuple[str, ...]
    scenes: tuple[int, ...]
    shares: tuple[tuple[float, ...], ...]
    places: tuple[int, ...]
    finding: Finding


def check_folds(
    areas: Mapping[str, NDArray[np.int64]],
    folds: Sequence[Sequence[str]],
    places: Mapping[str, str],
    classes: Sequence[str],
) -> FoldClasses:
    """Say what each fold holds.

    Args:
        areas: Per labelled scene (K + 1,) pixels of each class, and last all valid pixels.
        folds: Ids of the scenes that each fold holds out.
        places: Name of the ground that each scene shows.
        classes: Names of the K classes.
    """
    table = np.array([np.sum([areas[s] for s in fold], axis=0) for fold in folds])
    shares = table[:, :-1] / np.maximum(table[:, -1:], 1)
    seen = [
        len({places[scene] for scene, row in areas.items() if row[position] > 0})
        for position in range(len(classes))
    ]
    return FoldClasses(
        tuple(classes),
        tuple(len(fold) for fold in folds),
        tuple(tuple(float(value) for value in row) for row in shares),
        tuple(seen),
        _judged(classes, shares, seen),
    )


def _judged(classes: Sequence[str], shares: NDArray[np.float64], seen: Sequence[int]) -> Finding:
    absent = [name for name, count in zip(classes, seen, strict=True) if count == 0]
    single = [name for name, count in zip(classes, seen, strict=True) if count == 1]
    missing = [
        f"{name} (fold {', '.join(map(str, np.flatnonzero(column == 0)))})"
        for name, column, count in zip(classes, shares.T, seen, strict=True)
        if count > 1 and not column.all()
    ]
    if not (absent or single or missing):
        return ok(f"all {len(classes)} classes in all {len(shares)} folds")
    found, advice = [], []
    if absent:
        found.append(f"nowhere: {listed(absent)}")
        advice.append("label more scenes, or remove these classes")
    if single:
        found.append(f"at one place only: {listed(single)}")
        advice.append(
            "a class of one place is trained on or validated, never both, so its score says "
            "nothing; label it at another place"
        )
    if missing:
        found.append(f"not in every fold: {listed(missing)}")
        advice.append("thresholds come from the other folds alone; set fewer augment.folds")
    return warning("; ".join(found), "; ".join(advice))
