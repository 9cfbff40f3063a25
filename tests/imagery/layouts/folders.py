"""Folders of empty files, and configurations of datasets of files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.config.dataset import Dataset


def folder_of(path: Path, *files: str) -> Path:
    """Make empty files; they are found, not opened."""
    for file in files:
        (path / file).parent.mkdir(parents=True, exist_ok=True)
        (path / file).touch()
    return path


def dataset(folder: Path, groups: Mapping[str, Any], **further: Any) -> Dataset:
    """A dataset of files with one class.

    Args:
        folder: Its folder.
        groups: By name the pattern of a group of one band, or more of the group's keys.
        further: More keys of the dataset; ``labels`` may be the pattern of masks.
    """
    labels = further.pop("labels", None)
    if isinstance(labels, str):
        labels = {"kind": "mask", "file": labels, "values": {1: 1}}
    rows = [
        {"name": name, "metres": 1, "bands": ["b"]}
        | ({"file": told} if isinstance(told, str) else told)
        for name, told in groups.items()
    ]
    return Dataset.model_validate(
        {
            "layout": "files",
            "folder": folder,
            "classes": [{"code": 1, "name": "thing"}],
            "groups": rows,
            "labels": labels,
            **further,
        }
    )
