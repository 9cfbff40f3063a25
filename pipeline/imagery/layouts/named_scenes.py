"""Scenes whose files are found by the patterns of their names."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.config.dataset import Dataset
from pipeline.config.labels import MaskLabels, VectorLabels
from pipeline.errors import DatasetError
from pipeline.imagery.faults import Faults
from pipeline.imagery.layouts.claims import claim
from pipeline.imagery.layouts.found_scene import FoundScene
from pipeline.imagery.layouts.groups import group_files, missing, patterns_of
from pipeline.imagery.layouts.patterns import Match, is_pattern
from pipeline.imagery.rasters.group_files import GroupFiles, WebTile

Claimed = Mapping[str, Mapping[str, Match]]


def named_scenes(dataset: Dataset, absences: Faults) -> tuple[FoundScene, ...]:
    """Scenes of a dataset of files, in no order; labels that are one file each are theirs.

    Args:
        dataset: Its configuration.
        absences: Takes messages of files that single scenes lack.

    Raises:
        DatasetError: If there is no image, or a file's name gives no id.
    """
    images = [pattern for group in dataset.groups for pattern in patterns_of(group)]
    labels = label_pattern(dataset)
    if labels in images:
        raise DatasetError(
            f"dataset.labels.file: {labels!r} names the images of dataset.groups; name the labels"
        )
    taken = set()
    if isinstance(dataset.labels, MaskLabels | VectorLabels) and labels is None:
        taken.add(dataset.folder / dataset.labels.file)
    patterns = [labels, *images] if labels else images
    claimed = claim(dataset.folder, patterns, taken)
    found = {name: match.tile for pattern in images for name, match in claimed[pattern].items()}
    if not found:
        raise DatasetError(
            f"{dataset.folder}: holds no image named as in dataset.groups "
            f"({', '.join(group.file for group in dataset.groups)}); put the scenes there, or name "
            "their folder with DATA=..."
        )
    scenes = []
    for name, tile in found.items():
        files = _files(dataset, claimed, name, tile, absences)
        absent = tuple(group.name for group in dataset.groups if group.name not in files)
        own = claimed[labels].get(name) if labels else None
        scenes.append(FoundScene(name, files, own.path if own else None, tile, None, absent))
    return tuple(scenes)


def label_pattern(dataset: Dataset) -> str | None:
    """Pattern of the scenes' own files of labels, if each has its own."""
    if isinstance(dataset.labels, MaskLabels | VectorLabels) and is_pattern(dataset.labels.file):
        return dataset.labels.file
    return None


def _files(
    dataset: Dataset, claimed: Claimed, name: str, tile: WebTile | None, absences: Faults
) -> dict[str, GroupFiles]:
    """Files of the groups that a scene has."""
    files = {}
    for group in dataset.groups:
        patterns = patterns_of(group)
        own = {part: claimed[part][name] for part in patterns if name in claimed[part]}
        if len(own) == len(patterns):
            paths = [own[part].path for part in patterns]
            files[group.name] = group_files(
                dataset.folder, group, paths, patterns != (group.file,), tile
            )
        else:
            absences.add(missing(dataset.folder, group, name, tile, own))
    return files
