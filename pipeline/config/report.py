"""The section ``report``: what the report of a run shows."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pipeline.config.base import Positive, Section


class Composite(Section):
    """A picture of a scene: three bands as red, green and blue, or one as grey."""

    name: Annotated[str, Field(min_length=1, max_length=40)]
    bands: Annotated[tuple[str, ...], Field(min_length=1, max_length=3)]
    """Bands as ``group.band``; three, or one."""


class Report(Section):
    """What the report shows; no other result depends on it."""

    scenes: Positive = 40
    """Most scenes in the viewer."""
    megabytes: Annotated[float, Field(ge=0.5, le=500)] = 14.0
    """What the file may take: pictures get smaller, and at last scenes are left out, to keep it."""
    side: Annotated[int, Field(ge=128, le=8192)] = 1024
    """Pixels of the longer side of a scene's picture."""
    pictures: tuple[Composite, ...] | None = None
    """Pictures of each scene; null: true and false colour, as far as the bands' names tell."""
    patches: Annotated[int, Field(ge=0, le=20)] = 4
    """Best and worst patches of each class, so many of each."""
    against: tuple[str, ...] | None = None
    """Runs whose scores stand beside this one's; null: the newest five of the same scenes."""
