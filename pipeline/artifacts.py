"""Results on disk that are either whole and true or not there at all.

A stage's folder holds *items* (one scene, one fold ...), each a folder with its files and an
``item.json`` that records the key it was made from and the hash of every file. An item is built
in a temporary folder, flushed, and renamed into place, so a reader sees all of it or none. The
stage's ``manifest.json`` comes last and lists the items.

An item is made again only if its key (inputs by content, configuration, code) has changed or a
file of it is not what was recorded.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pipeline.errors import ArtifactError
from pipeline.files import (
    LONGEST_ITEM,
    TEMPORARY,
    digest_of,
    is_safe_name,
    read_json,
    replace_if_different,
    write_json,
)
from pipeline.items import (
    Item,
    build_item,
    copies_are_whole,
    load_item,
    publish,
    read_object,
    withdraw,
)
from pipeline.locks import lock
from pipeline.machine import this_machine

__all__ = [
    "MADE_FROM",
    "MANIFEST",
    "Item",
    "StageFolder",
    "build_item",
    "load_item",
    "load_stage",
    "publish",
    "withdraw",
]

MANIFEST = "manifest.json"
MADE_FROM = "made-from.json"


@dataclass
class StageFolder:
    """The folder of one stage in one run, open for work.

    Use as a context manager: it locks the folder against a second process, clears what a killed
    process left, and on a normal end writes the manifest.

    Attributes:
        since: When its inputs were read, in ns; when work began, if not given. It becomes the
            manifest's time: an input that changes during the work is newer, and Make sees that.
        made_from: Tells when work begins what the stage is made from, as JSON; kept beside the
            manifest for :mod:`pipeline.stages.reasons`.
    """

    folder: Path
    stage: str
    code: str
    items: dict[str, Item] = field(default_factory=dict)
    built: list[str] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)
    since: int = 0
    made_from: Callable[[], Mapping[str, Any]] = dict
    _ground: Mapping[str, Any] = field(default_factory=dict)
    _started: float = field(default_factory=time.monotonic)
    _handle: int = -1

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._handle = lock(self.folder)
        self.since = self.since or time.time_ns()
        self._clear()
        self._ground = self.made_from()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            os.close(self._handle)

    def item(self, name: str, inputs: Mapping[str, Any], build: Callable[[Path], None]) -> Item:
        """The item of this name, built only if it is not there or no longer true.

        Args:
            name: Folder name of the item.
            inputs: All that the result depends on, as JSON: content hashes, configuration, seed.
                The code's own version is added.
            build: Writes the item's files into the empty folder that it is given.
        """
        if not is_safe_name(name, LONGEST_ITEM):
            raise ArtifactError(f"{name!r} can't be the name of a folder")
        key = self.key(inputs)
        item = load_item(self.folder / name)
        if item is None or item.key != key:
            item = build_item(self.folder / name, key, build)
            self.built.append(name)
        self.items[name] = item
        return item

    def key(self, inputs: Mapping[str, Any]) -> str:
        """Key of an item made from these inputs by this code."""
        return digest_of({"inputs": dict(inputs), "code": self.code})

    def workspace(self, name: str, inputs: Mapping[str, Any]) -> Path:
        """Folder that outlives a killed process, for checkpoints of an unfinished item.

        It belongs to one key: a workspace of other inputs is removed. Remove it with
        :meth:`close_workspace` when the item is built.
        """
        folder = self.folder / ".work" / f"{name}-{self.key(inputs)[:16]}"
        for stale in (self.folder / ".work").glob(f"{name}-*"):
            if stale != folder:
                shutil.rmtree(stale, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def close_workspace(self, folder: Path) -> None:
        """Remove a workspace whose item is finished."""
        shutil.rmtree(folder, ignore_errors=True)

    def _clear(self) -> None:
        """Remove what a killed process left: half-made files, and workspaces of finished items."""
        for pattern in (f"{TEMPORARY}*", ".*.tmp-*"):
            for left_over in self.folder.glob(pattern):
                if left_over.is_dir():
                    shutil.rmtree(left_over, ignore_errors=True)
                else:
                    left_over.unlink(missing_ok=True)
        for folder in (self.folder / ".work").glob("*-*"):
            name, _, key = folder.name.rpartition("-")
            item = load_item(self.folder / name)
            if item is not None and item.key.startswith(key):
                self.close_workspace(folder)

    def _finish(self) -> None:
        """Drop items that no longer belong, then write the manifest if it says something new.

        When, where and in what time they were made is news only with the items.
        """
        for folder in self.folder.iterdir():
            if folder.is_dir() and folder.name not in self.items and folder.name != ".work":
                shutil.rmtree(folder)
        entries = {
            name: {"key": item.key, "digest": item.digest} for name, item in self.items.items()
        }
        manifest = {"stage": self.stage, "code": self.code, "items": entries}
        path = self.folder / MANIFEST
        old = read_object(path)
        if any(old.get(key) != value for key, value in manifest.items()):
            # One who is killed here leaves no record, and not that of other items.
            (self.folder / MADE_FROM).unlink(missing_ok=True)
            circumstances = {
                "summary": self.summary,
                "built": len(self.built),
                "seconds": round(time.monotonic() - self._started, 1),
                "made_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "machine": this_machine(),
            }
            write_json(path, {**manifest, **circumstances}, self.since)
            self._keep_ground()
        else:
            self._keep_ground()
            os.utime(path, ns=(self.since, self.since))

    def _keep_ground(self) -> None:
        """Keep what the stage was made from."""
        if self._ground:
            replace_if_different(self.folder / MADE_FROM, self._ground)


def load_stage(folder: Path) -> dict[str, Item]:
    """The items of a finished stage, each checked to be whole.

    Raises:
        ArtifactError: If the stage has not finished, or an item was damaged since.
    """
    manifest = read_json(folder / MANIFEST)
    items = {}
    for name, entry in manifest["items"].items():
        item = load_item(folder / name)
        if item is None or item.key != entry["key"]:
            raise ArtifactError(f"{folder / name}: damaged or removed; run `{folder.name}` again")
        items[name] = item
    return items


def is_whole(folder: Path) -> bool:
    """Whether a finished stage's items and published copies are what its manifest was written for.

    Bytes are read only where a file's time has changed.
    """
    try:
        items = load_stage(folder)
    except (ArtifactError, AttributeError, KeyError, TypeError):
        return False
    return copies_are_whole(folder, items)


def discard_damaged(folder: Path) -> bool:
    """Remove the manifest of a stage that is not whole, so that Make runs the stage again.

    A stage that a process is working on is left alone: it will write its manifest itself.

    Returns:
        True if the manifest was removed.
    """
    manifest = folder / MANIFEST
    if not manifest.exists() or is_whole(folder):
        return False
    try:
        handle = lock(folder)
    except ArtifactError:
        return False
    try:
        damaged = not is_whole(folder)  # it may have been written just now
        if damaged:
            manifest.unlink(missing_ok=True)
    finally:
        os.close(handle)
    return damaged
