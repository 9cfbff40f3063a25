"""Results on disk that are either whole and true or not there at all.

A stage's folder holds *items* (one scene, one fold ...), each a folder with its files and an
``item.json`` that records the key it was made from and the hash of every file. An item is built
in a temporary folder, flushed, and renamed into place, so a reader sees all of it or none. The
stage's ``manifest.json`` comes last and lists the items.

An item is made again only if its key (inputs by content, configuration, code) has changed or a
file of it is not what was recorded.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pipeline.errors import ArtifactError
from pipeline.files import (
    FileRecord,
    digest_of,
    flush,
    flush_folder,
    hash_file,
    is_safe_name,
    read_json,
    write_json,
)

RECORD = "item.json"
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Item:
    """One finished result: a scene's tiles, a fold's weights ...

    ``digest`` is the hash of all its files: what a later stage puts in its own keys.
    """

    name: str
    folder: Path
    key: str
    files: Mapping[str, FileRecord]

    @property
    def digest(self) -> str:
        """SHA-256 over the names and contents of the files."""
        return digest_of({name: record.sha256 for name, record in self.files.items()})

    def path(self, name: str) -> Path:
        """Path of one of the files.

        Raises:
            ArtifactError: If the item has no such file.
        """
        if name not in self.files:
            raise ArtifactError(f"{self.folder}: has no file {name}; run its stage again")
        return self.folder / name


def load_item(folder: Path) -> Item | None:
    """The item in a folder, or None if there is none that is whole."""
    try:
        record = json.loads((folder / RECORD).read_text())
        files = {name: FileRecord(**entry) for name, entry in record["files"].items()}
        item = Item(record["name"], folder, record["key"], files)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    if all(file.matches(folder / name) for name, file in files.items()):
        return item
    return None


def build_item(folder: Path, key: str, build: Callable[[Path], None]) -> Item:
    """Build an item beside its place and rename it into place when it is whole."""
    temporary = folder.with_name(f".tmp-{folder.name}")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        build(temporary)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    paths = sorted(path for path in temporary.rglob("*") if path.is_file())
    for path in paths:
        flush(path)
    files = {path.relative_to(temporary).as_posix(): FileRecord.of(path) for path in paths}
    records = {name: vars(record) for name, record in files.items()}
    write_json(temporary / RECORD, {"name": folder.name, "key": key, "files": records})
    _swap(temporary, folder)
    return Item(folder.name, folder, key, files)


def _swap(temporary: Path, folder: Path) -> None:
    """Put a finished folder in the place of an older one."""
    trash = folder.with_name(f".tmp-{folder.name}-old")
    shutil.rmtree(trash, ignore_errors=True)
    if folder.exists():
        folder.rename(trash)
    temporary.rename(folder)
    flush_folder(folder.parent)
    shutil.rmtree(trash, ignore_errors=True)


@dataclass
class StageFolder:
    """The folder of one stage in one run, open for work.

    Use as a context manager: it locks the folder against a second process, clears what a killed
    process left, and on a normal end writes the manifest.
    """

    folder: Path
    stage: str
    code: str
    items: dict[str, Item] = field(default_factory=dict)
    built: list[str] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)
    _started: float = field(default_factory=time.monotonic)
    _lock: int = -1

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(self.folder / ".lock", os.O_CREAT | os.O_RDWR, 0o644)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise ArtifactError(
                f"{self.folder}: another process is running this stage; wait for it or stop it"
            ) from None
        for left_over in self.folder.glob(".tmp-*"):
            shutil.rmtree(left_over, ignore_errors=True)
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
            os.close(self._lock)

    def item(self, name: str, inputs: Mapping[str, Any], build: Callable[[Path], None]) -> Item:
        """The item of this name, built only if it is not there or no longer true.

        Args:
            name: Folder name of the item.
            inputs: All that the result depends on, as JSON: content hashes, configuration, seed.
                The code's own version is added.
            build: Writes the item's files into the empty folder that it is given.
        """
        if not is_safe_name(name):
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

    def _finish(self) -> None:
        """Drop items that no longer belong, then write the manifest, or touch it if all is true."""
        for folder in self.folder.iterdir():
            if folder.is_dir() and folder.name not in self.items and folder.name != ".work":
                shutil.rmtree(folder)
        entries = {
            name: {"key": item.key, "digest": item.digest} for name, item in self.items.items()
        }
        manifest = {"stage": self.stage, "code": self.code, "items": entries}
        path = self.folder / MANIFEST
        old = json.loads(path.read_text()) if _is_json(path) else {}
        if all(old.get(key) == value for key, value in manifest.items()):
            os.utime(path)
            return
        seconds = round(time.monotonic() - self._started, 1)
        write_json(path, {**manifest, "summary": self.summary, "seconds": seconds})


def _is_json(path: Path) -> bool:
    try:
        return isinstance(json.loads(path.read_text()), dict)
    except (OSError, ValueError):
        return False


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


def publish(item: Item, name: str, path: Path) -> None:
    """Keep a copy of an item's file at a path that others rely on.

    Nothing is written if the copy is there and unaltered; it changes in one step.
    """
    if path.is_file() and hash_file(path) == item.files[name].sha256:
        return
    temporary = path.with_name(f".tmp-{path.name}")
    shutil.copyfile(item.path(name), temporary)
    flush(temporary)
    temporary.replace(path)
    flush_folder(path.parent)
