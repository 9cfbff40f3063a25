"""Pictures of a training's held-out patches: drawn at validations, kept until it has ended."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, Self

from PIL import Image
from torch import nn

from pipeline.config.dataset import ClassRow
from pipeline.files import write_bytes
from pipeline.imagery.tiles import TiledScene
from pipeline.learning.device import Compute
from pipeline.learning.folds import place_of
from pipeline.learning.held_out_patches import HeldOutPatches, rich_windows
from pipeline.learning.training_log import LogPicture
from pipeline.reporting.patch_images import NOTE, PANEL, draw_colours, draw_panels, shades
from pipeline.reporting.picture import Picture, colour_picture
from pipeline.reporting.report.patch_photo import photographs
from pipeline.reporting.viewer.palette import viewer_classes
from pipeline.stages.fold import Ground, Training
from pipeline.stages.job import Job

_PATCHES: Final = 3
_LOOKS: Final = 10
"""Validations whose patches are drawn, at most: TensorBoard keeps so many pictures of a tag."""


@dataclass(frozen=True)
class PatchLog:
    """Pictures of held-out patches over a training.

    A training that was killed finds what it has drawn, and what it draws again is the same.

    Attributes:
        patches: What is looked at; none where nothing is held out.
        classes: The model's classes.
        folder: Where pictures are kept.
        validations: How many there will be.
    """

    patches: HeldOutPatches
    classes: tuple[ClassRow, ...]
    folder: Path
    validations: int

    @classmethod
    def of(
        cls, job: Job, ground: Ground, training: Training, compute: Compute, workspace: Path
    ) -> Self:
        """Of a training, by the scenes that it holds out."""
        patch = ground.row.augment.patch
        places = {
            scene: place_of(scene, ground.row.augment.same_place)
            for scene in ground.held_out(training.fold)
        }
        spots = rich_windows(ground.plan, places, patch, _PATCHES)
        patches = HeldOutPatches(spots, ground.scenes, ground.places, ground.recipe, compute)
        classes = tuple(job.config.dataset.classes[place] for place in ground.places)
        return cls(patches, classes, workspace / "patches", ground.row.train.validations)

    def draw(self, network: nn.Module, step: int, validation: int) -> list[LogPicture]:
        """Draw what a network makes of the patches, and keep it; of many validations not at each.

        Args:
            network: The network that is validated; it is left as it was.
            step: Steps done.
            validation: Which one it is, from 1 on.
        """
        if not self.patches.spots or not self._is_drawn(validation):
            return []
        for number, seen in enumerate(self.patches.look(network)):
            photo = self._photos[number]
            data = draw_panels(photo, seen.truth, seen.probability, seen.valid, self._colours)
            write_bytes(self._file(step, number), data)
        return [self._legend, *self._kept(step)]

    def history(self, steps: Iterable[int]) -> dict[int, list[LogPicture]]:
        """All pictures that were kept, by step; what the colours mean at the first only."""
        pictures = {step: found for step in steps if (found := self._kept(step))}
        for found in list(pictures.values())[:1]:
            found.insert(0, self._legend)
        return pictures

    def _kept(self, step: int) -> list[LogPicture]:
        found = []
        for number, (name, window) in enumerate(self.patches.shown):
            file = self._file(step, number)
            if file.exists():
                tag = f"patches/{number + 1}: {name}, column {window.col}, row {window.row}"
                found.append(_picture(tag, file.read_bytes(), NOTE))
        return found

    def _is_drawn(self, validation: int) -> bool:
        before, now = ((n * _LOOKS) // self.validations for n in (validation - 1, validation))
        return now > before

    def _file(self, step: int, number: int) -> Path:
        return self.folder / f"{step:09d}-{number}.jpg"

    @cached_property
    def _colours(self) -> list[str]:
        return shades([row.colour for row in viewer_classes(self.classes)])

    @cached_property
    def _legend(self) -> LogPicture:
        names = [row.name for row in self.classes]
        return _picture("patches/colours", draw_colours(names, self._colours))

    @cached_property
    def _photos(self) -> list[Picture]:
        """The patches as people see them."""
        scenes = self.patches.scenes
        return [
            photo
            for name, window in self.patches.shown
            for photo in photographs(scenes[name], [window], PANEL, _camera)
        ]


def _camera(scene: TiledScene, _: int) -> Picture:
    return colour_picture(scene)


def _picture(tag: str, data: bytes, note: str = "") -> LogPicture:
    with Image.open(io.BytesIO(data)) as image:
        return LogPicture(tag, data, image.size, note)
