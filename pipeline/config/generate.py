"""The section ``generate``: scenes that the pipeline makes itself."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from pipeline.config.base import Section, Seed


class Generate(Section):
    """Generated scenes to be written into the dataset's folder: only the demo has this section."""

    train_places: Annotated[int, Field(ge=2, le=500)] = 10
    test_places: Annotated[int, Field(ge=1, le=500)] = 4
    twins: Annotated[int, Field(ge=0, le=500)] = 2
    """Training places that are seen at a second date, too."""
    smallest: Annotated[int, Field(ge=40, le=5000)] = 220
    """Shortest side of a scene, metres."""
    largest: Annotated[int, Field(ge=40, le=5000)] = 320
    """Longest side of a scene, metres."""
    seed: Seed = 7

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.smallest > self.largest:
            raise ValueError(f"smallest {self.smallest} exceeds largest {self.largest}; swap them")
        if self.twins > self.train_places:
            raise ValueError(
                f"twins {self.twins} exceeds train_places {self.train_places}; "
                f"set twins to at most {self.train_places}"
            )
        return self

    def twin_regions(self) -> tuple[tuple[str, str], ...]:
        """Regions of first dates with those of their twins, as the generator numbers them.

        The rule is that of ``pipeline.imagery.generated.scene_ids``, which a test holds: 25 places
        per region, regions of first dates in threes from 1010 on, each twin's 30 higher.
        """
        first = [1010 + 60 * (i // 3) + 10 * (i % 3) for i in range(-(-self.twins // 25))]
        return tuple((str(region), str(region + 30)) for region in first)
