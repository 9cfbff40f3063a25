"""The scenes of a dataset of files, by the patterns of their names or by a table."""

from __future__ import annotations

from dataclasses import replace

from pipeline.config.dataset import Dataset
from pipeline.config.labels import MaskLabels
from pipeline.errors import DatasetError
from pipeline.imagery.faults import Faults
from pipeline.imagery.layouts.claims import check_ids, claim, shown
from pipeline.imagery.layouts.found_scene import FoundScene
from pipeline.imagery.layouts.named_scenes import label_pattern, named_scenes
from pipeline.imagery.layouts.scene_table import has_column, listed_scenes


def find_scenes(dataset: Dataset, allow_absent: bool = False) -> tuple[FoundScene, ...]:
    """All scenes of a dataset of files, sorted by id; files are found, not opened.

    Args:
        dataset: Its configuration.
        allow_absent: Whether scenes may lack files, as ``FoundScene.absent`` then tells; else that
            is an error, but for scenes that the table calls unused.

    Raises:
        DatasetError: Naming all that is missing or doesn't fit together.
    """
    absences, faults = Faults(), Faults()
    if dataset.scenes is None:
        scenes = named_scenes(dataset, absences)
    else:
        table = dataset.folder / dataset.scenes
        scenes = listed_scenes(dataset, table, absences)
        if not has_column(table, "labels"):
            scenes = _with_named_labels(dataset, scenes)
    if not allow_absent:
        faults.messages.extend(absences.messages)
    check_ids({scene.id: _place(scene) for scene in scenes}, faults)
    with faults.gather():
        scenes = _checked_labels(dataset, scenes)
    faults.report(DatasetError)
    return tuple(sorted(scenes, key=lambda scene: scene.id))


def _with_named_labels(dataset: Dataset, scenes: tuple[FoundScene, ...]) -> tuple[FoundScene, ...]:
    """Scenes of a table without labels, with the files that ``dataset.labels`` names."""
    pattern = label_pattern(dataset)
    if pattern is None:
        return scenes
    images = {path for scene in scenes for files in scene.files.values() for path in files.paths}
    found = claim(dataset.folder, [pattern], images)[pattern]
    return tuple(
        replace(scene, labels=found[scene.id].path) if scene.id in found else scene
        for scene in scenes
    )


def _checked_labels(dataset: Dataset, scenes: tuple[FoundScene, ...]) -> tuple[FoundScene, ...]:
    """Scenes with labels, if those that the configuration names are there at all."""
    if isinstance(dataset.labels, MaskLabels) and label_pattern(dataset) is None:
        return _one_mask(dataset, dataset.labels, scenes)
    pattern = label_pattern(dataset)
    if pattern is not None and not any(scene.labels for scene in scenes):
        raise DatasetError(
            f"{dataset.folder / pattern}: no scene has such a file of labels (the first scene is "
            f"{scenes[0].id}); correct dataset.labels, or set it to null to predict only"
        )
    return scenes


def _one_mask(
    dataset: Dataset, labels: MaskLabels, scenes: tuple[FoundScene, ...]
) -> tuple[FoundScene, ...]:
    """Scenes whose mask has a name of its own: there can be but one such scene."""
    if any(scene.labels for scene in scenes):
        return scenes
    path = dataset.folder / labels.file
    if len(scenes) > 1:
        raise DatasetError(
            f"{path}: one mask can't be that of {len(scenes)} scenes; put {{id}} in the scene's "
            "place in dataset.labels.file"
        )
    if not path.is_file():
        raise DatasetError(
            f"{path}: no such file of labels; put it there, correct dataset.labels, or set it to "
            "null to predict only"
        )
    return (replace(scenes[0], labels=path),)


def _place(scene: FoundScene) -> str:
    """Where a scene was found, for messages."""
    paths = [path for files in scene.files.values() for path in files.paths]
    return shown(paths[0]) if paths else scene.id
