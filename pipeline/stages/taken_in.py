"""What was found of a dataset's scenes: those that are used, those that are not, and faults."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline.imagery.faults import Faults
from pipeline.imagery.intake import Intake


@dataclass
class TakenIn:
    """Scenes of a dataset.

    Attributes:
        intakes: The scenes that are used.
        unused: Why each of the others is not, by its id.
        faults: What is wrong with scenes that can't be used, by their ids.
        notes: What a person should know of the dataset as a whole.
    """

    intakes: list[Intake] = field(default_factory=list)
    unused: dict[str, list[str]] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    notes: list[str] = field(default_factory=list)
