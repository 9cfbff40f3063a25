"""The section ``report``: what the report of a run shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import Field, model_validator

from pipeline.config.base import Positive, Section
from pipeline.config.dataset import BandGroupRow


class Composite(Section):
    """A picture of a scene: three bands as red, green and blue, or one as grey."""

    name: Annotated[str, Field(min_length=1, max_length=40)]
    bands: Annotated[tuple[str, ...], Field(min_length=1, max_length=3)]
    """Bands as ``group.band``; three, or one."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(self.bands) == 2:
            raise ValueError(f"bands: {list(self.bands)} are two; name three, or one for grey")
        return self


class Report(Section):
    """What the report shows; no other result depends on it."""

    scenes: Positive = 40
    """Most scenes in the viewer."""
    megabytes: Annotated[float, Field(ge=0.5, le=500)] = 14.0
    """What the file may take: pictures get smaller, and at last scenes are left out, to keep it."""
    side: Annotated[int, Field(ge=128, le=8192)] = 1024
    """Pixels of the longer side of a scene's picture."""
    pictures: Annotated[tuple[Composite, ...], Field(min_length=1, max_length=8)] | None = None
    """Pictures of each scene; null: true and false colour, as far as the bands' names tell."""
    patches: Annotated[int, Field(ge=0, le=20)] = 4
    """Best and worst patches of each class, so many of each."""
    against: tuple[str, ...] | None = None
    """Runs whose scores stand beside this one's; null: the newest five of the same scenes."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        names = [row.name for row in self.pictures or ()]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"pictures: the name {', '.join(twice)} stands there twice")
        return self


def check_pictures(report: Report, groups: Sequence[BandGroupRow]) -> None:
    """Check that scenes have the bands of every picture.

    Args:
        report: The section.
        groups: Groups that models use; others are not kept with the scenes.

    Raises:
        ValueError: Naming the band and those that are known.
    """
    known = [f"{group.name}.{band}" for group in groups for band in group.bands]
    for number, picture in enumerate(report.pictures or ()):
        for text in picture.bands:
            if text not in known:
                raise ValueError(
                    f"report.pictures.{number}.bands: {text!r} is no band of a group that models "
                    f"use; choose from {', '.join(known)}"
                )
