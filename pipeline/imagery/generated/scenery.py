"""What a parcel contributes to a place: objects, parking spots, and where trees would stand."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline.imagery.generated.objects import GroundObject, Spot


@dataclass(frozen=True, slots=True)
class TreeSite:
    """A tree: centre and crown radius in metres; a shrub is a low one that no class names."""

    x: float
    y: float
    radius: float
    shrub: bool = False


@dataclass(slots=True)
class Scenery:
    """A growing heap of things; order within it does not matter, layers do."""

    objects: list[GroundObject] = field(default_factory=list)
    spots: list[Spot] = field(default_factory=list)
    trees: list[TreeSite] = field(default_factory=list)

    def extend(self, other: Scenery) -> None:
        """Take over all that another heap holds."""
        self.objects += other.objects
        self.spots += other.spots
        self.trees += other.trees
