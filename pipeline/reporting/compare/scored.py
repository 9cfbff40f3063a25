"""A run's polygon score as it is compared with others', and the ground that runs have in common.

Classes go by their names: a code says nothing in another dataset.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.mapping.jaccard import Absent, Overlap
from pipeline.mapping.scores.bootstrap import Interval

_SAME: Final = 1e-6
"""Share by which areas of one truth may differ from run to run."""
_NOTHING: Final = Overlap()


@dataclass(frozen=True)
class Scored:
    """The score of a run.

    Attributes:
        run: Name of the run.
        of: What it was scored against: a solution, held-out labels or labels.
        absent: What a class counts that is nowhere.
        mean: Mean Jaccard index over its classes.
        interval: 90% interval of it, over scenes.
        classes: Names of its classes.
        scenes: By scene and name of a class what prediction and truth share; none where both are
            empty.
    """

    run: str
    of: str
    absent: Absent
    mean: float
    interval: Interval
    classes: tuple[str, ...]
    scenes: Mapping[str, Mapping[str, Overlap]]

    def counts(self, ground: Ground) -> NDArray[np.float64]:
        """(N, 3, K) TP, FP and FN of each scene and class."""
        overlaps = [
            [self.scenes[scene].get(name, _NOTHING) for name in ground.classes]
            for scene in ground.scenes
        ]
        counts = [
            [[o.tp for o in row], [o.fp for o in row], [o.fn for o in row]] for row in overlaps
        ]
        shape = (len(ground.scenes), 3, len(ground.classes))
        return np.array(counts, np.float64).reshape(shape)

    def truth(self, scene: str, name: str) -> float:
        """True area of a class on a scene, in square map units."""
        found = self.scenes[scene].get(name, _NOTHING)
        return found.tp + found.fn


@dataclass(frozen=True)
class Ground:
    """Scenes and classes on which runs can be compared.

    Attributes:
        scenes: Ids of the scenes that all runs were scored on, against one truth.
        classes: Names of the classes that all runs have.
        unlike: Scenes of the same ids whose truth is another in some run.
    """

    scenes: tuple[str, ...]
    classes: tuple[str, ...]
    unlike: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing can be compared on it."""
        return not (self.scenes and self.classes)


def own_ground(run: Scored) -> Ground:
    """All that a run was scored on."""
    return Ground(tuple(sorted(run.scenes)), run.classes)


def common_ground(runs: Sequence[Scored]) -> Ground:
    """What one run or more have in common, classes in the order of the first."""
    first, *others = runs
    classes = tuple(name for name in first.classes if all(name in run.classes for run in others))
    shared = sorted(set(first.scenes).intersection(*(run.scenes for run in others)))
    unlike = {
        scene
        for scene in shared
        for name in classes
        if not _same([run.truth(scene, name) for run in runs])
    }
    same = tuple(scene for scene in shared if scene not in unlike)
    return Ground(same, classes, tuple(sorted(unlike)))


def _same(areas: Sequence[float]) -> bool:
    return max(areas) - min(areas) <= _SAME * max(areas)
