"""How far the predictions of two runs lie apart on a scene."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shapely import MultiPolygon

from pipeline.imagery.outlines import made_valid
from pipeline.imagery.polygon_text import Polygonal
from pipeline.mapping.jaccard import Overlap
from pipeline.mapping.scores.overlap import overlap_of

Named = Mapping[str, Polygonal]
"""Polygons of a scene by name of a class, in map units."""


@dataclass(frozen=True)
class Apart:
    """What two runs say differently of a scene.

    Attributes:
        run: Name of the run that is compared with the first.
        scene: Id of the scene.
        classes: By name of a class what both runs have (tp), only the other has (fp), and only the
            first has (fn), in square map units.
    """

    run: str
    scene: str
    classes: Mapping[str, Overlap]

    @property
    def share(self) -> float:
        """Of the ground that one or both have, what only one has; classes summed, from 0 to 1."""
        whole = sum(self.classes.values(), Overlap())
        return 0.0 if whole.jaccard is None else 1 - whole.jaccard

    @property
    def most(self) -> str | None:
        """The class on which they differ by the largest area; None if they don't differ."""
        areas = {name: found.fp + found.fn for name, found in self.classes.items()}
        name = max(areas, key=lambda name: areas[name], default=None)
        return name if name is not None and areas[name] > 0 else None


def apart(run: str, scene: str, first: Named, other: Named, classes: Sequence[str]) -> Apart:
    """Compare two predictions of a scene.

    Args:
        run: Name of the other run.
        scene: Id of the scene.
        first: Polygons of the first run.
        other: Of the other run.
        classes: Names of the classes that both know.
    """
    nothing = MultiPolygon()
    return Apart(
        run,
        scene,
        {
            name: overlap_of(
                made_valid(other.get(name, nothing)), made_valid(first.get(name, nothing))
            )
            for name in classes
        },
    )


def ranked(found: Sequence[Apart]) -> list[str]:
    """Scenes on which some run differs from the first, those on which one differs most first."""
    shares: dict[str, float] = {}
    for row in found:
        shares[row.scene] = max(shares.get(row.scene, 0.0), row.share)
    known = [scene for scene, share in shares.items() if share > 0]
    return sorted(known, key=lambda scene: (-shares[scene], scene))
